//! The language of templates: a small part of Jinja, run by minijinja.
//!
//! A template may print values, ask (`if`) and go through lists (`for`). It cannot put texts together into longer
//! ones, define or include anything, so that what it may take of time and memory is bounded: by the number of
//! steps (`FUEL`), by the length of what is printed, and by the length of the template itself.

use crate::Invalid;
use minijinja::value::{Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde_json::Value as Json;
use std::io::{self, Write};

/// How many steps a template may take.
const FUEL: u64 = 20_000;
/// What a tag may begin with.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
/// What may stand before a parenthesis besides a filter.
const KEYWORDS: [&str; 9] = ["if", "elif", "else", "in", "for", "and", "or", "not", "is"];
/// What a value may be passed through.
const FILTERS: [&str; 9] =
    ["default", "upper", "lower", "capitalize", "trim", "join", "length", "first", "last"];
/// What may be asked of a value with `is`.
const TESTS: [&str; 3] = ["defined", "none", "empty"];
/// The longest text that `join` makes, in bytes.
const JOINED_MAX: usize = 20_000;

/// Templates with the values that they print.
#[derive(Debug)]
pub(crate) struct Printer {
    environment: Environment<'static>,
    values: Value,
}

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    line: Option<usize>,
    message: String,
}

impl Fault {
    fn at(line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl From<Fault> for Invalid {
    fn from(fault: Fault) -> Self {
        Self::new(fault.to_string())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let message = match error.kind() {
            ErrorKind::OutOfFuel => "takes too many steps".to_owned(),
            ErrorKind::UndefinedError => "uses a value that is not there".to_owned(),
            kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
        };
        Self { line: error.line(), message }
    }
}

impl Printer {
    /// A printer of these values.
    pub(crate) fn new(values: &Json) -> Self {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("default", |value: &Value, other: Rest<Value>| {
            let other = other.first().cloned().unwrap_or_else(|| Value::from(""));
            if is_empty(value) { other } else { value.clone() }
        });
        environment.add_filter("upper", |text: String| text.to_uppercase());
        environment.add_filter("lower", |text: String| text.to_lowercase());
        environment.add_filter("capitalize", |text: String| capitalized(&text));
        environment.add_filter("trim", |text: String| text.trim().to_owned());
        environment.add_filter("length", |value: &Value| {
            value.len().ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "has no length"))
        });
        environment.add_filter("first", |value: &Value| end(value, false));
        environment.add_filter("last", |value: &Value| end(value, true));
        environment.add_filter("join", join);
        environment.add_test("defined", |value: &Value| !value.is_undefined());
        environment.add_test("none", Value::is_none);
        environment.add_test("empty", is_empty);
        Self { environment, values: value_of(values) }
    }

    /// What a template prints, at most `max` characters of it; `true` if there would be more.
    pub(crate) fn print(&self, source: &str, max: usize) -> Result<(String, bool), Fault> {
        tokens(source)?;
        let template = self.environment.template_from_str(source)?;
        let mut page = Page { bytes: Vec::new(), room: max * 4, is_full: false };
        match template.render_captured_to(self.values.clone(), &mut page) {
            Ok(_) => {}
            Err(_) if page.is_full => {}
            Err(error) => return Err(error.into()),
        }
        let text = String::from_utf8_lossy(&page.bytes);
        let short = crate::text::shortened(text.trim_end_matches('\u{fffd}'), max);
        let is_cut = page.is_full || text.chars().count() > max;
        Ok((short, is_cut))
    }

    /// Checks a template against these values: its syntax, every name in it, in whatever branch, and that what it
    /// prints is at most `max` characters long.
    pub(crate) fn check(&self, source: &str, max: usize, values: &Json) -> Result<(), Fault> {
        let tokens = tokens(source)?;
        let template = self.environment.template_from_str(source)?;
        let mut unknown: Vec<_> = template
            .undeclared_variables(true)
            .iter()
            .filter_map(|name| unknown_part(name, values))
            .collect();
        unknown.sort();
        if let Some((path, part)) = unknown.into_iter().next() {
            let token = tokens.iter().find(|token| token.kind == Kind::Word && token.text == part);
            let line = token.map_or(1, |token| token.line);
            return Err(Fault::at(line, format!("{path} is not a value that a call has")));
        }
        match self.print(source, max)? {
            (_, true) => Err(Fault { line: None, message: format!("prints more than {max} characters") }),
            _ => Ok(()),
        }
    }
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(is) => Value::from(*is),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::from(whole),
            None => Value::from(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(value_of).collect(),
        Json::Object(fields) => {
            Value::from_pairs(fields.iter().map(|(name, value)| (name.as_str(), value_of(value))))
        }
    }
}

/// The part of a dotted name that the values do not have: the name up to it, and itself.
fn unknown_part(name: &str, values: &Json) -> Option<(String, String)> {
    let mut place = values;
    let mut path = String::new();
    for part in name.split('.') {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(part);
        match place {
            // What keys these have is the lead's own matter.
            Json::Object(_) if matches!(path.as_str(), "lead.preferences" | "lead.custom_fields") => {
                return None;
            }
            Json::Object(fields) => match fields.get(part) {
                Some(value) => place = value,
                None => return Some((path, part.to_owned())),
            },
            Json::Array(_) => return None,
            _ => return Some((path, part.to_owned())),
        }
    }
    None
}

fn is_empty(value: &Value) -> bool {
    value.is_undefined() || value.is_none() || value.len() == Some(0)
}

fn end(value: &Value, last: bool) -> Result<Value, Error> {
    let mut items = value.try_iter()?;
    let item = if last { items.last() } else { items.next() };
    Ok(item.unwrap_or_else(|| Value::from("")))
}

fn join(value: &Value, between: Rest<String>) -> Result<String, Error> {
    let between = between.first().map_or(", ", String::as_str);
    if value.kind() == ValueKind::String {
        return Ok(value.to_string());
    }
    let mut joined = String::new();
    for (n, item) in value.try_iter()?.enumerate() {
        if n > 0 {
            joined.push_str(between);
        }
        joined.push_str(&item.to_string());
        if joined.len() > JOINED_MAX {
            return Err(Error::new(ErrorKind::InvalidOperation, "joins more than fits"));
        }
    }
    Ok(joined)
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What is printed, as long as there is room.
struct Page {
    bytes: Vec<u8>,
    room: usize,
    is_full: bool,
}

impl Write for Page {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let room = self.room - self.bytes.len();
        self.bytes.extend_from_slice(&text[..text.len().min(room)]);
        if text.len() > room {
            self.is_full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A tag begins.
    Tag,
    Word,
    Text,
    Sign,
}

/// A word, text or sign within braces.
#[derive(Debug)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    line: usize,
}

/// The tokens of a template, if it keeps to the language.
fn tokens(source: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(at) = rest.find('{') {
        line += newlines(&rest[..at]);
        rest = &rest[at..];
        let (inner, close) = match rest.as_bytes().get(1) {
            Some(b'{') => (Kind::Sign, "}}"),
            Some(b'%') => (Kind::Tag, "%}"),
            Some(b'#') => {
                let end = rest.find("#}").ok_or_else(|| Fault::at(line, "a comment does not end"))?;
                line += newlines(&rest[..end]);
                rest = &rest[end + 2..];
                continue;
            }
            _ => {
                rest = &rest[1..];
                continue;
            }
        };
        tokens.push(Token { kind: inner, text: "", line });
        rest = code(&rest[2..], close, &mut line, &mut tokens)?;
    }
    keeps_to_language(&tokens)?;
    Ok(tokens)
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// Reads what stands within braces, up to its end, and answers what follows.
fn code<'a>(
    source: &'a str,
    close: &str,
    line: &mut usize,
    tokens: &mut Vec<Token<'a>>,
) -> Result<&'a str, Fault> {
    let begun = *line;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = source;
    loop {
        let Some(first) = rest.chars().next() else { return Err(Fault::at(begun, "a brace does not close")) };
        if let Some(after) = rest.strip_prefix(close) {
            return Ok(after);
        }
        let (kind, len) = match first {
            '"' | '\'' => {
                (Kind::Text, text_len(rest, first).ok_or_else(|| Fault::at(*line, "a text does not end"))?)
            }
            c if is_word(c) => (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            c => (Kind::Sign, c.len_utf8()),
        };
        let (text, after) = rest.split_at(len);
        if !first.is_whitespace() {
            tokens.push(Token { kind, text, line: *line });
        }
        *line += newlines(text);
        rest = after;
    }
}

/// How long a quoted text is, quotes included; none if it does not end.
fn text_len(source: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in source.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn keeps_to_language(tokens: &[Token<'_>]) -> Result<(), Fault> {
    let is_sign =
        |token: Option<&Token<'_>>, sign: &str| token.is_some_and(|t| t.kind == Kind::Sign && t.text == sign);
    for (n, token) in tokens.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|n| tokens.get(n));
        let refuse = |message: String| Err(Fault::at(token.line, message));
        match token.kind {
            Kind::Tag => {
                let word = tokens[n + 1..].iter().find(|token| token.kind != Kind::Sign);
                let word = word.map_or("", |word| word.text);
                if !STATEMENTS.contains(&word) {
                    return refuse(format!("{word} is not a tag here: {} are", STATEMENTS.join(", ")));
                }
            }
            Kind::Sign if matches!(token.text, "*" | "~" | "+") && !is_trim(tokens, n) => {
                return refuse(format!("{} is not used here: write texts side by side", token.text));
            }
            Kind::Word if token.text == "recursive" => {
                return refuse("recursive is not used here".to_owned());
            }
            Kind::Word if is_sign(before, "|") && !FILTERS.contains(&token.text) => {
                return refuse(format!("{} is not a filter here: {} are", token.text, FILTERS.join(", ")));
            }
            Kind::Word if before.is_some_and(|word| word.kind == Kind::Word && word.text == "is") => {
                let test =
                    if token.text == "not" { tokens.get(n + 1).map_or("", |t| t.text) } else { token.text };
                if !TESTS.contains(&test) {
                    return refuse(format!("{test} is not a test here: {} are", TESTS.join(", ")));
                }
            }
            Kind::Word if is_sign(tokens.get(n + 1), "(") => {
                let is_filter = is_sign(before, "|");
                if !is_filter && !KEYWORDS.contains(&token.text) {
                    return refuse(format!("{} is not a function: there are none", token.text));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a plus stands where it keeps white space: right after an opening brace.
fn is_trim(tokens: &[Token<'_>], n: usize) -> bool {
    let opens =
        |token: &Token<'_>| token.kind == Kind::Tag || (token.kind == Kind::Sign && token.text.is_empty());
    tokens[n].text == "+" && n.checked_sub(1).is_some_and(|n| opens(&tokens[n]))
}

#[cfg(test)]
mod tests;
