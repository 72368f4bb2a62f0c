//! Doors that are shut to a lead, and the list of those that stay shut though the lead's record is gone.

use super::{Lead, find};
use crate::context::Context;
use crate::error::{Result, retrying};
use crate::next_actions;
use domain::chat::Conversation;
use domain::contact::{Channel, Contact, Suppression};
use domain::{ContactId, Role, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{AddressDigest, Stored, SuppressionEntry, Transaction};
use utoipa::ToSchema;

/// A channel, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Channels {
    Voice,
    Whatsapp,
    Sms,
    Email,
    All,
}

impl Channels {
    fn each(self) -> Vec<Channel> {
        match self {
            Self::Voice => vec![Channel::Voice],
            Self::Whatsapp => vec![Channel::Whatsapp],
            Self::Sms => vec![Channel::Sms],
            Self::Email => vec![Channel::Email],
            Self::All => Channel::ALL.to_vec(),
        }
    }
}

/// Shuts channels to a lead for good. Calls that wait for it are blocked at once.
pub async fn suppress(
    ctx: &Context,
    id: ContactId,
    channels: Channels,
    reason: &str,
) -> Result<Stored<Lead>> {
    ctx.require(Role::Member)?;
    let reason = text::line(reason, 200).map_err(|e| e.within("/reason"))?;
    retrying!(
        async {
            let record = super::found(ctx, id).await?;
            let (open_calls, old) = (record.open_calls(), record.contact);
            let mut contact = old.value.clone();
            for channel in channels.each() {
                contact.suppress(channel, &reason, ctx.actor.author(), ctx.now());
            }
            let lead = Lead::of(&contact);
            let mut step = ctx.step();
            if channels.each().contains(&Channel::Voice) {
                next_actions::block_waiting(ctx, &mut step, &open_calls).await?;
            }
            step.replace(&old, &contact)?;
            ctx.audited(&mut step, "lead.suppressed", id, Some(&Lead::of(&old)), Some(&lead))?;
            ctx.store().commit(step).await?;
            Ok(Stored { value: lead, version: old.version + 1 })
        }
        .await
    )
}

/// Opens channels to a lead again that were shut, because the person said so. Whether they consent is another
/// question, and stays as it was answered.
pub async fn unsuppress(
    ctx: &Context,
    id: ContactId,
    channels: Channels,
    reason: &str,
) -> Result<Stored<Lead>> {
    ctx.require(Role::Manager)?;
    text::line(reason, 200).map_err(|e| e.within("/reason"))?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            let mut contact = old.value.clone();
            for channel in channels.each() {
                contact.lift(channel, ctx.now());
            }
            let lead = Lead::of(&contact);
            let mut step = ctx.step();
            step.replace(&old, &contact)?;
            forget(ctx, &mut step, &contact, &channels.each()).await?;
            if channels.each().contains(&Channel::Whatsapp)
                && let Some(talk) = ctx.store().conversation_with(&ctx.tenant, id, Channel::Whatsapp).await?
                && talk.stopped_at.is_some()
            {
                step.replace(
                    &talk,
                    &Conversation { stopped_at: None, answered: talk.received, ..talk.value.clone() },
                )?;
            }
            ctx.audited(&mut step, "lead.unsuppressed", id, Some(&Lead::of(&old)), Some(&lead))?;
            ctx.store().commit(step).await?;
            Ok(Stored { value: lead, version: old.version + 1 })
        }
        .await
    )
}

/// Opens what is shut on these channels to whoever has one of the contact's addresses.
pub(crate) async fn forget(
    ctx: &Context,
    step: &mut Transaction,
    contact: &Contact,
    channels: &[Channel],
) -> Result<()> {
    let ids: Vec<_> = addresses(ctx, contact).into_iter().map(|(address, _)| address).collect();
    for entry in ctx.store().get_many::<SuppressionEntry>(&ctx.tenant, &ids).await? {
        let mut left = entry.value.clone();
        left.channels.retain(|channel, _| !channels.contains(channel));
        if left.channels.is_empty() { step.delete(&entry) } else { step.replace(&entry, &left)? }
    }
    Ok(())
}

/// The addresses of a contact, each with the channels that reach it.
fn addresses(ctx: &Context, contact: &Contact) -> Vec<(AddressDigest, &'static [Channel])> {
    let phones = contact.phones().map(|phone| {
        let channels: &[Channel] = &[Channel::Voice, Channel::Whatsapp, Channel::Sms];
        (AddressDigest::of_phone(&ctx.tenant, phone), channels)
    });
    let emails = contact.emails().map(|email| {
        let channels: &[Channel] = &[Channel::Email];
        (AddressDigest::of_email(&ctx.tenant, email), channels)
    });
    phones.chain(emails).collect()
}

/// Keeps what is shut to a contact whose record goes.
pub(crate) fn remember(ctx: &Context, step: &mut Transaction, contact: &Contact) -> Result<()> {
    for (address, of_address) in addresses(ctx, contact) {
        let shut = contact.suppression.iter().filter(|(channel, _)| of_address.contains(channel));
        let channels: Doors = shut.map(|(channel, door)| (*channel, door.clone())).collect();
        if !channels.is_empty() {
            step.put(&SuppressionEntry { address, channels })?;
        }
    }
    Ok(())
}

/// What is shut to whoever has one of the addresses that a contact has now, and had not `before`.
pub(crate) async fn remembered(ctx: &Context, before: Option<&Contact>, contact: &Contact) -> Result<Doors> {
    let known = before.map(|before| addresses(ctx, before)).unwrap_or_default();
    let new = addresses(ctx, contact).into_iter().map(|(address, _)| address);
    let new = new.filter(|id| !known.iter().any(|(address, _)| address == id)).collect();
    Ok(doors(ctx, new).await?.into_values().flatten().collect())
}

/// What is shut, by channel.
pub(crate) type Doors = BTreeMap<Channel, Suppression>;

/// What is shut to whoever has one of these addresses; one that nothing is shut to is left out.
pub(crate) async fn doors(
    ctx: &Context,
    addresses: Vec<AddressDigest>,
) -> Result<BTreeMap<AddressDigest, Doors>> {
    let entries = ctx.store().get_many::<SuppressionEntry>(&ctx.tenant, &addresses).await?;
    Ok(entries.into_iter().map(|entry| (entry.value.address, entry.value.channels)).collect())
}
