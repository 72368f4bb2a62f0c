//! Sensitive fields of clients: kept encrypted beside the record, so that no view, list, search, export or prompt has them; read
//! and written here alone, and whoever reads them is noted before they are told.

use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::leads;
use crate::{Listing, Page, business_config};
use domain::contact::Contact;
use domain::{ContactId, Invalid, Role};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use store::{SealedField, SensitiveRead, Stored, Transaction};
use utoipa::ToSchema;

/// How many fields one request writes, of a hundred items that its step may have.
const AT_A_TIME: usize = 50;

/// A sensitive field of a client.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SensitiveField {
    /// Its name, as the configuration defines it.
    pub name: String,
    /// What it holds.
    pub value: Value,
    /// Who wrote it.
    pub written_by: String,
    /// When.
    #[schema(value_type = String)]
    pub written_at: Timestamp,
}

/// That a client has a value in a sensitive field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SensitiveFieldNote {
    /// The field's name.
    pub name: String,
    /// Who wrote it.
    pub written_by: String,
    /// When.
    #[schema(value_type = String)]
    pub written_at: Timestamp,
}

/// That somebody read sensitive fields.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SensitiveReadView {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The fields' names.
    pub fields: Vec<String>,
}

/// The sensitive fields of a client that have a value, by name. That they were read is stored first.
pub async fn read(ctx: &Context, id: ContactId) -> Result<Vec<SensitiveField>> {
    ctx.require(Role::Member)?;
    let (contact, sealed) = tokio::try_join!(leads::find(ctx, id), async {
        Ok(ctx.store().sealed_fields(&ctx.tenant, id).await?)
    })?;
    let mut fields = Vec::new();
    for field in &sealed {
        fields.push(SensitiveField {
            name: field.name.clone(),
            value: open(ctx, &field.name, &field.sealed).await?,
            written_by: field.written_by.clone(),
            written_at: field.written_at,
        });
    }
    let mut step = ctx.step();
    note_read(ctx, &mut step, contact.id, sealed.iter().map(|field| field.name.clone()).collect())?;
    ctx.store().commit(step).await?;
    Ok(fields)
}

/// Writes the named fields; null takes a value away. Answers which fields have a value since, without the values.
pub async fn update(
    ctx: &Context,
    id: ContactId,
    patch: &Map<String, Value>,
) -> Result<Vec<SensitiveFieldNote>> {
    ctx.require(Role::Member)?;
    if patch.len() > AT_A_TIME {
        return Err(Invalid::new(format!("must be at most {AT_A_TIME} fields at a time")).into());
    }
    retrying!(
        async {
            let (contact, settings, old) =
                tokio::try_join!(leads::find(ctx, id), business_config::get(ctx), async {
                    Ok(ctx.store().sealed_fields(&ctx.tenant, id).await?)
                })?;
            for (name, value) in patch.iter().filter(|(_, value)| !value.is_null()) {
                let checked = settings.config.check_sensitive(name, value);
                checked.map_err(|e| e.within(&format!("/{name}")))?;
            }
            let (now, mut step) = (ctx.now(), ctx.step());
            let mut left: Vec<SealedField> = Vec::new();
            for field in old.iter().filter(|field| !patch.contains_key(&field.name)) {
                left.push(field.value.clone());
            }
            for (name, value) in patch {
                let was = old.iter().find(|field| field.name == *name);
                match (was, value) {
                    (Some(was), Value::Null) => step.delete(was),
                    (None, Value::Null) => {}
                    (was, value) => {
                        let new = SealedField {
                            contact: id,
                            name: name.clone(),
                            id: was.map_or_else(|| ctx.platform.ids.ulid(now), |was| was.id),
                            sealed: seal(ctx, name, value).await?,
                            written_by: ctx.actor.name(),
                            written_at: now,
                            is_aside: false,
                        };
                        step.save(was, &new)?;
                        left.push(new);
                    }
                }
            }
            clear_plain(ctx, &mut step, &contact, patch)?;
            let names: Vec<&String> = patch.keys().collect();
            ctx.audited(
                &mut step,
                "lead.sensitive_written",
                id,
                None,
                Some(&serde_json::json!({"fields": names})),
            )?;
            ctx.store().commit(step).await?;
            left.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(left.into_iter().map(SensitiveFieldNote::of).collect())
        }
        .await
    )
}

/// Takes a value from the record that was written there before its field was defined. The audit does not repeat it.
fn clear_plain(
    ctx: &Context,
    step: &mut Transaction,
    old: &Stored<Contact>,
    patch: &Map<String, Value>,
) -> Result<()> {
    let mut contact = old.value.clone();
    contact.details.custom_fields.retain(|name, _| !patch.contains_key(name));
    for name in patch.keys() {
        contact.provenance.remove(&format!("custom_fields.{name}"));
    }
    if contact == old.value {
        // The fields are this person's for as long as the record is: it is not deleted or made another's meanwhile.
        step.require(old);
        return Ok(());
    }
    contact.updated_at = ctx.now();
    Ok(step.replace(old, &contact)?)
}

/// Who read sensitive fields of a client, the last one first.
pub async fn reads(ctx: &Context, id: ContactId, page: &Page) -> Result<Listing<SensitiveReadView>> {
    ctx.require(Role::Manager)?;
    leads::find(ctx, id).await?;
    let listing = ctx.store().sensitive_reads(&ctx.tenant, id, page).await?;
    let view = |read: Stored<SensitiveRead>| {
        let SensitiveRead { at, by, fields, .. } = read.value;
        SensitiveReadView { at, by, fields }
    };
    Ok(Listing { items: listing.items.into_iter().map(view).collect(), next: listing.next })
}

/// Makes it part of a step that somebody reads these fields of a client, if there are any.
pub(crate) fn note_read(
    ctx: &Context,
    step: &mut Transaction,
    contact: ContactId,
    fields: Vec<String>,
) -> Result<()> {
    if fields.is_empty() {
        return Ok(());
    }
    let at = ctx.now();
    let read = SensitiveRead { contact, id: ctx.platform.ids.ulid(at), at, by: ctx.actor.name(), fields };
    Ok(step.create(&read)?)
}

async fn seal(ctx: &Context, name: &str, value: &Value) -> Result<String> {
    let json = serde_json::to_vec(value).map_err(|_| Error::Internal("a value is no JSON"))?;
    Ok(ctx.platform.vault.seal(ctx.store(), &ctx.tenant, &place(name), &json).await?)
}

/// What a sensitive field holds.
pub(crate) async fn open(ctx: &Context, name: &str, sealed: &str) -> Result<Value> {
    let json = ctx.platform.vault.open(ctx.store(), &ctx.tenant, &place(name), sealed).await?;
    serde_json::from_slice(&json).map_err(|_| Error::Internal("a sealed value cannot be read"))
}

/// What a value is sealed as. It is not bound to the contact, so that it can go with them into another record.
fn place(name: &str) -> String {
    format!("field#{name}")
}

impl SensitiveFieldNote {
    fn of(field: SealedField) -> Self {
        Self { name: field.name, written_by: field.written_by, written_at: field.written_at }
    }
}
