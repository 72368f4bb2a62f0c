//! What single lines of a transcript hold: who speaks, addresses, names, the language.

use super::Found;
use super::words::{BUDGET, NAMING, ORIGINS, PRACTICES};
use crate::openai::{ascii_digits, fold};
use domain::{nationality, text};

const CALLEES: &[&str] = &["user", "lead", "customer", "client", "caller", "callee", "contact"];
const AGENTS: &[&str] = &["agent", "assistant", "bot", "ai"];

/// The part of a prompt that is a transcript, where it says so.
fn transcript(prompt: &str) -> &str {
    prompt.split_once("\nTranscript").map_or(prompt, |(_, rest)| rest)
}

/// The texts of the lines of these speakers: `user: ...`, also behind a number or a time.
fn spoken<'a>(prompt: &'a str, names: &'static [&'static str]) -> impl Iterator<Item = String> + 'a {
    transcript(prompt).lines().filter_map(move |line| {
        let (speaker, text) = line.split_once(": ")?;
        let speaker = speaker.split_whitespace().next_back()?;
        let speaker = speaker.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        (speaker.len() < 12 && names.contains(&speaker.as_str())).then(|| text.trim().to_owned())
    })
}

/// The texts of the lines that the callee spoke. Where nobody is named, all lines.
pub(super) fn callee_lines(prompt: &str) -> Vec<String> {
    let lines: Vec<String> = spoken(prompt, CALLEES).collect();
    if !lines.is_empty() || spoken(prompt, AGENTS).next().is_some() {
        return lines;
    }
    let rest = prompt.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Now:"));
    rest.map(str::to_owned).collect()
}

/// The texts of the lines that the agent spoke.
pub(super) fn agent_lines(prompt: &str) -> Vec<String> {
    spoken(prompt, AGENTS).collect()
}

/// The first number of a line that speaks of a budget, in plain digits.
pub(super) fn budget_in(line: &str) -> Option<String> {
    if !says(line, BUDGET) {
        return None;
    }
    let line = ascii_digits(line);
    let from = line.find(|c: char| c.is_ascii_digit())?;
    let number = line[from..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '.'));
    Some(number.filter(char::is_ascii_digit).collect())
}

pub(super) fn says(line: &str, phrases: &[&str]) -> bool {
    let line = fold(line);
    phrases.iter().any(|phrase| line.contains(&fold(phrase)))
}

pub(super) fn found(value: Option<String>, line: &str) -> Option<Found> {
    value.map(|value| Found { value, quote: line.to_owned() })
}

pub(super) fn email_in(line: &str) -> Option<String> {
    line.split_whitespace().find_map(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let (name, host) = word.split_once('@')?;
        let whole = !name.is_empty() && host.contains('.') && !host.contains('@');
        whole.then(|| word.to_lowercase())
    })
}

pub(super) fn phone_in(line: &str) -> Option<String> {
    let from = line.find('+')?;
    let number: String = line[from + 1..]
        .chars()
        .take_while(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'))
        .filter(char::is_ascii_digit)
        .collect();
    (8..=15).contains(&number.len()).then(|| format!("+{number}"))
}

pub(super) fn name_in(line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    // Positions hold only where lower case has kept the lengths.
    if lower.len() != line.len() {
        return None;
    }
    let from = NAMING.iter().find_map(|intro| lower.find(intro).map(|at| at + intro.len()))?;
    let name: Vec<&str> = line[from..]
        .split([',', '.', ';', '!', '?', '।'])
        .next()?
        .split_whitespace()
        .take_while(|word| !word.starts_with(|c: char| c.is_lowercase()) && !["है", "হলো"].contains(word))
        .take(3)
        .collect();
    (!name.is_empty()).then(|| name.join(" "))
}

/// Of which nationality somebody says they are, as they say it.
pub(super) fn nationality_in(line: &str) -> Option<String> {
    let words = text::words(line);
    (0..words.len()).find_map(|at| {
        let intro = ORIGINS.iter().find(|intro| words[at..].starts_with(&text::words(intro)))?;
        let rest = &words[at + text::words(intro).len()..];
        let (_, count) = nationality::beginning(rest)?;
        Some(rest[..count].join(" "))
    })
}

pub(super) fn practice_in(line: &str) -> Option<String> {
    PRACTICES.iter().find(|(_, words)| says(line, words)).map(|(code, _)| (*code).to_owned())
}

pub(crate) fn language_of(text: &str) -> &'static str {
    if text.chars().any(|c| ('\u{900}'..='\u{97f}').contains(&c)) {
        return "hi";
    }
    if text.chars().any(|c| ('\u{980}'..='\u{9ff}').contains(&c)) {
        return "bn";
    }
    let text = fold(text);
    let words = |known: &[&str]| {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| known.contains(word)).count()
    };
    let italian = words(&["sono", "che", "mi", "per", "di", "non", "favore", "richiami", "grazie"]);
    let indonesian = words(&["saya", "tolong", "jam", "hari", "ya", "tidak", "lagi", "jangan", "kirim"]);
    match italian.max(indonesian) {
        0 | 1 => "en",
        _ if italian >= indonesian => "it",
        _ => "id",
    }
}
