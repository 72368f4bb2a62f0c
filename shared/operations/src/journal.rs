//! Writing down what happened, in the step in which it happens.

use crate::context::Context;
use crate::error::Result;
use domain::ContactId;
use serde::Serialize;
use serde_json::{Map, Value};
use store::{AuditEntry, Change, Transaction};

impl Context {
    /// Tells the feed of changes that a record changed: `created`, `updated`, `deleted`, or a new status.
    pub(crate) fn changed(
        &self,
        step: &mut Transaction,
        kind: &str,
        subject: impl ToString,
        what: &str,
    ) -> Result<()> {
        let at = self.now();
        let change = Change {
            id: self.platform.ids.ulid(at),
            at,
            kind: kind.to_owned(),
            subject: subject.to_string(),
            what: what.to_owned(),
        };
        Ok(step.put(&change)?)
    }

    /// Tells the audit who did what, with the fields that it changed, and the feed that it happened.
    /// `action` is a kind of record and what was done to it, such as `lead.updated`.
    pub(crate) fn audited<T: Serialize>(
        &self,
        step: &mut Transaction,
        action: &str,
        subject: impl ToString,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<()> {
        self.audited_of(step, action, subject, None, before, after)
    }

    /// The same about a record that belongs to a person without naming them.
    pub(crate) fn audited_of<T: Serialize>(
        &self,
        step: &mut Transaction,
        action: &str,
        subject: impl ToString,
        contact: Option<ContactId>,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<()> {
        let (at, subject) = (self.now(), subject.to_string());
        let (before, after) = (fields(before), fields(after));
        let named = || [&after, &before].into_iter().flatten().find_map(contact_in);
        let contact = contact.or_else(named).filter(|contact| contact.to_string() != subject);
        let (before, after) = difference(before, after);
        step.create(&AuditEntry {
            id: self.platform.ids.ulid(at),
            at,
            actor: self.actor.name(),
            action: action.to_owned(),
            subject: subject.clone(),
            contact,
            outcome: "done".to_owned(),
            before,
            after,
            request: self.correlation.clone(),
        })?;
        let (kind, what) = action.split_once('.').unwrap_or((action, "updated"));
        self.changed(step, kind, subject, what)
    }
}

/// What a record shows; empty, if that has no names.
fn fields<T: Serialize>(record: Option<&T>) -> Option<Map<String, Value>> {
    record.map(|record| match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    })
}

/// Whose record it is, by the names that views have for that.
fn contact_in(fields: &Map<String, Value>) -> Option<ContactId> {
    ["client_id", "contact_id", "lead_id"]
        .into_iter()
        .find_map(|name| fields.get(name)?.as_str()?.parse().ok())
}

/// The fields that differ, as they were and as they are.
fn difference(before: Option<Map<String, Value>>, after: Option<Map<String, Value>>) -> (Value, Value) {
    let (is_old, is_new) = (before.is_some(), after.is_some());
    let (mut old, mut new) = (before.unwrap_or_default(), after.unwrap_or_default());
    let same: Vec<String> =
        old.iter().filter(|(k, v)| new.get(*k) == Some(v)).map(|(k, _)| k.clone()).collect();
    for name in same {
        old.remove(&name);
        new.remove(&name);
    }
    let or_null =
        |fields: Map<String, Value>, there: bool| if there { Value::Object(fields) } else { Value::Null };
    (or_null(old, is_old), or_null(new, is_new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_audit_keeps_what_differs() {
        let (before, after) = difference(
            fields(Some(&json!({"a": 1, "b": 2}))),
            fields(Some(&json!({"a": 1, "b": 3, "c": 4}))),
        );
        assert_eq!((before, after), (json!({"b": 2}), json!({"b": 3, "c": 4})));
        assert_eq!(difference(None, fields(Some(&json!({"a": 1})))), (Value::Null, json!({"a": 1})));
    }
}
