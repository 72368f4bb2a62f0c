//! What a person may ask of a business that stores things about them.

use crate::clients::{self, Client};
use crate::context::Context;
use crate::delivery::{self, Delivery};
use crate::error::{Error, Result};
use crate::sensitive;
use bytes::Bytes;
use domain::contact::Contact;
use domain::{ContactId, Role};
use files::{Key, Kind};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use store::{DeletedContact, Entity, SealedField};
use utoipa::ToSchema;

/// All that is stored of one person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Dossier {
    /// When it was put together.
    #[schema(value_type = String)]
    pub exported_at: Timestamp,
    /// The person as the API shows them.
    pub client: Client,
    /// Whether somebody deleted them, so that they can come back.
    pub is_deleted: bool,
    /// Every record that is stored of them, by its kind, as it is stored: the person with who wrote each field, calls with what
    /// was said, conversations with their messages, practices with their documents, and so on.
    #[schema(value_type = BTreeMap<String, Vec<Object>>)]
    pub records: BTreeMap<String, Vec<Value>>,
}

/// All that is stored of one person, as JSON: a [`Dossier`]. The audit notes who asked.
pub async fn export(ctx: &Context, id: ContactId) -> Result<Delivery> {
    ctx.require(Role::Manager)?;
    let (there, deleted) = tokio::try_join!(
        ctx.store().get::<Contact>(&ctx.tenant, &id),
        ctx.store().get::<DeletedContact>(&ctx.tenant, &id)
    )?;
    let is_deleted = there.is_none();
    let contact = there.map(|there| there.value).or_else(|| deleted.map(|deleted| deleted.value.contact));
    let Some(contact) = contact else { return Err(clients::absent(ctx, id).await?) };
    let mut records = ctx.store().dossier(&ctx.tenant, id).await?;
    let sensitive = match records.get_mut(SealedField::KIND) {
        Some(fields) => unsealed(ctx, fields).await?,
        None => Vec::new(),
    };
    let mut step = ctx.step();
    sensitive::note_read(ctx, &mut step, id, sensitive)?;
    ctx.audited::<()>(&mut step, "lead.exported", id, None, None)?;
    ctx.store().commit(step).await?;
    let dossier = Dossier { exported_at: ctx.now(), client: Client::of(&contact), is_deleted, records };
    let json = serde_json::to_vec(&dossier).map_err(|_| Error::Internal("a record is no JSON"))?;
    let key = Key::of(&ctx.tenant, Kind::Dossier, id);
    delivery::deliver(ctx, &key, &format!("{id}.json"), Bytes::from(json)).await
}

/// Tells sensitive fields as they are, and answers which.
async fn unsealed(ctx: &Context, fields: &mut [Value]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for field in fields {
        let text = |name: &str| field[name].as_str().unwrap_or_default().to_owned();
        let (name, sealed) = (text("name"), text("sealed"));
        field["value"] = sensitive::open(ctx, &name, &sealed).await?;
        field.as_object_mut().and_then(|field| field.remove("sealed"));
        names.push(name);
    }
    Ok(names)
}
