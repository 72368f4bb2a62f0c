//! What a model reads of a saved conversation: who the client is, what they want, and what has to be done. It is held to
//! the client's own words before anything is written.

use crate::analysis::Sentiment;
use crate::answer::{lenient, object};
use crate::contact::split_name;
use crate::practice::TypeCode;
use crate::{Country, Phone, nationality, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How many things to do, and how many things that were named, are kept.
const LIST_MAX: usize = 20;
/// Longest sentence that is kept as evidence, in characters.
const EVIDENCE_MAX: usize = 300;

/// What was read of a conversation, held to the client's words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Extraction {
    /// Who the client is.
    pub client: ReadClient,
    /// What they want, if one of the business's services.
    pub practice: Option<ReadPractice>,
    /// Their mood.
    pub sentiment: Sentiment,
    /// What was said, in a few sentences.
    pub summary: String,
    /// What somebody has to do now.
    pub action_items: Vec<String>,
    /// What was named.
    pub entities: Vec<NamedEntity>,
    /// The language that they wrote, ISO 639-1; empty if it is not known.
    pub language: String,
}

/// What a client said of themselves. What they did not say is not here, whatever a model made of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadClient {
    /// Their name.
    pub full_name: Option<Evident<String>>,
    /// Their telephone number.
    pub phone: Option<Evident<Phone>>,
    /// Another address of theirs than the one that they wrote from.
    pub email: Option<Evident<String>>,
    /// Of which nationality they are.
    pub nationality: Option<Evident<String>>,
    /// Whom they work for.
    pub company: Option<Evident<String>>,
    /// How sure the model is that it is a client who speaks, 0 to 1.
    pub confidence: f64,
}

impl ReadClient {
    /// Whether anything is known of them.
    pub fn says_something(&self) -> bool {
        self.full_name.is_some()
            || self.phone.is_some()
            || self.email.is_some()
            || self.nationality.is_some()
            || self.company.is_some()
    }

    /// Takes out what `other` says, too. Where nothing is left, nobody is sure of a client.
    pub fn remove(&mut self, other: &Self) {
        fn remove<T: PartialEq>(value: &mut Option<Evident<T>>, other: Option<&Evident<T>>) {
            value.take_if(|value| other.is_some_and(|other| other.value == value.value));
        }
        remove(&mut self.full_name, other.full_name.as_ref());
        remove(&mut self.phone, other.phone.as_ref());
        remove(&mut self.email, other.email.as_ref());
        remove(&mut self.nationality, other.nationality.as_ref());
        remove(&mut self.company, other.company.as_ref());
        if !self.says_something() {
            self.confidence = 0.0;
        }
    }
}

/// A service that a client wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadPractice {
    /// Which.
    pub practice_type_code: TypeCode,
    /// How sure the model is, 0 to 1; 0 where the client's words do not carry it.
    pub confidence: f64,
    /// The sentence of the client's that it rests on.
    pub evidence: String,
}

/// A value and the sentence of the client's that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evident<T> {
    /// The value.
    pub value: T,
    /// The sentence.
    pub evidence: String,
}

/// Something that was named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct NamedEntity {
    /// What kind of thing, such as `amount`, `date`, `place`.
    pub kind: String,
    /// What, in the client's words.
    pub value: String,
}

/// A model's answer, as it came.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    #[serde(deserialize_with = "lenient")]
    client: AnsweredClient,
    #[serde(deserialize_with = "lenient")]
    practice: AnsweredPractice,
    #[serde(deserialize_with = "lenient")]
    sentiment: Sentiment,
    #[serde(deserialize_with = "lenient")]
    summary: String,
    #[serde(deserialize_with = "lenient")]
    action_items: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    entities: Vec<NamedEntity>,
    #[serde(deserialize_with = "lenient")]
    language: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AnsweredClient {
    full_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    nationality: Option<String>,
    company: Option<String>,
    confidence: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AnsweredPractice {
    practice_type_code: Option<String>,
    confidence: f64,
    evidence: Option<String>,
}

impl Extraction {
    /// The JSON schema that a model's answer must fit, in the strict subset that `OpenAI` and Anthropic share. `codes` are
    /// those of the business's services.
    pub fn schema(codes: &[&str]) -> Value {
        let text = json!({"type": "string"});
        let maybe = json!({"type": ["string", "null"]});
        let number = json!({"type": "number"});
        let mut codes: Vec<Value> = codes.iter().map(|code| json!(code)).collect();
        codes.push(Value::Null);
        object(&json!({
            "client": object(&json!({"full_name": maybe, "email": maybe, "phone": maybe, "nationality": maybe,
                "company": maybe, "confidence": number, "evidence": maybe})),
            "practice": object(&json!({"practice_type_code": {"type": ["string", "null"], "enum": codes},
                "confidence": number, "evidence": maybe})),
            "sentiment": {"type": "string", "enum": ["positive", "neutral", "negative"]},
            "summary": text,
            "action_items": {"type": "array", "items": text},
            "entities": {"type": "array", "items": object(&json!({"kind": text, "value": text}))},
            "language": text,
        }))
    }

    /// Reads a model's answer and holds it to what the client wrote: `lines` are theirs alone. A value that is in none of
    /// them is left out; a service that no sentence of theirs names has no confidence. None if it is no answer.
    pub fn of(answer: Value, lines: &[&str], codes: &[&str], home: Option<Country>) -> Option<Self> {
        answer.get("summary")?.as_str()?;
        let answer: Answer = serde_json::from_value(answer).ok()?;
        let words = Words(lines.iter().flat_map(|line| sentences(line)).collect());
        let said = answer.client;
        let client = ReadClient {
            full_name: said.full_name.and_then(|name| words.name(&name)),
            phone: said.phone.and_then(|phone| words.phone(&phone, home)),
            email: said.email.and_then(|email| words.holding(&email)),
            nationality: said.nationality.and_then(|text| words.nationality(&text)),
            company: said.company.and_then(|company| words.holding(&company)),
            confidence: share(said.confidence),
        };
        let code = answer.practice.practice_type_code.and_then(|code| code.parse::<TypeCode>().ok());
        let practice = code.filter(|code| codes.contains(&code.as_str())).map(|practice_type_code| {
            let quote = answer.practice.evidence.and_then(|quote| words.quoted(&quote));
            let confidence = if quote.is_some() { share(answer.practice.confidence) } else { 0.0 };
            ReadPractice { practice_type_code, confidence, evidence: quote.unwrap_or_default() }
        });
        let tidy = |items: Vec<String>, max: usize| {
            let tidied = items.iter().map(|item| text::tidied(item, max)).filter(|item| !item.is_empty());
            tidied.take(LIST_MAX).collect()
        };
        let entities = answer.entities.into_iter().filter_map(|entity| {
            let value = words.holding(&entity.value)?.value;
            Some(NamedEntity { kind: text::tidied(&entity.kind, 60), value })
        });
        Some(Self {
            client,
            practice,
            sentiment: answer.sentiment,
            summary: text::tidied(&answer.summary, 2_000),
            action_items: tidy(answer.action_items, 300),
            entities: entities.take(LIST_MAX).collect(),
            language: text::tidied(&answer.language, 10),
        })
    }

    /// A conversation in which the client wrote nothing: there is nothing to ask a model about.
    pub fn of_silence() -> Self {
        Self { summary: "The client wrote nothing.".to_owned(), ..Self::default() }
    }
}

/// A share of one, whatever number stands there.
fn share(number: f64) -> f64 {
    if number.is_finite() { number.clamp(0.0, 1.0) } else { 0.0 }
}

/// The sentences of a text, each as it was written. A point inside a number or an address ends none.
fn sentences(line: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut rest = line;
    while let Some((at, mark)) = end_of_sentence(rest) {
        let (sentence, after) = rest.split_at(at + mark);
        sentences.push(sentence.trim());
        rest = after;
    }
    sentences.push(rest.trim());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// Where the first sentence ends, and how long its mark is, in bytes.
fn end_of_sentence(text: &str) -> Option<(usize, usize)> {
    let ends = |at: usize, mark: char| {
        mark == '\n'
            || ("!?\u{964}.".contains(mark)
                && text[at + mark.len_utf8()..].chars().next().is_none_or(char::is_whitespace))
    };
    text.char_indices().find(|(at, mark)| ends(*at, *mark)).map(|(at, mark)| (at, mark.len_utf8()))
}

/// The client's sentences.
struct Words<'a>(Vec<&'a str>);

impl Words<'_> {
    fn evident<T>(&self, value: T, carries: impl Fn(&str) -> bool) -> Option<Evident<T>> {
        let sentence = self.0.iter().find(|sentence| carries(sentence))?;
        Some(Evident { value, evidence: text::tidied(sentence, EVIDENCE_MAX) })
    }

    /// A text that stands in one of the sentences.
    fn holding(&self, value: &str) -> Option<Evident<String>> {
        let wanted = text::comparable(value);
        let has_letter = wanted.chars().any(char::is_alphanumeric);
        let value = text::tidied(value, 200);
        self.evident(value, |sentence| has_letter && text::comparable(sentence).contains(&wanted))
    }

    /// A name of which every word stands in one sentence.
    fn name(&self, name: &str) -> Option<Evident<String>> {
        let parts = text::words(name);
        let (first, last) = split_name(&text::tidied(name, 100));
        let carries = |sentence: &str| {
            let words = text::words(sentence);
            !parts.is_empty() && parts.iter().all(|part| words.contains(part))
        };
        self.evident([first, last].join(" ").trim().to_owned(), carries)
    }

    /// A number whose digits stand in one sentence, whatever stands between them.
    fn phone(&self, number: &str, home: Option<Country>) -> Option<Evident<Phone>> {
        let phone = Phone::parse(number, home).ok()?;
        let digits = |text: &str| text.chars().filter_map(crate::phone::decimal_digit).collect::<String>();
        // The country code may be ours; the last eight digits are theirs.
        let own = digits(phone.as_str());
        let own = own[own.len().saturating_sub(8)..].to_owned();
        self.evident(phone, |sentence| digits(sentence).contains(&own))
    }

    /// A nationality, or its country, that one sentence names in any word for it.
    fn nationality(&self, named: &str) -> Option<Evident<String>> {
        let key = nationality::key(named)?;
        let carries = |sentence: &str| {
            let words = text::words(sentence);
            (0..words.len())
                .any(|at| nationality::beginning(&words[at..]).is_some_and(|(found, _)| found == key))
        };
        self.evident(text::tidied(named, 100), carries).or_else(|| self.holding(named))
    }

    /// A quote that one of the sentences holds, or that holds some of them whole.
    fn quoted(&self, quote: &str) -> Option<String> {
        let wanted = text::comparable(quote);
        let is_said = wanted.chars().any(char::is_alphanumeric)
            && self.0.iter().any(|sentence| {
                let sentence = text::comparable(sentence);
                sentence.contains(&wanted) || wanted.contains(&sentence)
            });
        is_said.then(|| text::tidied(quote, EVIDENCE_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [&str; 2] = ["KITAS", "PT_PMA"];

    fn read(client: Value, practice: Value, lines: &[&str]) -> Extraction {
        let answer = json!({"client": client, "practice": practice, "sentiment": "positive", "summary": "S",
            "action_items": ["", "Send the list"], "entities": [{"kind": "goods", "value": "coffee"}, {"kind": "x", "value": "tea"}]});
        Extraction::of(answer, lines, &CODES, "ID".parse().ok()).unwrap()
    }

    #[test]
    fn what_the_client_said_is_kept_with_its_sentence() {
        let lines = [
            "Hi! My name is john SMITH. I want to open a PT PMA for coffee export.\nI am from Italy, call 0812-3456-7890",
        ];
        let read = read(
            json!({"full_name": "John Smith", "phone": "081234567890", "nationality": "Italian", "company": null,
                "email": "john@other.example", "confidence": 0.9}),
            json!({"practice_type_code": "pt pma", "confidence": 0.8, "evidence": "I want to open a PT PMA"}),
            &lines,
        );
        let name = read.client.full_name.unwrap();
        assert_eq!((name.value.as_str(), name.evidence.as_str()), ("John Smith", "My name is john SMITH."));
        assert_eq!(read.client.phone.unwrap().value.as_str(), "+6281234567890");
        assert_eq!(read.client.nationality.unwrap().evidence, "I am from Italy, call 0812-3456-7890");
        assert_eq!(read.client.email, None, "nobody said it");
        let practice = read.practice.unwrap();
        assert_eq!((practice.practice_type_code.as_str(), practice.confidence), ("PT_PMA", 0.8));
        assert_eq!(read.action_items, ["Send the list"]);
        assert_eq!(read.entities.len(), 1, "tea was not named");
    }

    #[test]
    fn what_a_model_makes_up_is_left_out() {
        let read = read(
            json!({"full_name": "Victor Invented", "phone": "+15557654321", "nationality": "French", "company": "Acme",
                "confidence": 7}),
            json!({"practice_type_code": "KITAS", "confidence": 0.99, "evidence": "I will pay in advance."}),
            &["Hello, how are you?"],
        );
        let nothing = ReadClient { confidence: 1.0, ..ReadClient::default() };
        assert_eq!(read.client, nothing);
        assert!(read.practice.unwrap().confidence <= 0.0, "a person is asked");
    }

    #[test]
    fn a_slip_costs_a_detail_and_no_answer_is_none() {
        let answer = json!({"client": "nobody", "practice": {"practice_type_code": "MARS_VISA"}, "summary": "S", "sentiment": "odd"});
        let read = Extraction::of(answer, &["x"], &CODES, None).unwrap();
        assert_eq!(
            (read.client, read.practice, read.sentiment),
            (ReadClient::default(), None, Sentiment::Neutral)
        );
        assert_eq!(Extraction::of(json!([]), &[], &CODES, None), None);
        assert_eq!(Extraction::of(json!({"client": {}}), &[], &CODES, None), None);
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        assert_eq!(
            sentences("Costs 1.5 m. Write a.b@c.it! ok\nনমস্কার। আমি"),
            ["Costs 1.5 m.", "Write a.b@c.it!", "ok", "নমস্কার।", "আমি"]
        );
    }
}
