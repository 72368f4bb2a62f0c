//! Deleting clients so that they can be brought back.

use super::{Client, find};
use crate::context::Context;
use crate::error::{Result, expect, retrying};
use crate::leads::Lead;
use crate::{Listing, Page};
use domain::contact::Contact;
use domain::{ContactId, Role};
use jiff::Timestamp;
use serde::Serialize;
use store::{DELETED_LEADS, DeletedContact, Stored};
use utoipa::ToSchema;

/// A client who was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeletedClient {
    /// The client as they were.
    #[serde(flatten)]
    pub client: Client,
    /// When they were deleted.
    #[schema(value_type = String)]
    pub deleted_at: Timestamp,
    /// By whom, as the audit names them.
    pub deleted_by: String,
}

/// Deletes a client so that they can be brought back: they are in no list and nobody contacts them, their number and
/// addresses stay theirs, and so does what hangs on them. Calls that wait for them are blocked when they come up.
pub async fn delete(ctx: &Context, id: ContactId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            let mut step = ctx.step();
            step.delete(&old);
            let Stored { value: contact, version: last_version } = old;
            ctx.audited(&mut step, "lead.deleted", id, Some(&Lead::of(&contact)), None)?;
            step.create(&DeletedContact { contact, last_version, at: ctx.now(), by: ctx.actor.name() })?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// The clients who were deleted, the last one first.
pub async fn deleted(ctx: &Context, page: &Page) -> Result<Listing<DeletedClient>> {
    ctx.require(Role::Viewer)?;
    let listing = ctx.store().list::<DeletedContact>(&ctx.tenant, DELETED_LEADS, page).await?;
    let items = listing.items.into_iter().map(|deleted| DeletedClient {
        client: Client::of(&deleted.contact),
        deleted_at: deleted.at,
        deleted_by: deleted.value.by,
    });
    Ok(Listing { items: items.collect(), next: listing.next })
}

/// Brings a client back who was deleted. One who is there stays as they are.
pub async fn restore(ctx: &Context, id: ContactId) -> Result<Stored<Client>> {
    ctx.require(Role::Member)?;
    let Some(there) = come_back(ctx, id).await? else { return Err(super::absent(ctx, id).await?) };
    Ok(Stored { value: Client::of(&there), version: there.version })
}

/// The contact of this id, brought back if they were deleted: somebody wants them back, or they write or call again.
pub(crate) async fn come_back(ctx: &Context, id: ContactId) -> Result<Option<Stored<Contact>>> {
    retrying!(
        async {
            // Nearly everybody is there, so the second read is for those who are not.
            let there = ctx.store().get::<Contact>(&ctx.tenant, &id).await?;
            if there.is_some() {
                return Ok(there);
            }
            let Some(deleted) = ctx.store().get::<DeletedContact>(&ctx.tenant, &id).await? else {
                return Ok(None);
            };
            let contact = Contact { updated_at: ctx.now(), ..deleted.contact.clone() };
            let version = deleted.last_version + 1;
            let mut step = ctx.step();
            step.delete(&deleted);
            step.create_at(&contact, version)?;
            ctx.audited(&mut step, "lead.restored", id, None, Some(&Lead::of(&contact)))?;
            ctx.store().commit(step).await?;
            Ok(Some(Stored { value: contact, version }))
        }
        .await
    )
}
