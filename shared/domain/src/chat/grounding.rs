//! Whether what a model wants to say is backed by a record: prices, dates and promises that nobody made are not said.
//!
//! The review is made of words and numbers alone, in five languages, so that it costs nothing and cannot be talked
//! out of anything. It errs on the side of silence: a sentence that it cannot match with a record is left out.

mod mentions;
mod terms;

use crate::text::folded;
use jiff::Zoned;
use mentions::{Mention, mentions, speaks_of_money};
use std::collections::BTreeSet;
use terms::{BARGAINS, CONFIRMATIONS, CONTACTS, OPENING, contained};

/// What a reply may rest on.
#[derive(Debug, Clone)]
pub struct Ground {
    now: Zoned,
    statements: String,
    known: BTreeSet<Mention>,
    hours: BTreeSet<Mention>,
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
            statements: String::new(),
            known: BTreeSet::new(),
            hours: BTreeSet::new(),
            asked: BTreeSet::new(),
            follow_up: false,
            takes_request: false,
        }
    }

    /// Adds what the business states: its numbers, days and words may be repeated.
    pub fn fact(&mut self, text: &str) {
        self.record(text);
        self.statements.push_str(&folded(text));
        self.statements.push('\n');
    }

    /// Adds what a record says: its numbers and days may be repeated. Its words promise nothing: that somebody asked for
    /// a discount gives them none.
    pub fn record(&mut self, text: &str) {
        self.known.extend(mentions(text, &self.now));
    }

    /// Adds opening hours, which back what is said of opening hours.
    pub fn opens(&mut self, text: &str) {
        self.hours.extend(mentions(text, &self.now));
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
        let of_hours = !contained(&words, OPENING).is_empty();
        for mention in mentions(sentence, &self.now).iter().filter(|mention| mention.claims()) {
            // The same in other words counts: 4 pm is 16:00, and 50,000 is 50k.
            let has = |known: &BTreeSet<Mention>| known.iter().any(|known| known.agrees(mention));
            let is_backed = has(&self.known) || of_hours && has(&self.hours);
            // To ask whether a day suits claims nothing; what they said may be asked about, and taken down.
            let is_offer = is_question && mention.is_time();
            let is_theirs = mention.is_plain() && has(&self.asked)
                || mention.is_time() && self.takes_request && has(&self.asked);
            if !is_backed && !is_offer && !is_theirs {
                return Some(if mention.is_time() { ClaimKind::Date } else { ClaimKind::Price });
            }
        }
        if speaks_of_money(sentence) {
            return Some(ClaimKind::Price);
        }
        let is_backed =
            |phrases: &[&str]| contained(&words, phrases).iter().all(|said| self.statements.contains(said));
        let is_promise = !is_backed(BARGAINS)
            || !is_backed(CONFIRMATIONS)
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
    // What is left of a reply may be a bullet or a bare mark.
    let text = text.trim();
    let says_something = claims.is_empty() || text.chars().filter(|c| c.is_alphanumeric()).count() >= 2;
    Reviewed { text: if says_something { text.to_owned() } else { String::new() }, claims }
}

/// What stands before a full stop that ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "rs", "mr", "mrs", "ms", "dr", "no", "approx", "a.m", "p.m", "rp", "sig", "dott", "st", "e.g", "i.e",
    "tk", "jan", "feb", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
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
