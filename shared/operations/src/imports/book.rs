//! The leads that rows name, as they are and as the rows make them.

use super::row::{Row, field_of, mistake};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::leads::arrival::{self, DecidedBy};
use crate::leads::suppression::{Doors, doors};
use crate::leads::{LeadInput, apply};
use domain::business::BusinessConfig;
use domain::campaign::{Campaign, CampaignStatus};
use domain::contact::{Contact, Details};
use domain::id::PrefixedId;
use domain::import::{Header, Import, OnDuplicate, Outcome, RowError};
use domain::{Author, CampaignId, ContactId, Email, ImportId, Phone, text};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use store::{AddressDigest, Stored};
use ulid::Ulid;

/// How many sources are looked up at a time.
const SOURCES_SIDE_BY_SIDE: usize = 16;

/// A lead that rows name.
#[derive(Debug)]
pub(super) struct Entry {
    /// As it was read; none if it is new.
    pub(super) stored: Option<Stored<Contact>>,
    /// As the rows make it.
    pub(super) contact: Contact,
    /// The rows that name it, and what each did.
    pub(super) rows: Vec<(u32, Outcome)>,
    /// Whether there is anything to write.
    pub(super) is_changed: bool,
    /// The campaign that it came into, unless that is cancelled.
    pub(super) campaign: Option<CampaignId>,
}

/// The leads that were looked up, by all that a row may name them by.
#[derive(Debug, Default)]
pub(super) struct Book {
    leads: HashMap<ContactId, Entry>,
    phones: HashMap<Phone, ContactId>,
    emails: HashMap<String, ContactId>,
    asked_phones: HashSet<Phone>,
    asked_emails: HashSet<String>,
    asked_ids: HashSet<ContactId>,
    /// Whose number or address rows name, though somebody deleted them.
    deleted: HashSet<ContactId>,
    /// The campaigns that rows name, and those that take leads of rows' sources, as far as there are any.
    campaigns: HashMap<CampaignId, Option<Stored<Campaign>>>,
    takers: HashMap<String, Option<Stored<Campaign>>>,
    /// What is shut to whoever has a number or an address that rows name.
    shut_phones: HashMap<Phone, Doors>,
    shut_emails: HashMap<String, Doors>,
}

/// What rows are read by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) import: &'a Import,
    pub(super) header: &'a Header,
    pub(super) config: &'a BusinessConfig,
    pub(super) now: Timestamp,
}

impl Book {
    /// Looks up whom these rows name, as far as that is not known: some reads side by side, and one more.
    pub(super) async fn look_up(&mut self, ctx: &Context, rows: &[Row]) -> Result<()> {
        let phones: Vec<Phone> = rows
            .iter()
            .filter_map(|row| row.phone.clone())
            .filter(|phone| self.asked_phones.insert(phone.clone()))
            .collect();
        let emails: Vec<Email> = rows
            .iter()
            .filter_map(|row| row.email.clone())
            .filter(|email| self.asked_emails.insert(email.canonical()))
            .collect();
        let digests: Vec<AddressDigest> =
            phones.iter().map(|phone| AddressDigest::of_phone(&ctx.tenant, phone)).collect();
        let of_emails: Vec<AddressDigest> =
            emails.iter().map(|email| AddressDigest::of_email(&ctx.tenant, email)).collect();
        let (owners, mut shut) = tokio::try_join!(
            async { Ok(ctx.store().lead_owners(&ctx.tenant, &phones, &emails).await?) },
            doors(ctx, digests.iter().chain(&of_emails).cloned().collect())
        )?;
        let shut_phones =
            phones.iter().zip(&digests).filter_map(|(phone, id)| Some((phone.clone(), shut.remove(id)?)));
        self.shut_phones.extend(shut_phones);
        let shut_emails = emails
            .iter()
            .zip(&of_emails)
            .filter_map(|(email, id)| Some((email.canonical(), shut.remove(id)?)));
        self.shut_emails.extend(shut_emails);
        let named = rows.iter().filter_map(|row| row.id);
        let wanted = named.chain(owners.phones.values().copied()).chain(owners.emails.values().copied());
        let ids: Vec<ContactId> = wanted.filter(|id| self.asked_ids.insert(*id)).collect();
        let found = ctx.store().get_many::<Contact>(&ctx.tenant, &ids).await?;
        for stored in found {
            let contact = stored.value.clone();
            self.note(&contact);
            let (rows, id) = (Vec::new(), contact.id);
            let entry = Entry { stored: Some(stored), contact, rows, is_changed: false, campaign: None };
            self.leads.insert(id, entry);
        }
        // A number or an address whose owner is not there is that of somebody who was deleted.
        for (phone, id) in owners.phones.into_iter().filter(|(_, id)| !self.leads.contains_key(id)) {
            self.phones.insert(phone, id);
            self.deleted.insert(id);
        }
        for (email, id) in owners.emails.into_iter().filter(|(_, id)| !self.leads.contains_key(id)) {
            self.emails.insert(email, id);
            self.deleted.insert(id);
        }
        self.look_up_campaigns(ctx, rows).await
    }

    /// Looks up the campaigns into which these rows may bring leads: files name few of them, and few sources.
    async fn look_up_campaigns(&mut self, ctx: &Context, rows: &[Row]) -> Result<()> {
        let (store, tenant) = (ctx.store(), &ctx.tenant);
        let named = rows.iter().filter_map(|row| row.campaign_id);
        let named: HashSet<CampaignId> = named.filter(|id| !self.campaigns.contains_key(id)).collect();
        let found = store.get_many::<Campaign>(tenant, &named).await?;
        self.campaigns.extend(named.into_iter().map(|id| (id, None)));
        self.campaigns.extend(found.into_iter().map(|campaign| (campaign.id, Some(campaign))));
        let sources = rows.iter().filter_map(|row| row.source.as_deref()).map(text::folded);
        let sources: HashSet<String> = sources.filter(|source| !self.takers.contains_key(source)).collect();
        let takers = sources.into_iter().map(|source| async move {
            let taker = store.campaign_for_source(tenant, &source).await?;
            Ok::<_, Error>((source, taker))
        });
        let takers = stream::iter(takers).buffer_unordered(SOURCES_SIDE_BY_SIDE);
        self.takers.extend(takers.try_collect::<Vec<_>>().await?);
        Ok(())
    }

    /// Does to its lead what a row says.
    pub(super) fn enter(
        &mut self,
        row: &Row,
        rules: Rules<'_>,
    ) -> std::result::Result<Outcome, Vec<RowError>> {
        let wrong = |field: &str, detail: &str| vec![mistake(row.number, field, rules.header, detail)];
        let by_id = row.id.filter(|id| self.leads.contains_key(id));
        let by_phone = row.phone.as_ref().and_then(|phone| self.phones.get(phone)).copied();
        let by_email = row.email.as_ref().and_then(|email| self.emails.get(&email.canonical())).copied();
        let lead = by_id.or(by_phone).or(by_email);
        for (field, other) in [("phone", by_phone), ("email", by_email)] {
            if other.is_some() && other != lead {
                return Err(wrong(field, "is another lead's than the one that the rest of the row names"));
            }
        }
        if let Some(deleted) = lead.filter(|lead| self.deleted.contains(lead)) {
            let field = if by_phone == Some(deleted) { "phone" } else { "email" };
            let detail =
                format!("is that of {deleted}, who was deleted: POST /crm/clients/{deleted}/restore");
            return Err(wrong(field, &detail));
        }
        let known = lead.and_then(|lead| self.leads.get(&lead));
        if known.is_some() && rules.import.options.on_duplicate == OnDuplicate::Skip {
            return Ok(Outcome::Skipped);
        }
        let before = known.map(|entry| &entry.contact);
        let mut contact = before.cloned().unwrap_or_else(|| {
            Contact::new(lead_id(rules.import.id, row.number), Details::default(), Author::Human, rules.now)
        });
        let mut input = before.map(LeadInput::of).unwrap_or_default();
        row.lay_over(&mut input);
        match apply(&mut contact, input, rules.config, Author::Human, rules.now) {
            Ok(()) => {}
            Err(Error::Invalid(invalid)) => return Err(wrong(&field_of(&invalid.pointer), &invalid.message)),
            Err(_) => return Err(wrong("", "could not be read")),
        }
        contact.keep_shut(self.shut_to(before, &contact));
        let campaign = match arrival::decided_by(before, &contact) {
            None => None,
            Some(DecidedBy::Source(source)) => {
                self.takers.get(&text::folded(source)).and_then(Option::as_ref)
            }
            Some(DecidedBy::Name(id)) => {
                let Some(Some(campaign)) = self.campaigns.get(&id) else {
                    let invalid = arrival::no_campaign();
                    return Err(wrong(&field_of(&invalid.pointer), &invalid.message));
                };
                Some(campaign)
            }
        };
        if let Some(campaign) = campaign {
            contact.join(campaign, rules.now);
        }
        // It may be started before the lead is there, and would not see it; where it does not run, its job does nothing.
        let told = campaign.filter(|campaign| campaign.status != CampaignStatus::Cancelled);
        let told = told.map(|campaign| campaign.id);
        let outcome = match before {
            None => Outcome::Created,
            Some(before) if says_the_same(before, &contact) => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        self.put(contact, row.number, outcome, told);
        Ok(outcome)
    }

    /// What is shut to whoever has the number or the address that a row gives a lead.
    fn shut_to(&self, before: Option<&Contact>, contact: &Contact) -> Doors {
        let (had, has) = (before.map(|before| &before.details), &contact.details);
        let phone = has.phone.as_ref().filter(|_| had.is_none_or(|had| had.phone != has.phone));
        let email = has.email.as_ref().filter(|_| had.is_none_or(|had| had.email != has.email));
        let of_phone = phone.and_then(|phone| self.shut_phones.get(phone));
        let of_email = email.and_then(|email| self.shut_emails.get(&email.canonical()));
        let shut = [of_phone, of_email].into_iter().flatten().flatten();
        shut.map(|(channel, door)| (*channel, door.clone())).collect()
    }

    fn put(&mut self, contact: Contact, number: u32, outcome: Outcome, campaign: Option<CampaignId>) {
        let id = contact.id;
        if outcome != Outcome::Unchanged {
            if let Some(entry) = self.leads.get(&id) {
                let (phone, email) = (&entry.contact.details.phone, &entry.contact.details.email);
                phone.as_ref().map(|phone| self.phones.remove(phone));
                email.as_ref().map(|email| self.emails.remove(&email.canonical()));
            }
            self.note(&contact);
        }
        match self.leads.get_mut(&id) {
            Some(entry) => {
                entry.rows.push((number, outcome));
                entry.campaign = campaign.or(entry.campaign);
                if outcome != Outcome::Unchanged {
                    entry.contact = contact;
                    entry.is_changed = true;
                }
            }
            None => {
                let rows = vec![(number, outcome)];
                self.leads.insert(id, Entry { stored: None, contact, rows, is_changed: true, campaign });
            }
        }
    }

    fn note(&mut self, contact: &Contact) {
        self.phones.extend(contact.phones().map(|phone| (phone.clone(), contact.id)));
        self.emails.extend(contact.emails().map(|email| (email.canonical(), contact.id)));
    }

    /// The leads that there is something to write of, in the order of their first rows.
    pub(super) fn into_changes(self) -> Vec<Entry> {
        let mut changes: Vec<Entry> = self.leads.into_values().filter(|entry| entry.is_changed).collect();
        changes.sort_by_key(|entry| entry.rows.first().map(|(row, _)| *row));
        changes
    }
}

/// Whether a lead is what it was, but for who last said so and when.
fn says_the_same(one: &Contact, other: &Contact) -> bool {
    one.details == other.details
        && one.status == other.status
        && one.client_status == other.client_status
        && one.score == other.score
        && one.consent == other.consent
}

/// The id of the lead that a row makes: the same whenever the row is read, so that it is made once.
fn lead_id(import: ImportId, row: u32) -> ContactId {
    let digest = provider::sha256_hex(format!("{import}#{row}").as_bytes());
    let tail = u128::from_str_radix(&digest[..12], 16).unwrap_or_default();
    ContactId::from_ulid(Ulid::from_parts(import.ulid().timestamp_ms(), (u128::from(row) << 48) | tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Ids;

    #[test]
    fn a_row_makes_the_same_id_whenever_it_is_read_and_rows_are_in_order() {
        let import: ImportId = Ids::default().next(Timestamp::UNIX_EPOCH);
        assert_eq!(lead_id(import, 7), lead_id(import, 7));
        assert!(
            lead_id(import, 7) < lead_id(import, 8) && lead_id(import, 99_999) < lead_id(import, 100_000)
        );
        let other: ImportId = Ids::default().next(Timestamp::UNIX_EPOCH);
        assert_ne!(lead_id(import, 7), lead_id(other, 7));
    }
}
