//! Whether what a model wants to say is backed by a record: prices, dates and promises that nobody made are not said.
//!
//! The review is made of words and numbers alone, in five languages, so that it costs nothing and cannot be talked
//! out of anything. It errs on the side of silence: a sentence that it cannot match with a record is left out.

mod mentions;
mod terms;

use crate::text::folded;
use jiff::Zoned;
use mentions::{Mention, mentions};
use std::collections::BTreeSet;
use terms::{BARGAINS, CONFIRMATIONS, CONTACTS, contained};

/// What a reply may rest on.
#[derive(Debug, Clone)]
pub struct Ground {
    now: Zoned,
    facts: String,
    known: BTreeSet<Mention>,
    asked: BTreeSet<Mention>,
    /// Whether somebody will really come back to them: a task, a call, or what goes with this reply.
    pub follow_up: bool,
    /// Whether this reply takes down a wish of theirs, so that it may repeat when they want it.
    pub takes_request: bool,
}

/// What kind of thing is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// What something costs, or a share in hundredths.
    Price,
    /// When something is.
    Date,
    /// That something will be done, or is settled.
    Promise,
}

impl ClaimKind {
    /// The kind in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Date => "date",
            Self::Promise => "promise",
        }
    }
}

/// A sentence that nothing backs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it claims.
    pub kind: ClaimKind,
    /// The sentence.
    pub sentence: String,
}

/// A reply as it may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// What is left of it; empty if nothing is.
    pub text: String,
    /// What was taken out.
    pub claims: Vec<Claim>,
}

impl Ground {
    /// Nothing yet, at this instant of the clock by which the person is told times.
    pub fn new(now: Zoned) -> Self {
        Self {
            now,
            facts: String::new(),
            known: BTreeSet::new(),
            asked: BTreeSet::new(),
            follow_up: false,
            takes_request: false,
        }
    }

    /// Adds what a record or the business says: its numbers, days and words may be repeated.
    pub fn fact(&mut self, text: &str) {
        self.known.extend(mentions(text, &self.now));
        self.facts.push_str(&folded(text));
        self.facts.push('\n');
    }

    /// Adds an instant that a record holds.
    pub fn moment(&mut self, at: jiff::Timestamp) {
        let at = at.to_zoned(self.now.time_zone().clone());
        self.known.extend(Mention::of_instant(&at));
    }

    /// Adds what the person said: it may be asked about, and repeated where a wish is taken down.
    pub fn said(&mut self, text: &str) {
        self.asked.extend(mentions(text, &self.now));
    }

    fn unbacked(&self, sentence: &str) -> Option<ClaimKind> {
        let words = folded(sentence);
        let is_question = words.trim_end().ends_with(['?', '\u{61f}']);
        let claimed = mentions(sentence, &self.now);
        for mention in claimed.iter().filter(|mention| mention.claims()) {
            // The same in other words counts: 4 pm is 16:00, and 50,000 is 50k.
            let is_backed = self.known.iter().any(|known| known.agrees(mention));
            let is_theirs = (is_question || self.takes_request)
                && mention.is_time()
                && self.asked.iter().any(|asked| asked.agrees(mention));
            // To ask whether a day suits claims nothing.
            let is_offer = is_question && mention.is_day();
            if !is_backed && !is_theirs && !is_offer {
                return Some(if mention.is_time() { ClaimKind::Date } else { ClaimKind::Price });
            }
        }
        let is_backed =
            |phrases: &[&str]| contained(&words, phrases).iter().all(|said| self.facts.contains(said));
        let is_promise = !is_backed(BARGAINS)
            || (!is_question && !is_backed(CONFIRMATIONS))
            || (!is_question && !self.follow_up && !contained(&words, CONTACTS).is_empty());
        is_promise.then_some(ClaimKind::Promise)
    }
}

/// Takes out of a reply the sentences that nothing backs.
pub fn review(reply: &str, ground: &Ground) -> Reviewed {
    let (mut text, mut claims) = (String::new(), Vec::new());
    for sentence in sentences(reply) {
        match ground.unbacked(sentence) {
            Some(kind) => claims.push(Claim { kind, sentence: sentence.trim().to_owned() }),
            None => text.push_str(sentence),
        }
    }
    // A greeting, a list's bullet or a bare word alone is no answer.
    let text = text.trim();
    let says_something = text.chars().filter(|c| c.is_alphanumeric()).count() >= 2;
    Reviewed { text: if says_something { text.to_owned() } else { String::new() }, claims }
}

/// What stands before a full stop that ends no sentence.
const ABBREVIATIONS: [&str; 16] = [
    "rs", "mr", "mrs", "ms", "dr", "no", "approx", "a.m", "p.m", "rp", "sig", "dott", "st", "e.g", "i.e",
    "tk",
];

/// A text in its sentences, each with the space after it.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut begin = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let ends = match c {
            '.' => {
                let before = text[begin..at].rsplit(char::is_whitespace).next().unwrap_or_default();
                let before = before.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
                next.is_none_or(char::is_whitespace) && !ABBREVIATIONS.contains(&before.as_str())
            }
            '!' | '?' | '\u{2026}' => next.is_none_or(char::is_whitespace),
            '\n' | '\u{964}' | '\u{965}' | '\u{61f}' => true,
            _ => false,
        };
        if !ends {
            continue;
        }
        // The space behind a sentence goes with it.
        let mut end = at + c.len_utf8();
        while let Some((at, space)) = chars.next_if(|(_, next)| next.is_whitespace()) {
            end = at + space.len_utf8();
        }
        found.push(&text[begin..end]);
        begin = end;
    }
    if begin < text.len() {
        found.push(&text[begin..]);
    }
    found
}

#[cfg(test)]
mod tests;
