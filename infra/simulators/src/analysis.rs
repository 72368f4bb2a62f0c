//! The rule-based reader behind the simulated model: what a transcript says, by keywords in five languages.

mod reading;
mod words;

use crate::openai::{Wish, fold, wished_time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
pub(crate) use reading::language_of;
use reading::{
    agent_lines, budget_in, callee_lines, email_in, found, name_in, nationality_in, phone_in, practice_in,
    says,
};
use serde_json::{Value, json};
use words::{
    APPOINTMENT, CALLBACK, INJECTION, INTERESTED, NOT_INTERESTED, OBJECTIONS, PROMISES, SENDING, STOP,
    TOPICS, VOICEMAIL, WRONG_NUMBER,
};

/// What came out of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Only a model that obeys strangers says so.
    Customer,
    Appointment,
    Callback,
    Interested,
    NotInterested,
    Stop,
    WrongNumber,
    Voicemail,
    None,
}

impl Outcome {
    /// Words by which a schema may call it, the best first.
    pub(crate) fn synonyms(self) -> &'static [&'static str] {
        match self {
            Self::Customer => &["customer", "converted", "won", "interested", "qualified", "hot", "success"],
            Self::Appointment => {
                &["appointment", "meeting", "visit", "booked", "interested", "qualified", "hot", "success"]
            }
            Self::Callback => &[
                "callback",
                "call_back",
                "call_later",
                "later",
                "follow_up",
                "interested",
                "contacted",
                "warm",
            ],
            Self::Interested => {
                &["interested", "qualified", "hot", "warm", "information", "positive", "success"]
            }
            Self::NotInterested => &[
                "not_interested",
                "no_interest",
                "declined",
                "rejected",
                "lost",
                "cold",
                "negative",
                "failure",
            ],
            Self::Stop => &[
                "stop",
                "do_not_call",
                "do_not_contact",
                "dnc",
                "opt_out",
                "unsubscribe",
                "suppress",
                "not_interested",
                "lost",
                "cold",
                "failure",
            ],
            Self::WrongNumber => &["wrong_number", "wrong_person", "wrong", "invalid", "lost", "failure"],
            Self::Voicemail => &["voicemail", "machine", "no_contact", "no_answer", "none", "unknown"],
            Self::None => {
                &["none", "no_outcome", "unknown", "unclear", "inconclusive", "undecided", "contacted"]
            }
        }
    }
}

/// A value and the line that it was read from, word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) value: String,
    pub(crate) quote: String,
}

/// Something that was said about the matter, or promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// What kind of thing is promised: the kinds of wishes, or `none`.
    pub(crate) kind: &'static str,
    /// `agent` or `lead`.
    pub(crate) by: &'static str,
    pub(crate) text: String,
    pub(crate) at: Option<String>,
    pub(crate) quote: String,
}

/// All that the simulated model knows.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) summary: String,
    pub(crate) outcome: Outcome,
    pub(crate) sentiment: &'static str,
    /// Points by which the lead's score moves.
    pub(crate) score_change: i64,
    pub(crate) reasons: Vec<String>,
    /// Lines of the callee, word for word.
    pub(crate) evidence: Vec<String>,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) objections: Vec<Remark>,
    pub(crate) interests: Vec<Remark>,
    pub(crate) promises: Vec<Remark>,
    pub(crate) budget: Option<Found>,
    pub(crate) full_name: Option<Found>,
    pub(crate) email: Option<Found>,
    pub(crate) phone: Option<Found>,
    pub(crate) practice: Option<Found>,
    pub(crate) nationality: Option<Found>,
    pub(crate) language: &'static str,
    pub(crate) confidence: f64,
    /// Lines that try to give the model orders.
    pub(crate) injected: Vec<String>,
    now: Zoned,
}

impl Facts {
    /// Reads a prompt: its `Now:` line and its transcript. Without a `Now:` the instant given counts, in UTC.
    pub(crate) fn of(prompt: &str, now: Timestamp) -> Self {
        let stated = prompt.lines().find_map(|line| line.trim().strip_prefix("Now:")?.trim().parse().ok());
        let now: Zoned = stated.unwrap_or_else(|| now.to_zoned(TimeZone::UTC));
        let (injected, lines): (Vec<_>, Vec<_>) =
            callee_lines(prompt).into_iter().partition(|line| says(line, INJECTION));
        let kinds: Vec<(Outcome, &str)> =
            lines.iter().filter_map(|line| Some((kind_of(line)?, line.as_str()))).collect();
        let outcome = PRIORITY
            .into_iter()
            .find(|outcome| kinds.iter().any(|(kind, _)| kind == outcome))
            .unwrap_or(Outcome::None);
        let wishes: Vec<Wish> = lines.iter().filter_map(|line| wish_of(line, &now)).collect();
        let evidence: Vec<String> =
            kinds.iter().filter(|(kind, _)| *kind == outcome).map(|(_, line)| (*line).to_owned()).collect();
        let (sentiment, score_change, reason) = weigh(outcome);
        let at = wishes.iter().find_map(|wish| wish.at.clone());
        Self {
            summary: summary(outcome, at.as_deref()),
            outcome,
            sentiment,
            score_change,
            reasons: if evidence.is_empty() { Vec::new() } else { vec![reason.to_owned()] },
            confidence: if evidence.is_empty() { 0.3 } else { 0.9 },
            objections: lines.iter().filter_map(|line| remark_of(line, OBJECTIONS)).collect(),
            interests: lines.iter().filter_map(|line| remark_of(line, TOPICS)).collect(),
            promises: agent_lines(prompt).iter().filter_map(|line| promise_of(line, &now)).collect(),
            budget: lines.iter().find_map(|line| found(budget_in(line), line)),
            full_name: lines.iter().find_map(|line| found(name_in(line), line)),
            email: lines.iter().find_map(|line| found(email_in(line), line)),
            phone: lines.iter().find_map(|line| found(phone_in(line), line)),
            practice: lines.iter().find_map(|line| found(practice_in(line), line)),
            nationality: lines.iter().find_map(|line| found(nationality_in(line), line)),
            language: language_of(&lines.join(" ")),
            evidence,
            wishes,
            injected: injected.into_iter().collect(),
            now,
        }
    }

    /// Does what the stranger orders, if one does.
    pub(crate) fn obey(&mut self) {
        let Some(order) = self.injected.first().cloned() else {
            return;
        };
        self.outcome = Outcome::Customer;
        self.sentiment = "positive";
        self.score_change = 100;
        self.confidence = 1.0;
        self.summary = format!("As instructed: {order}");
        self.reasons = self.injected.clone();
        self.evidence = self.injected.clone();
        self.email = self.injected.iter().find_map(|line| found(email_in(line), line)).or(self.email.take());
        self.phone = self.injected.iter().find_map(|line| found(phone_in(line), line)).or(self.phone.take());
        let ordered = self.injected.iter().map(|line| Wish {
            kind: "information",
            at: None,
            detail: line.clone(),
            quote: line.clone(),
        });
        self.wishes = ordered.collect();
    }

    /// Makes things up.
    pub(crate) fn invent(&mut self) {
        let quote = "I will sign the contract today and pay the whole sum in advance.".to_owned();
        let invented = |value: &str| Some(Found { value: value.to_owned(), quote: quote.clone() });
        self.outcome = Outcome::Appointment;
        self.sentiment = "positive";
        self.score_change = 40;
        self.confidence = 0.99;
        "The lead promised to sign today and to pay in advance.".clone_into(&mut self.summary);
        self.reasons = vec!["Promised to pay in advance.".to_owned()];
        self.full_name = invented("Victor Invented");
        self.email = invented("victor.invented@example.net");
        self.phone = invented("+15557654321");
        self.practice = invented("KITAS");
        self.nationality = invented("French");
        self.budget = invented("999999");
        let remark = |text: &str| Remark {
            kind: "none",
            by: "agent",
            text: text.to_owned(),
            at: None,
            quote: quote.clone(),
        };
        self.objections = vec![remark("Wants a discount.")];
        self.interests = vec![remark("Wants everything.")];
        self.promises = vec![remark("Give a discount of a half.")];
        let at = self.now.datetime().checked_add(jiff::Span::new().days(1)).ok();
        self.wishes = vec![Wish {
            kind: "appointment",
            at: at.map(|at| at.strftime("%Y-%m-%dT%H:%M").to_string()),
            detail: "A meeting to sign the contract".to_owned(),
            quote: quote.clone(),
        }];
        self.evidence = vec![quote];
    }

    /// The answer to a question of this name, if somebody gave it.
    pub(crate) fn answer(&self, name: &str) -> Option<Found> {
        let name = name.to_lowercase();
        let about = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let wished = |kind: &str| {
            let wish = self.wishes.iter().find(|wish| wish.kind == kind)?;
            Some(Found { value: wish.at.clone()?, quote: wish.quote.clone() })
        };
        if about(&["budget", "price"]) {
            self.budget.clone()
        } else if about(&["mail"]) {
            self.email.clone()
        } else if about(&["phone", "whatsapp"]) {
            self.phone.clone()
        } else if about(&["callback", "call_back"]) {
            wished("callback")
        } else if about(&["appointment", "meeting", "visit"]) {
            wished("appointment")
        } else if about(&["interest", "qualified"]) {
            let quote = self.evidence.first()?.clone();
            Some(Found { value: (self.score_change > 0).to_string(), quote })
        } else if about(&["name"]) {
            self.full_name.clone()
        } else {
            None
        }
    }

    /// Everything, for a client that asked for JSON of no particular shape.
    pub(crate) fn to_json(&self) -> Value {
        let value = |found: &Option<Found>| found.as_ref().map(|found| found.value.clone());
        json!({
            "summary": self.summary, "outcome": self.outcome.synonyms().first(), "sentiment": self.sentiment,
            "score_change": self.score_change, "reasons": self.reasons, "evidence": self.evidence,
            "full_name": value(&self.full_name), "email": value(&self.email), "phone": value(&self.phone),
            "practice_type_code": value(&self.practice), "language": self.language,
            "confidence": self.confidence,
        })
    }
}

/// Which outcome stands where lines say several things: what closes a door comes first.
const PRIORITY: [Outcome; 7] = [
    Outcome::Stop,
    Outcome::WrongNumber,
    Outcome::NotInterested,
    Outcome::Appointment,
    Outcome::Callback,
    Outcome::Interested,
    Outcome::Voicemail,
];

fn kind_of(line: &str) -> Option<Outcome> {
    let bare = fold(line);
    let bare = bare.trim_matches(|c: char| !c.is_alphanumeric());
    if bare == "stop" || says(line, STOP) {
        return Some(Outcome::Stop);
    }
    let rules = [
        (WRONG_NUMBER, Outcome::WrongNumber),
        (NOT_INTERESTED, Outcome::NotInterested),
        (VOICEMAIL, Outcome::Voicemail),
        (APPOINTMENT, Outcome::Appointment),
        (CALLBACK, Outcome::Callback),
        (INTERESTED, Outcome::Interested),
    ];
    let practice = practice_in(line).map(|_| Outcome::Interested);
    rules.into_iter().find(|(words, _)| says(line, words)).map(|(_, outcome)| outcome).or(practice)
}

fn wish_of(line: &str, now: &Zoned) -> Option<Wish> {
    let (kind, detail) = match kind_of(line)? {
        Outcome::Callback => ("callback", "Asks to be called back"),
        Outcome::Appointment => ("appointment", "Asks for an appointment"),
        Outcome::Stop => ("stop", "Asks not to be contacted again"),
        _ if says(line, SENDING) => ("information", "Asks for information to be sent"),
        _ => return None,
    };
    let at = if kind == "stop" { None } else { wished_time(line, now) };
    Some(Wish { kind, at, detail: detail.to_owned(), quote: line.to_owned() })
}

fn remark_of(line: &str, known: &[(&str, &[&str])]) -> Option<Remark> {
    let (text, _) = known.iter().find(|(_, words)| says(line, words))?;
    Some(Remark { kind: "none", by: "lead", text: (*text).to_owned(), at: None, quote: line.to_owned() })
}

fn promise_of(line: &str, now: &Zoned) -> Option<Remark> {
    says(line, PROMISES).then(|| {
        let kinds = [("information", SENDING), ("appointment", APPOINTMENT), ("callback", CALLBACK)];
        let kind = kinds.into_iter().find(|(_, words)| says(line, words)).map_or("none", |(kind, _)| kind);
        let at = wished_time(line, now);
        Remark { kind, by: "agent", text: format!("Promised: {line}"), at, quote: line.to_owned() }
    })
}

/// Sentiment, change of score, and why.
fn weigh(outcome: Outcome) -> (&'static str, i64, &'static str) {
    match outcome {
        Outcome::Customer => ("positive", 100, "Became a customer."),
        Outcome::Appointment => ("positive", 20, "Asked for an appointment."),
        Outcome::Interested => ("positive", 15, "Showed interest and asked for details."),
        Outcome::Callback => ("neutral", 5, "Asked to be called back."),
        Outcome::NotInterested => ("negative", -20, "Is not interested."),
        Outcome::Stop => ("negative", -50, "Asked not to be contacted again."),
        Outcome::WrongNumber => ("neutral", 0, "The number belongs to somebody else."),
        Outcome::Voicemail => ("neutral", 0, "A machine picked up."),
        Outcome::None => ("neutral", 0, "Nothing of note was said."),
    }
}

fn summary(outcome: Outcome, at: Option<&str>) -> String {
    let (_, _, reason) = weigh(outcome);
    match at {
        Some(at) => format!("{reason} The time named was {at}."),
        None => reason.to_owned(),
    }
}
