//! Who wrote each field of a client, from what, and taking back what a model wrote.

use super::{Client, duplicate, find, of_client};
use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::leads::{self, Lead, LeadInput};
use domain::contact::Contact;
use domain::{Author, ContactId, Role};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use store::Stored;
use utoipa::ToSchema;

/// Who wrote each field of a client.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientProvenance {
    /// The client.
    pub client_id: ContactId,
    /// The fields, by the names that a lead has them by; one of the business's own as `custom_fields.<name>`.
    pub fields: BTreeMap<String, FieldProvenance>,
}

/// Where a field's present value comes from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldProvenance {
    /// The value.
    #[schema(value_type = Object)]
    pub value: Value,
    /// Who wrote it.
    pub by: Author,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What it rests on: the sentence that was said, or the call.
    pub evidence: Option<String>,
    /// What stood there before, where a model wrote it.
    #[schema(value_type = Object)]
    pub was: Option<Value>,
    /// Whether it can be reverted: a model wrote it.
    pub can_revert: bool,
}

/// Who wrote each field of a client, and from what.
pub async fn provenance(ctx: &Context, id: ContactId) -> Result<ClientProvenance> {
    ctx.require(Role::Viewer)?;
    let contact = find(ctx, id).await?;
    let values = serde_json::to_value(LeadInput::of(&contact)).unwrap_or_default();
    let fields = contact.provenance.iter().map(|(name, written)| {
        let path = format!("/{}", name.replace('~', "~0").replacen('.', "/", 1));
        let field = FieldProvenance {
            value: values.pointer(&path).or_else(|| values.get(name)).cloned().unwrap_or_default(),
            by: written.by,
            at: written.at,
            evidence: written.evidence.clone(),
            was: written.was.clone(),
            can_revert: written.by == Author::Ai,
        };
        (name.clone(), field)
    });
    Ok(ClientProvenance { client_id: id, fields: fields.collect() })
}

/// Puts back what stood in a field before a model wrote it. No model writes it again.
pub async fn revert(
    ctx: &Context,
    id: ContactId,
    field: &str,
    expected: Option<u64>,
) -> Result<Stored<Client>> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            if !old.provenance.contains_key(field) {
                return Err(Error::NotFound("field"));
            }
            let mut contact: Contact = old.value.clone();
            contact
                .revert(field, ctx.now())
                .map_err(|invalid| Error::Conflict(format!("{field} {invalid}")))?;
            let mut step = ctx.step();
            step.replace(&old, &contact)?;
            ctx.audited(&mut step, "lead.reverted", id, Some(&Lead::of(&old)), Some(&Lead::of(&contact)))?;
            match ctx.store().commit(step).await.map_err(leads::duplicate) {
                Err(Error::Duplicate { field, existing_id, .. }) => {
                    Err(duplicate(ctx, field, existing_id).await?)
                }
                other => other.map_err(of_client),
            }?;
            Ok(Stored { value: Client::of(&contact), version: old.version + 1 })
        }
        .await
    )
}
