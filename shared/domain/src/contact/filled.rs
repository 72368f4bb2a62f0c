//! What a model fills in, from what somebody said; a person may take it back.

use super::{Contact, Details, LeadStatus, fields};
use crate::Invalid;
use crate::provenance::{Author, Provenance};
use jiff::Timestamp;
use serde_json::Value;

impl Contact {
    /// Fills details with what a model found, on the evidence of a sentence of theirs: all that `change` changes, unless
    /// somebody more trusted than a model filled or emptied one of them. Whether they were.
    pub fn fill_details(
        &mut self,
        evidence: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Details),
    ) -> bool {
        let mut details = self.details.clone();
        change(&mut details);
        let (before, after) = (fields(&self.details), fields(&details));
        let names = before.keys().chain(after.keys());
        let changed: Vec<&String> = names.filter(|name| before.get(*name) != after.get(*name)).collect();
        let is_ours = |name: &&String| match self.provenance.get(*name) {
            Some(written) => written.by == Author::Ai,
            None => !before.contains_key(*name),
        };
        if changed.is_empty() || !changed.iter().all(is_ours) {
            return false;
        }
        for name in changed {
            let provenance =
                Provenance::new(Author::Ai, now).on(evidence).instead_of(before.get(name).cloned());
            self.provenance.insert(name.clone(), provenance);
        }
        self.details = details;
        self.updated_at = now;
        true
    }

    /// Fills one of the business's own fields with what a model found, on the evidence of a sentence of the lead's,
    /// unless somebody more trusted than a model filled or emptied it. Whether it was.
    pub fn fill_custom_field(&mut self, name: &str, value: Value, evidence: &str, now: Timestamp) -> bool {
        let custom = &self.details.custom_fields;
        let own = custom_field(name);
        // A value that stands there without an author of its own came with the whole.
        let whole = || self.provenance.get("custom_fields").filter(|_| custom.contains_key(name));
        let author = self.provenance.get(&own).or_else(whole).map(|written| written.by);
        if author.is_some_and(|author| author != Author::Ai)
            || (author.is_none() && custom.contains_key(name))
            || custom.get(name) == Some(&value)
        {
            return false;
        }
        let was = self.details.custom_fields.insert(name.to_owned(), value);
        self.provenance.insert(own, Provenance::new(Author::Ai, now).on(evidence).instead_of(was));
        self.updated_at = now;
        true
    }

    /// Notes how they like to be treated, as a model understood them, unless a person said something else of it.
    /// Whether it was noted.
    pub fn fill_preference(&mut self, name: &str, value: &str, evidence: &str, now: Timestamp) -> bool {
        let own = preference(name);
        let known = self.details.preferences.get(name);
        let author = self.provenance.get(&own).map(|written| written.by);
        let by_other = author.is_some_and(|author| author != Author::Ai);
        if known == Some(&Value::from(value)) || by_other || (known.is_some() && author.is_none()) {
            return false;
        }
        let was = self.details.preferences.insert(name.to_owned(), value.into());
        self.provenance.insert(own, Provenance::new(Author::Ai, now).on(evidence).instead_of(was));
        self.updated_at = now;
        true
    }

    /// Puts back what stood in a field before a model wrote it. It is the person's from then on who did so: no model writes
    /// it again.
    pub fn revert(&mut self, field: &str, now: Timestamp) -> Result<(), Invalid> {
        let written = self.provenance.get(field).filter(|written| written.by == Author::Ai);
        let written = written.ok_or_else(|| Invalid::new("was not written by a model"))?;
        let was = written.was.clone();
        let reverted = Provenance::new(Author::Human, now);
        let own = |name: &str, was: Option<Value>, values: &mut std::collections::BTreeMap<String, Value>| {
            match was {
                Some(was) => values.insert(name.to_owned(), was),
                None => values.remove(name),
            };
        };
        if let Some(name) = field.strip_prefix(CUSTOM_FIELDS) {
            own(name, was, &mut self.details.custom_fields);
        } else if let Some(name) = field.strip_prefix(PREFERENCES) {
            own(name, was, &mut self.details.preferences);
        } else if field == "status" {
            let was = was.and_then(|was| serde_json::from_value::<LeadStatus>(was).ok()).unwrap_or_default();
            self.set_status(was, reverted);
            return Ok(());
        } else if field == "score" {
            let was = was.and_then(|was| u8::try_from(was.as_u64()?).ok()).unwrap_or_default();
            self.set_score(was, reverted);
            return Ok(());
        } else {
            let mut details = fields(&self.details);
            match was {
                Some(was) => details.insert(field.to_owned(), was),
                None => details.remove(field),
            };
            self.details = serde_json::from_value(Value::Object(details))
                .map_err(|_| Invalid::new("cannot be reverted"))?;
        }
        self.provenance.insert(field.to_owned(), reverted);
        self.updated_at = now;
        Ok(())
    }
}

/// Before the names of the business's own fields, where who wrote one is kept.
const CUSTOM_FIELDS: &str = "custom_fields.";
/// Before the names of preferences.
const PREFERENCES: &str = "preferences.";

/// By which name a custom field's author is kept.
pub(super) fn custom_field(name: &str) -> String {
    format!("{CUSTOM_FIELDS}{name}")
}

fn preference(name: &str) -> String {
    format!("{PREFERENCES}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ids;
    use serde_json::json;

    fn somebody(details: Details, author: Author) -> Contact {
        let now = Timestamp::UNIX_EPOCH;
        Contact::new(Ids::default().next(now), details, author, now)
    }

    #[test]
    fn a_model_fills_what_nobody_filled_and_what_it_filled_itself() {
        let now = Timestamp::from_second(60).unwrap();
        let typed = Details { company: "Acme".to_owned(), ..Details::default() };
        let mut contact = somebody(typed, Author::Human);
        let nationality =
            |to: &'static str| move |details: &mut Details| to.clone_into(&mut details.nationality);
        assert!(contact.fill_details("I am Italian.", now, nationality("Italian")));
        assert_eq!(contact.provenance["nationality"].evidence.as_deref(), Some("I am Italian."));
        assert!(!contact.fill_details("I am Italian.", now, nationality("Italian")), "no news");
        assert!(contact.fill_details("Well, French.", now, nationality("French")));
        assert_eq!(contact.provenance["nationality"].was, Some(json!("Italian")));
        let company = |details: &mut Details| "Other".clone_into(&mut details.company);
        assert!(!contact.fill_details("I work at Other.", now, company), "a person typed it");
        let both = |details: &mut Details| {
            "Other".clone_into(&mut details.company);
            "Spanish".clone_into(&mut details.nationality);
        };
        assert!(!contact.fill_details("x", now, both), "all or nothing");
        assert_eq!(
            (contact.details.company.as_str(), contact.details.nationality.as_str()),
            ("Acme", "French")
        );

        contact.revert("nationality", now).unwrap();
        assert_eq!(contact.details.nationality, "Italian");
        assert!(!contact.fill_details("No, French!", now, nationality("French")), "a person put it back");
        assert!(contact.revert("nationality", now).is_err());
        assert!(contact.revert("company", now).is_err());
    }

    #[test]
    fn what_stood_nowhere_is_empty_again() {
        let now = Timestamp::from_second(60).unwrap();
        let mut contact = somebody(Details::default(), Author::System);
        let phone: crate::Phone = "+393331234567".to_owned().try_into().unwrap();
        assert!(contact.fill_details("Call +39 333 123 4567", now, |details| details.phone = Some(phone)));
        contact.revert("phone", now).unwrap();
        assert_eq!(contact.details.phone, None);
        assert!(contact.fill_custom_field("budget", json!(5), "Five.", now));
        assert!(contact.fill_custom_field("budget", json!(6), "Six.", now));
        contact.revert("custom_fields.budget", now).unwrap();
        assert_eq!(contact.details.custom_fields["budget"], json!(5));
        assert!(contact.fill_preference("language", "it", "In italiano", now));
        contact.revert("preferences.language", now).unwrap();
        assert!(contact.details.preferences.is_empty());
        assert!(!contact.fill_preference("language", "it", "In italiano", now));
        contact.set_status(LeadStatus::Qualified, Provenance::new(Author::Ai, now));
        contact.revert("status", now).unwrap();
        assert_eq!((contact.status, contact.provenance["status"].by), (LeadStatus::New, Author::Human));
    }
}
