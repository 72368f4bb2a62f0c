//! What is wrong with a value, said so that its author can mend it.

use std::fmt::Display;

/// A value that was refused, with a sentence for the person who sent it.
///
/// The sentence names no internals and never repeats the value, which may be personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// JSON pointer of the field inside the document that was checked; empty for the value itself.
    pub pointer: String,
    /// One sentence, fit for a user.
    pub message: String,
}

impl Invalid {
    /// A refusal of the value itself.
    pub fn new(message: impl Into<String>) -> Self {
        Self { pointer: String::new(), message: message.into() }
    }

    /// A refusal of one field of a document; `pointer` is a JSON pointer such as `/consent/voice`.
    pub fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }

    /// The pointer to what serde calls `path`, such as `/tags/3` to `tags[3]`; `.` is the document itself.
    pub fn pointer_of(path: &impl Display) -> String {
        match path.to_string().as_str() {
            "." => String::new(),
            path => format!("/{}", path.replace(['.', '['], "/").replace(']', "")),
        }
    }

    /// The same refusal, seen from a document that holds the value at `prefix`.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_pointer() {
        for (path, pointer) in [(".", ""), ("name", "/name"), ("tags[3]", "/tags/3"), ("a[0].b", "/a/0/b")] {
            assert_eq!(Invalid::pointer_of(&path), pointer);
        }
    }
}
