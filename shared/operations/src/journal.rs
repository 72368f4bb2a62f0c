//! Writing down what happened, in the step in which it happens.

use crate::context::Context;
use crate::error::Result;
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
        let at = self.now();
        let (before, after) = difference(before, after);
        step.create(&AuditEntry {
            id: self.platform.ids.ulid(at),
            at,
            actor: self.actor.name(),
            action: action.to_owned(),
            subject: subject.to_string(),
            outcome: "done".to_owned(),
            before,
            after,
            request: self.correlation.clone(),
        })?;
        let (kind, what) = action.split_once('.').unwrap_or((action, "updated"));
        self.changed(step, kind, subject, what)
    }
}

/// The fields that differ, as they were and as they are.
fn difference<T: Serialize>(before: Option<&T>, after: Option<&T>) -> (Value, Value) {
    let fields = |value: Option<&T>| match value.map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields,
        _ => Map::new(),
    };
    let (mut old, mut new) = (fields(before), fields(after));
    let same: Vec<String> =
        old.iter().filter(|(k, v)| new.get(*k) == Some(v)).map(|(k, _)| k.clone()).collect();
    for name in same {
        old.remove(&name);
        new.remove(&name);
    }
    let or_null =
        |fields: Map<String, Value>, there: bool| if there { Value::Object(fields) } else { Value::Null };
    (or_null(old, before.is_some()), or_null(new, after.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_audit_keeps_what_differs() {
        let (before, after) =
            difference(Some(&json!({"a": 1, "b": 2})), Some(&json!({"a": 1, "b": 3, "c": 4})));
        assert_eq!((before, after), (json!({"b": 2}), json!({"b": 3, "c": 4})));
        assert_eq!(difference(None, Some(&json!({"a": 1}))), (Value::Null, json!({"a": 1})));
    }
}
