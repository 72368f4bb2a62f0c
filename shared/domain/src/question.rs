//! Questions about clients and practices in people's own words, read by a grammar into one typed query.
//!
//! What the grammar knows are words for things, states, times, countries and services; what is left over names somebody: a
//! colleague, or a client.

mod words;

use crate::answer::object;
use crate::contact::ClientStatus;
use crate::interaction::InteractionType;
use crate::practice::{PracticeStatus, PracticeType, TypeCode};
use crate::{nationality, phone, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use words::{PHRASES, SERVICES};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// People.
    Clients,
    /// What they are being given, or were.
    Practices,
    /// What was said with them.
    Interactions,
}

/// A question as a query: all that is given has to fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Question {
    /// What is asked for.
    pub subject: Subject,
    /// Only practices that there is work left on, or clients with one.
    #[serde(default)]
    pub active: bool,
    /// How far practices are.
    #[serde(default)]
    pub status: Option<PracticeStatus>,
    /// Of what type they are.
    #[serde(default)]
    pub practice_type_code: Option<TypeCode>,
    /// Only practices that end within so many days.
    #[serde(default)]
    pub expiring_within_days: Option<u16>,
    /// Of which nationality clients are: a country's code in lower case.
    #[serde(default)]
    pub nationality: Option<String>,
    /// Where clients stand.
    #[serde(default)]
    pub client_status: Option<ClientStatus>,
    /// What interactions were.
    #[serde(default)]
    pub interaction_type: Option<InteractionType>,
    /// Words that name somebody: a colleague, or a client.
    #[serde(default)]
    pub named: Vec<String>,
    /// A telephone number or an e-mail address in the question.
    #[serde(default)]
    pub address: Option<String>,
}

/// How many days ahead ends are looked for where a question names no number.
const DAYS_AHEAD: u16 = 90;
/// How many days a question may look ahead.
const DAYS_MAX: u16 = 3_660;
/// How many words a question may have.
const WORDS_MAX: usize = 60;
/// How many words the longest phrase has.
const PHRASE_MAX: usize = 5;

/// What a phrase says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Atom {
    Subject(Subject),
    Expiring,
    Active,
    Status(PracticeStatus),
    ClientStatus(ClientStatus),
    Kind(InteractionType),
    /// A unit of time, in days.
    Days(u16),
    /// The time ahead.
    Ahead,
    /// Says nothing.
    Filler,
}

/// What was found at a place.
enum Found {
    Atom(Atom),
    Service(TypeCode),
    Nationality(String),
}

impl Question {
    /// Reads a question; `types` are the services that the business offers.
    pub fn read(question: &str, types: &[PracticeType]) -> Self {
        let (address, question) = taken_out(question);
        let words: Vec<String> = text::words(&question).into_iter().take(WORDS_MAX).collect();
        let mut read = Self {
            subject: Subject::Clients,
            active: false,
            status: None,
            practice_type_code: None,
            expiring_within_days: None,
            nationality: None,
            client_status: None,
            interaction_type: None,
            named: Vec::new(),
            address,
        };
        let (mut subject, mut of_practices) = (None, false);
        let (mut expiring, mut ahead, mut days) = (false, false, None);
        // A number and a unit of time, each with its place in the question.
        let (mut number, mut unit) = (None, None);
        let mut named = Vec::new();
        let mut at = 0;
        while at < words.len() {
            if let Some(n) = number_in(&words[at]) {
                // Of two numbers the one before the unit counts.
                named.extend(number.replace((n, at)).map(|(_, at)| at));
                at += 1;
                continue;
            }
            let Some((found, length)) = found_at(&words[at..], types) else {
                named.push(at);
                at += 1;
                continue;
            };
            match found {
                // Of two subjects the first is asked for: clients with an open practice.
                Found::Atom(Atom::Subject(named)) => {
                    of_practices |= named == Subject::Practices;
                    subject = subject.or(Some(named));
                }
                Found::Atom(Atom::Expiring) => expiring = true,
                Found::Atom(Atom::Active) => read.active = true,
                Found::Atom(Atom::Status(status)) => read.status = Some(status),
                Found::Atom(Atom::ClientStatus(status)) => read.client_status = Some(status),
                Found::Atom(Atom::Kind(kind)) => read.interaction_type = Some(kind),
                Found::Atom(Atom::Days(length)) => match number.take() {
                    Some((n, _)) => days = Some(length.saturating_mul(n).min(DAYS_MAX)),
                    None => named.extend(unit.replace((length, at)).map(|(_, at)| at)),
                },
                Found::Atom(Atom::Ahead) => ahead = true,
                Found::Atom(Atom::Filler) => {}
                Found::Service(code) => read.practice_type_code = Some(code),
                Found::Nationality(key) => read.nationality = Some(key),
            }
            at += length;
        }
        // Without a number a unit is one of them where the time ahead is spoken of; else it is a name, as Hari is. A number
        // alone is one of days where ends are spoken of.
        match unit {
            Some((length, _)) if days.is_none() && (expiring || ahead) => days = Some(length),
            _ => named.extend(unit.map(|(_, at)| at)),
        }
        match number {
            Some((n, _)) if days.is_none() && expiring => days = Some(n.min(DAYS_MAX)),
            _ => named.extend(number.map(|(_, at)| at)),
        }
        named.sort_unstable();
        read.named = named.into_iter().filter_map(|at| words.get(at).cloned()).collect();
        if expiring || days.is_some() {
            read.expiring_within_days = Some(days.unwrap_or(DAYS_AHEAD).max(1));
        }
        read.subject = subject.unwrap_or_else(|| read.implied());
        // Clients who are active are asked for by their own status, where no practice is spoken of.
        if read.subject == Subject::Clients && read.active && !of_practices && !read.speaks_of_practices() {
            read.active = false;
            read.client_status = read.client_status.or(Some(ClientStatus::Active));
        }
        read
    }

    /// What a question without a word for it asks for.
    fn implied(&self) -> Subject {
        if self.interaction_type.is_some() {
            Subject::Interactions
        } else if self.speaks_of_practices() || self.active {
            Subject::Practices
        } else {
            Subject::Clients
        }
    }

    /// Whether it says something of practices.
    pub fn speaks_of_practices(&self) -> bool {
        self.practice_type_code.is_some() || self.status.is_some() || self.expiring_within_days.is_some()
    }

    /// Whether it says anything at all beside names.
    pub fn says_something(&self) -> bool {
        self.speaks_of_practices()
            || self.active
            || self.nationality.is_some()
            || self.client_status.is_some()
            || self.interaction_type.is_some()
            || self.address.is_some()
    }

    /// The query in words, for whoever asked.
    pub fn in_words(&self, assignee: Option<&str>) -> String {
        let mut said = Vec::new();
        said.extend(self.active.then(|| "active".to_owned()));
        said.extend(self.client_status.map(|status| status.as_str().to_owned()));
        said.extend(self.status.map(PracticeStatus::words));
        said.extend(self.interaction_type.map(|kind| kind.as_str().to_owned()));
        let subject = match self.subject {
            Subject::Clients => "clients",
            Subject::Practices => "practices",
            Subject::Interactions => "interactions",
        };
        said.push(subject.to_owned());
        said.extend(self.practice_type_code.as_ref().map(|code| format!("of type {code}")));
        said.extend(self.nationality.as_ref().map(|key| format!("of nationality {key}")));
        said.extend(self.expiring_within_days.map(|days| format!("that end within {days} days")));
        said.extend(assignee.map(|assignee| format!("of {assignee}")));
        if assignee.is_none() && !self.named.is_empty() {
            said.push(format!("named {}", self.named.join(" ")));
        }
        said.extend(self.address.as_ref().map(|address| format!("with {address}")));
        said.join(" ")
    }

    /// The JSON schema of the query for a model, in the strict subset: what the grammar did not understand.
    pub fn schema(codes: &[&str]) -> Value {
        let maybe = |kind: &str| json!({"type": [kind, "null"]});
        let one_of = |mut words: Vec<Value>| {
            words.push(Value::Null);
            json!({"type": ["string", "null"], "enum": words})
        };
        let words = |words: &[&str]| words.iter().map(|word| json!(word)).collect::<Vec<Value>>();
        let statuses: Vec<&str> = PracticeStatus::ALL.into_iter().map(PracticeStatus::as_str).collect();
        let clients: Vec<&str> = ClientStatus::ALL.into_iter().map(ClientStatus::as_str).collect();
        let kinds: Vec<&str> = InteractionType::ALL.into_iter().map(InteractionType::as_str).collect();
        object(&json!({
            "subject": {"type": "string", "enum": ["clients", "practices", "interactions"]},
            "active": {"type": "boolean"},
            "status": one_of(words(&statuses)),
            "practice_type_code": one_of(words(codes)),
            "expiring_within_days": maybe("integer"),
            "nationality": maybe("string"),
            "client_status": one_of(words(&clients)),
            "interaction_type": one_of(words(&kinds)),
            "named": {"type": "array", "items": {"type": "string"}},
            "address": maybe("string"),
        }))
    }

    /// A model's answer as a query, brought into the forms that the grammar makes; none if it is none.
    pub fn of(answer: Value) -> Option<Self> {
        let mut question: Self = serde_json::from_value(answer).ok()?;
        question.nationality = question.nationality.as_deref().and_then(nationality::key);
        question.expiring_within_days = question.expiring_within_days.map(|days| days.clamp(1, DAYS_MAX));
        question.named = question.named.iter().flat_map(|name| text::words(name)).take(10).collect();
        Some(question)
    }
}

/// A telephone number or an e-mail address in a question, and the question without it.
fn taken_out(question: &str) -> (Option<String>, String) {
    let is_email = |word: &&str| word.contains('@') && word.contains('.');
    if let Some(word) = question.split_whitespace().find(is_email) {
        let address = word.trim_matches(|c: char| !c.is_alphanumeric());
        return (Some(address.to_owned()), question.replacen(word, " ", 1));
    }
    let is_of_number = |c: char| phone::decimal_digit(c).is_some() || "+()-. ".contains(c);
    let mut longest = "";
    for run in question.split(|c| !is_of_number(c)) {
        if run.trim().len() > longest.len() {
            longest = run.trim();
        }
    }
    let digits = longest.chars().filter(|c| phone::decimal_digit(*c).is_some()).count();
    if digits >= 6 {
        return (Some(longest.to_owned()), question.replacen(longest, " ", 1));
    }
    (None, question.to_owned())
}

fn number_in(word: &str) -> Option<u16> {
    let digits: Option<String> = word.chars().map(phone::decimal_digit).collect();
    digits.filter(|digits| !digits.is_empty())?.parse().ok()
}

/// The longest phrase that these words begin with, and how many of them it has.
fn found_at(words: &[String], types: &[PracticeType]) -> Option<(Found, usize)> {
    (1..=words.len().min(PHRASE_MAX)).rev().find_map(|length| {
        let phrase = words[..length].join(" ");
        let service = service(&phrase, types).map(Found::Service);
        let atom = || {
            let known = PHRASES.iter().find(|(_, phrases)| phrases.contains(&phrase.as_str()))?;
            Some(Found::Atom(known.0))
        };
        let nationality = || {
            let (key, taken) = nationality::beginning(words)?;
            (taken == length).then_some(Found::Nationality(key))
        };
        service.or_else(atom).or_else(nationality).map(|found| (found, length))
    })
}

/// The service of this name, among those that are offered.
fn service(phrase: &str, types: &[PracticeType]) -> Option<TypeCode> {
    let code = |kind: &PracticeType| text::words(kind.code.as_str()).join(" ");
    let plain = |kind: &PracticeType| text::words(kind.name.split('(').next().unwrap_or_default()).join(" ");
    if let Some(kind) = types.iter().find(|kind| code(kind) == phrase || plain(kind) == phrase) {
        return Some(kind.code.clone());
    }
    let known = SERVICES.iter().find(|(_, names)| names.contains(&phrase)).map(|(code, _)| *code)?;
    types.iter().find(|kind| kind.code.as_str() == known).map(|kind| kind.code.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::examples;
    use jiff::Timestamp;

    fn read(question: &str) -> Question {
        Question::read(question, &examples(Timestamp::UNIX_EPOCH))
    }

    #[test]
    fn workloads_are_asked_for_in_five_languages() {
        for question in [
            "active practices antonello",
            "Quante pratiche attive ha Antonello?",
            "berapa berkas aktif antonello",
            "antonello के सक्रिय मामले",
            "antonello এর সক্রিয় কাজ",
        ] {
            let read = read(question);
            assert_eq!((read.subject, read.active), (Subject::Practices, true), "{question}");
            assert_eq!(read.named, ["antonello"], "{question}");
        }
    }

    #[test]
    fn ends_are_asked_for_by_days_weeks_and_months() {
        for (question, days) in [
            ("practices expiring in 30 days", 30),
            ("pratiche in scadenza nei prossimi 60 giorni", 60),
            ("berkas yang akan berakhir dalam 2 minggu", 14),
            ("३० दिनों में समाप्त होने वाले मामले", 30),
            ("২ মাসে মেয়াদ শেষ", 60),
            ("renewals", 90),
            ("what has to renew next month", 30),
            ("practices expiring in 45", 45),
            ("pratiche questo mese", 30),
            ("berkas bulan depan", 30),
            ("अगले महीने के मामले", 30),
        ] {
            let read = read(question);
            assert_eq!(
                (read.subject, read.expiring_within_days),
                (Subject::Practices, Some(days)),
                "{question}"
            );
        }
    }

    #[test]
    fn clients_are_asked_for_by_country_and_service() {
        for question in [
            "clients from Italy with an open KITAS",
            "clienti italiani con una KITAS aperta",
            "klien dari Italia dengan KITAS aktif",
            "इटली के ग्राहक जिनके पास सक्रिय KITAS",
            "ইতালি থেকে গ্রাহক যাদের সক্রিয় KITAS আছে",
        ] {
            let read = read(question);
            assert_eq!(read.subject, Subject::Clients, "{question}");
            assert_eq!((read.nationality.as_deref(), read.active), (Some("it"), true), "{question}");
            assert_eq!(read.practice_type_code.as_ref().map(TypeCode::as_str), Some("KITAS"), "{question}");
            assert!(read.named.is_empty(), "{question}: {:?}", read.named);
        }
        assert_eq!(read("active clients").client_status, Some(ClientStatus::Active));
        let with_practice = read("clienti italiani con una pratica aperta");
        assert_eq!(
            (with_practice.subject, with_practice.active, with_practice.client_status),
            (Subject::Clients, true, None)
        );
        assert_eq!(read("prospects of maria").named, ["maria"]);
        assert_eq!(read("permesso di soggiorno in corso").status, Some(PracticeStatus::InProgress));
    }

    #[test]
    fn what_is_left_over_is_a_name_or_an_address() {
        assert_eq!(read("José O'Brien").named, ["jose", "o", "brien"]);
        assert_eq!(read("who is +39 333 123 4567").address.as_deref(), Some("+39 333 123 4567"));
        assert_eq!(read("john.smith@email.com practices").address.as_deref(), Some("john.smith@email.com"));
        assert_eq!(read("calls with maria").interaction_type, Some(InteractionType::Call));
        assert!(!read("zzz").says_something());
        assert_eq!(read("practices of bianchi 137").named, ["bianchi", "137"]);
        assert_eq!(read("hari sharma").named, ["hari", "sharma"]);
        assert!(!read("hari sharma").speaks_of_practices());
        let within = read("practices of hari sharma expiring in 30 days");
        assert_eq!(
            (within.expiring_within_days, within.named),
            (Some(30), vec!["hari".to_owned(), "sharma".to_owned()])
        );
        assert_eq!(read("practices expiring in 99999999999999 days").expiring_within_days, Some(1));
    }
}
