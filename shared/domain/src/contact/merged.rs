//! Two records of one person as one, and apart again.

use super::{Channel, Consent, Contact, Details, LeadStatus, MOVES_KEPT, fields};
use crate::{Email, Phone};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Longest notes, in characters: as long as those that a person may write.
const NOTES_MAX: usize = 10_000;

/// The fields that say where a person stands, beside their details.
const STANDING: [&str; 3] = ["status", "score", "client_status"];

/// By what a person is found beside their own number and addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Aliases {
    /// Telephone numbers.
    pub phones: Vec<Phone>,
    /// E-mail addresses.
    pub emails: Vec<Email>,
    /// Ids by which WhatsApp knows them within the business.
    pub whatsapp_user_ids: Vec<String>,
}

impl Aliases {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.phones.is_empty() && self.emails.is_empty() && self.whatsapp_user_ids.is_empty()
    }

    /// Where one of them becomes the number or address of the record, keeps the one that stood there.
    pub(super) fn exchange(&mut self, before: &Details, after: &Details) {
        if let Some(phone) = &after.phone
            && let Some(place) = self.phones.iter().position(|known| known == phone)
        {
            self.phones.splice(place..=place, before.phone.clone());
        }
        if let Some(email) = &after.email
            && let Some(place) = self.emails.iter().position(|known| known == email)
        {
            self.emails.splice(place..=place, before.email.clone());
        }
    }
}

impl Contact {
    /// The record of two of one person. What this one has stays; what it lacks is the other's, whose numbers and addresses
    /// reach the person too. A no of either is a no.
    #[must_use]
    pub fn merged_with(&self, other: &Self, now: Timestamp) -> Self {
        let mut merged = self.clone();
        merged.updated_at = now;
        merged.take_details(other);
        merged.take_addresses(other);
        merged.take_standing(other);
        for (channel, consent) in &other.consent {
            let stricter = |mine: &Consent| mine.granted && !consent.granted;
            if merged.consent.get(channel).is_none_or(stricter) {
                merged.consent.insert(*channel, consent.clone());
            }
        }
        merged.keep_shut(other.suppression.clone());
        merged.touches.extend(&other.touches);
        merged.touches.sort();
        merged.on_call = self.on_call.or(other.on_call);
        merged.last_contact_at = self.last_contact_at.max(other.last_contact_at);
        merged.next_follow_up_at = self.next_follow_up_at.or(other.next_follow_up_at);
        merged.last_talk = [self.last_talk, other.last_talk].into_iter().flatten().max_by_key(|talk| talk.at);
        merged.last_chat = [self.last_chat, other.last_chat].into_iter().flatten().max_by_key(|chat| chat.at);
        merged
    }

    /// Takes over the fields that are empty here, with who wrote them.
    fn take_details(&mut self, other: &Self) {
        let (mine, theirs) = (self.details.clone(), &other.details);
        let text = |mine: &String, theirs: &String| if mine.is_empty() { theirs } else { mine }.clone();
        // A name is taken whole: half of one record's and half of the other's is nobody's.
        let nameless = self.name().is_empty();
        let name = if nameless { theirs } else { &mine };
        let (first_name, last_name) = (name.first_name.clone(), name.last_name.clone());
        let details = Details {
            first_name,
            last_name,
            email: mine.email.clone().or_else(|| theirs.email.clone()),
            phone: mine.phone.clone().or_else(|| theirs.phone.clone()),
            company: text(&mine.company, &theirs.company),
            position: text(&mine.position, &theirs.position),
            nationality: text(&mine.nationality, &theirs.nationality),
            address: text(&mine.address, &theirs.address),
            source: text(&mine.source, &theirs.source),
            campaign_id: mine.campaign_id.or(theirs.campaign_id),
            assignee: mine.assignee.clone().or_else(|| theirs.assignee.clone()),
            timezone: mine.timezone.clone().or_else(|| theirs.timezone.clone()),
            tags: joined(&mine.tags, &theirs.tags),
            preferences: filled(&mine.preferences, &theirs.preferences),
            notes: notes(&mine.notes, &theirs.notes),
            custom_fields: filled(&mine.custom_fields, &theirs.custom_fields),
            value: mine.value.or(theirs.value),
        };
        if details.campaign_id != mine.campaign_id {
            (self.agent_id, self.enrolled) = (other.agent_id, other.enrolled);
        }
        self.details = details;
        let (had, has) = (fields(&mine), fields(theirs));
        for (field, provenance) in &other.provenance {
            // Who set where they stand goes with where they stand.
            if STANDING.contains(&field.as_str()) {
                continue;
            }
            // Whoever emptied a field here did not write what stands in it now.
            if has.contains_key(field) && !had.contains_key(field) {
                self.provenance.remove(field);
            }
            self.provenance.entry(field.clone()).or_insert_with(|| provenance.clone());
        }
    }

    fn take_addresses(&mut self, other: &Self) {
        let Aliases { phones, emails, whatsapp_user_ids } = &other.aliases;
        let phones = other.details.phone.iter().chain(phones);
        let phones = phones.filter(|phone| self.details.phone.as_ref() != Some(phone)).cloned();
        let phones: Vec<Phone> = phones.collect();
        let emails = other.details.email.iter().chain(emails);
        let emails = emails.filter(|email| self.details.email.as_ref() != Some(email)).cloned();
        let emails: Vec<Email> = emails.collect();
        let mut ids: Vec<String> = other.whatsapp_user_id.iter().chain(whatsapp_user_ids).cloned().collect();
        if self.whatsapp_user_id.is_none() && !ids.is_empty() {
            self.whatsapp_user_id = Some(ids.remove(0));
        }
        self.aliases = Aliases {
            phones: joined(&self.aliases.phones, &phones),
            emails: joined(&self.aliases.emails, &emails),
            whatsapp_user_ids: joined(&self.aliases.whatsapp_user_ids, &ids),
        };
    }

    fn take_standing(&mut self, other: &Self) {
        let before = (self.status, self.score, self.client_status);
        let bought = other.status == LeadStatus::Customer && self.status != LeadStatus::Customer;
        if bought || self.status == LeadStatus::New {
            self.status = other.status;
            self.judged.status = other.judged.status;
        }
        self.converted_by = self.converted_by.or(other.converted_by);
        self.converted_by_chat = self.converted_by_chat.or(other.converted_by_chat);
        if other.score > self.score {
            self.score = other.score;
            self.judged.score = other.judged.score;
        }
        self.client_status = self.client_status.merged_with(other.client_status);
        let changed = [self.status != before.0, self.score != before.1, self.client_status != before.2];
        for (field, _) in STANDING.into_iter().zip(changed).filter(|(_, changed)| *changed) {
            self.provenance.remove(field);
            let written = other.provenance.get(field).cloned();
            self.provenance.extend(written.map(|written| (field.to_owned(), written)));
        }
        self.moves.extend(other.moves.iter().cloned());
        self.moves.sort_by_key(|moved| moved.at);
        self.moves.drain(..self.moves.len().saturating_sub(MOVES_KEPT));
    }

    /// The record as it was `before` it became `merged` with `other`, with what has changed in it since; none where that makes no
    /// record. Numbers and addresses of the other's go back to it, whichever the person was given meanwhile.
    pub fn parted(&self, before: &Self, merged: &Self, other: &Self, now: Timestamp) -> Option<Self> {
        let value = |contact: &Self| serde_json::to_value(contact).ok();
        let parted = taken_back(&value(self)?, &value(merged)?, &value(before)?);
        let mut parted: Self = serde_json::from_value(parted).ok()?;
        parted.updated_at = now;
        let theirs = |phone: &Phone| other.phones().any(|their| their == phone);
        if parted.details.phone.as_ref().is_some_and(theirs) {
            parted.details.phone.clone_from(&before.details.phone);
        }
        let phones = std::mem::take(&mut parted.aliases.phones);
        let is_own = |phone: &Phone| !theirs(phone) && parted.details.phone.as_ref() != Some(phone);
        parted.aliases.phones = phones.into_iter().filter(is_own).collect();
        let theirs = |email: &Email| other.emails().any(|their| their == email);
        if parted.details.email.as_ref().is_some_and(theirs) {
            parted.details.email.clone_from(&before.details.email);
        }
        let emails = std::mem::take(&mut parted.aliases.emails);
        let is_own = |email: &Email| !theirs(email) && parted.details.email.as_ref() != Some(email);
        parted.aliases.emails = emails.into_iter().filter(is_own).collect();
        for id in other.whatsapp_user_ids() {
            parted.give_up_whatsapp_user_id(Some(id));
        }
        Some(parted)
    }

    /// Shuts what was shut since the record became `merged`: a person who said no while two records were one said it for both.
    pub fn shut_since(&mut self, current: &Self, merged: &Self) {
        let since =
            current.suppression.iter().filter(|(channel, _)| !merged.suppression.contains_key(channel));
        self.keep_shut(since.map(|(channel, door)| (*channel, door.clone())).collect());
        let refused = |channel: &Channel, consent: &Consent| {
            !consent.granted && merged.consent.get(channel).is_none_or(|known| known.granted)
        };
        let refused = current.consent.iter().filter(|(channel, consent)| refused(channel, consent));
        self.consent.extend(refused.map(|(channel, consent)| (*channel, consent.clone())));
    }

    /// Is no longer known by an id of WhatsApp's.
    pub fn give_up_whatsapp_user_id(&mut self, id: Option<&str>) {
        self.whatsapp_user_id = self.whatsapp_user_id.take().filter(|own| Some(own.as_str()) != id);
        self.aliases.whatsapp_user_ids.retain(|own| Some(own.as_str()) != id);
    }

    /// Every telephone number that is theirs.
    pub fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.details.phone.iter().chain(&self.aliases.phones)
    }

    /// Every e-mail address that is theirs.
    pub fn emails(&self) -> impl Iterator<Item = &Email> {
        self.details.email.iter().chain(&self.aliases.emails)
    }

    /// Every id by which WhatsApp knows them.
    pub fn whatsapp_user_ids(&self) -> impl Iterator<Item = &String> {
        self.whatsapp_user_id.iter().chain(&self.aliases.whatsapp_user_ids)
    }
}

/// What is in both, that of the first in front, each once.
fn joined<T: Clone + PartialEq>(mine: &[T], theirs: &[T]) -> Vec<T> {
    let mut all = mine.to_vec();
    for value in theirs {
        if !all.contains(value) {
            all.push(value.clone());
        }
    }
    all
}

fn filled(mine: &BTreeMap<String, Value>, theirs: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let mut all = theirs.clone();
    all.extend(mine.clone());
    all
}

fn notes(mine: &str, theirs: &str) -> String {
    let both = [mine, theirs].into_iter().filter(|notes| !notes.trim().is_empty()).collect::<Vec<_>>();
    let both = if mine == theirs { mine.to_owned() } else { both.join("\n\n") };
    both.chars().take(NOTES_MAX).collect()
}

/// `before`, with the difference between `merged` and `current`, in fields of fields and in entries of lists too.
fn taken_back(current: &Value, merged: &Value, before: &Value) -> Value {
    match (current, merged, before) {
        _ if current == merged => before.clone(),
        (Value::Object(current), Value::Object(merged), Value::Object(before)) => {
            let null = Value::Null;
            let in_any = before.keys().chain(merged.keys()).chain(current.keys());
            let fields: Map<String, Value> = in_any
                .map(|name| {
                    let of = |map: &'_ Map<String, Value>| map.get(name).unwrap_or(&null).clone();
                    (name.clone(), taken_back(&of(current), &of(merged), &of(before)))
                })
                .filter(|(name, value)| !value.is_null() || before.contains_key(name))
                .collect();
            Value::Object(fields)
        }
        (Value::Array(current), Value::Array(merged), Value::Array(before)) => {
            let stays = |value: &&Value| current.contains(value) || !merged.contains(value);
            let came = current.iter().filter(|value| !merged.contains(value));
            Value::Array(before.iter().filter(stays).chain(came).cloned().collect())
        }
        _ => current.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ContactId;
    use crate::id::PrefixedId;
    use crate::provenance::{Author, Provenance};
    use ulid::Ulid;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn contact(n: u128, nationality: &str, author: Author) -> Contact {
        let details = Details {
            first_name: "Asha".to_owned(),
            nationality: nationality.to_owned(),
            ..Details::default()
        };
        Contact::new(ContactId::from_ulid(Ulid::from_parts(1, n)), details, author, NOW)
    }

    #[test]
    fn who_wrote_a_value_goes_with_the_value() {
        let (mut mine, mut other) = (contact(1, "", Author::System), contact(2, "Indian", Author::Ai));
        mine.status = LeadStatus::Contacted;
        mine.score = 70;
        mine.provenance.insert("nationality".to_owned(), Provenance::new(Author::Human, NOW));
        other.set_status(LeadStatus::Hot, Provenance::new(Author::Human, NOW));
        other.set_score(40, Provenance::new(Author::Human, NOW));
        let merged = mine.merged_with(&other, NOW);
        assert_eq!((merged.status, merged.score), (LeadStatus::Contacted, 70));
        assert_eq!(merged.provenance.get("status"), None, "nobody judged them contacted");
        assert_eq!((merged.judged_score(), merged.judged_status()), (None, None));
        assert_eq!(merged.details.nationality, "Indian");
        assert_eq!(merged.provenance["nationality"].by, Author::Ai);
        assert_eq!(merged.provenance["first_name"].by, Author::System);
        // The other way round the judgement comes along.
        let merged = contact(1, "", Author::System).merged_with(&other, NOW);
        assert_eq!((merged.status, merged.score), (LeadStatus::Hot, 40));
        assert_eq!(merged.judged_status().map(|judged| judged.by), Some(Author::Human));
    }
}
