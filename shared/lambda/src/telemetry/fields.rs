//! The fields of a span or an event.

use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Debug;
use tracing::field::{Field, Visit};

/// Fields by name, as they go into a line.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) values: Map<String, Value>,
    /// Which of them were given as a `str`: words out of a closed set. What is printed (`%id`, `?thing`)
    /// is not.
    pub(super) words: BTreeSet<&'static str>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.words.remove(field.name());
        self.values.insert(field.name().to_owned(), value.into());
    }

    /// Takes a field out that holds a text.
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        self.words.remove(name);
        match self.values.remove(name)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
        self.words.insert(field.name());
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        self.put(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }
}
