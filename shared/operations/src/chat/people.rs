//! Whose a message is: a person is one record, by whatever number or id they write.

use crate::clients;
use crate::context::Context;
use crate::error::Result;
use crate::leads::{Lead, arrival, suppression};
use domain::business::BusinessConfig;
use domain::chat::Conversation;
use domain::contact::{Channel, Contact, Details, split_name};
use domain::{Author, ContactId, Phone, text};
use store::{Stored, Transaction};

/// From where leads come who write to us first.
const SOURCE: &str = "whatsapp";
/// From where those come who tapped an advertisement.
const AD_SOURCE: &str = "whatsapp_ad";

/// How somebody is known at WhatsApp.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sender {
    /// Their number as WhatsApp spells it, in digits.
    pub(super) wa_id: Option<String>,
    /// Their id within this business.
    pub(super) user_id: Option<String>,
    /// What they call themselves.
    pub(super) name: Option<String>,
    /// Whether an advertisement led them here.
    pub(super) from_ad: bool,
}

/// A person and their conversation, as they were found or are to be made.
pub(super) struct Known {
    pub(super) old_contact: Option<Stored<Contact>>,
    pub(super) contact: Contact,
    pub(super) old_talk: Option<Stored<Conversation>>,
    pub(super) talk: Conversation,
    /// A record that gives up the id by which they write.
    pub(super) gives_up: Option<Stored<Contact>>,
}

impl Sender {
    /// The numbers that may be theirs: WhatsApp's spelling of one need not be that which one dials.
    pub(super) fn phones(&self) -> Vec<Phone> {
        self.wa_id.as_deref().map(Phone::of_whatsapp).unwrap_or_default()
    }

    /// By what several messages of one person are known to be theirs.
    pub(super) fn key(&self) -> String {
        self.wa_id.clone().or_else(|| self.user_id.clone()).unwrap_or_default()
    }
}

/// Finds who writes; none if nobody whom we know. Of two records the one with the number is the one that people keep.
pub(super) async fn find(ctx: &Context, sender: &Sender) -> Result<Option<Stored<Contact>>> {
    Ok(found(ctx, sender).await?.0)
}

/// The same, with whoever else has their id of WhatsApp's.
async fn found(ctx: &Context, sender: &Sender) -> Result<(Option<Stored<Contact>>, Option<ContactId>)> {
    let writer =
        ctx.store().contact_who_writes(&ctx.tenant, sender.user_id.as_deref(), &sender.phones()).await?;
    let contact = match writer.by_phone.or(writer.by_user_id) {
        // Who was deleted and writes again is there again.
        Some(id) => clients::come_back(ctx, id).await?,
        None => None,
    };
    let other = writer.by_user_id.filter(|id| contact.as_ref().is_none_or(|contact| contact.id != *id));
    Ok((contact, other))
}

/// Finds who writes and what was written so far, or makes both up.
pub(super) async fn known(ctx: &Context, sender: &Sender, config: &BusinessConfig) -> Result<Known> {
    let now = ctx.now();
    let (old_contact, other) = found(ctx, sender).await?;
    let mut contact = match &old_contact {
        Some(stored) => stored.value.clone(),
        None => newcomer(ctx, sender, config),
    };
    // A number that a person took away stays away.
    let emptied = contact.provenance.get("phone").is_some_and(|written| written.by == Author::Human);
    if contact.details.phone.is_none()
        && !emptied
        && let Some(phone) = sender.phones().into_iter().next()
    {
        let details = Details { phone: Some(phone), ..contact.details.clone() };
        contact.set_details(details, Author::System, now);
    }
    // The id is of whoever writes with it: a record that had it, and is another, gives it up.
    let mut gives_up = None;
    if let Some(user_id) = &sender.user_id
        && !contact.whatsapp_user_ids().any(|known| known == user_id)
    {
        contact.whatsapp_user_id = Some(user_id.clone());
        if let Some(other) = other {
            gives_up = ctx.store().get::<Contact>(&ctx.tenant, &other).await?;
        }
    }
    let (shut, old_talk) = tokio::try_join!(
        suppression::remembered(ctx, old_contact.as_ref().map(|old| &old.value), &contact),
        async {
            match &old_contact {
                Some(old) => {
                    Ok(ctx.store().conversation_with(&ctx.tenant, old.id, Channel::Whatsapp).await?)
                }
                None => Ok(None),
            }
        }
    )?;
    contact.keep_shut(shut);
    let mut talk = match &old_talk {
        Some(stored) => stored.value.clone(),
        None => Conversation::new(ctx.new_id(), contact.id, Channel::Whatsapp, now),
    };
    talk.describe(&contact);
    if sender.wa_id.is_some() {
        talk.wa_id.clone_from(&sender.wa_id);
    }
    if sender.user_id.is_some() {
        talk.user_id.clone_from(&sender.user_id);
    }
    Ok(Known { old_contact, contact, old_talk, talk, gives_up })
}

/// A record for somebody who writes for the first time. What they call themselves is theirs to say.
fn newcomer(ctx: &Context, sender: &Sender, config: &BusinessConfig) -> Contact {
    let now = ctx.now();
    let name = text::tidied(sender.name.as_deref().unwrap_or_default(), 100);
    let (first_name, last_name) = split_name(&name);
    let details = Details {
        first_name,
        last_name,
        source: if sender.from_ad { AD_SOURCE } else { SOURCE }.to_owned(),
        phone: sender.phones().into_iter().next(),
        ..Details::default()
    };
    let mut contact = Contact::new(ctx.new_id(), details, Author::System, now);
    contact.created_on = Some(config.day_of(now));
    contact
}

/// Stores both, in a step. A newcomer comes into the campaign of their source.
pub(super) async fn keep(ctx: &Context, step: &mut Transaction, known: &mut Known) -> Result<()> {
    let Known { old_contact, contact, old_talk, talk, gives_up } = known;
    if let Some(other) = gives_up {
        let mut without = other.value.clone();
        without.give_up_whatsapp_user_id(contact.whatsapp_user_id.as_deref());
        step.replace(other, &without)?;
        ctx.changed(step, "lead", other.id, "updated")?;
    }
    match old_contact {
        None => {
            if let Some(campaign) = arrival::campaign_for(ctx, None, contact).await? {
                arrival::join(ctx, step, contact, &campaign);
            }
            step.create(contact)?;
            ctx.audited(step, "lead.created", contact.id, None, Some(&Lead::of(contact)))?;
        }
        Some(old) if old.value != *contact => {
            // Who writes once more is no news of their record.
            let (before, after) = (Lead::of(old), Lead::of(contact));
            if before.fields.phone != after.fields.phone || before.suppression != after.suppression {
                ctx.audited(step, "lead.updated", contact.id, Some(&before), Some(&after))?;
            }
            step.replace(old, contact)?;
        }
        Some(_) => {}
    }
    step.save(old_talk.as_ref(), talk)?;
    ctx.changed(step, "conversation", talk.id, "updated")
}
