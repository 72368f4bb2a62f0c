//! Patterns that are compiled when they are first used: the part of the crate `regex-cache` that `phonenumber` builds on.
//!
//! That crate has had no release since 2019. It parses each of the world's thousands of patterns with a parser of its own when
//! the first number is read, though a function meets the numbers of a few countries; and that parser, an old copy of the
//! one in `regex`, is part of every package. Here a pattern is taken as it is: those of the numbering plans are checked by a
//! test of `domain`, for all of them.

pub use regex::Error;

use regex::{Captures, Match, Regex, RegexBuilder, Replacer};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock};

/// Where compiled patterns would be kept; each keeps its own.
#[derive(Debug, Clone, Default)]
pub struct RegexCache;

impl RegexCache {
    /// A cache, whatever its size.
    pub fn new(_capacity: usize) -> Self {
        Self
    }
}

/// A pattern that is compiled when it is first used. One that is none matches nothing.
#[derive(Debug, Clone)]
pub struct CachedRegex {
    source: String,
    ignore_whitespace: bool,
    compiled: OnceLock<Option<Regex>>,
}

impl CachedRegex {
    fn compiled(&self) -> Option<&Regex> {
        let compile =
            || RegexBuilder::new(&self.source).ignore_whitespace(self.ignore_whitespace).build().ok();
        self.compiled.get_or_init(compile).as_ref()
    }

    /// As [`Regex::is_match`].
    pub fn is_match(&self, text: &str) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(text))
    }

    /// As [`Regex::find`].
    pub fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.compiled()?.find(text)
    }

    /// As [`Regex::captures`].
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.compiled()?.captures(text)
    }

    /// As [`Regex::captures_len`].
    pub fn captures_len(&self) -> usize {
        self.compiled().map_or(0, Regex::captures_len)
    }

    /// As [`Regex::replace`].
    pub fn replace<'t>(&self, text: &'t str, by: impl Replacer) -> Cow<'t, str> {
        match self.compiled() {
            Some(regex) => regex.replace(text, by),
            None => Cow::Borrowed(text),
        }
    }

    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

/// How a pattern is made.
#[derive(Debug)]
pub struct CachedRegexBuilder(CachedRegex);

impl CachedRegexBuilder {
    /// A pattern.
    pub fn new(_cache: Arc<Mutex<RegexCache>>, source: &str) -> Self {
        Self(CachedRegex { source: source.to_owned(), ignore_whitespace: false, compiled: OnceLock::new() })
    }

    /// Whether blanks in the pattern mean nothing.
    pub fn ignore_whitespace(&mut self, yes: bool) -> &mut Self {
        self.0.ignore_whitespace = yes;
        self
    }

    /// The pattern. It never fails.
    pub fn build(&self) -> Result<CachedRegex, Error> {
        Ok(self.0.clone())
    }
}
