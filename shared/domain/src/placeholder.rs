//! `{{name}}` in a prompt or a first message: what the voice provider fills in when a call begins.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// What the provider itself knows begins with this.
const SYSTEM: &str = "system__";

enum Piece<'a> {
    Text(&'a str),
    /// As it stands there, and the name in it.
    Name(&'a str, &'a str),
}

/// The names that a text asks for, without those that the provider itself knows.
pub fn names(text: &str) -> BTreeSet<String> {
    let names = pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Name(_, name) if !name.starts_with(SYSTEM) => Some(name.to_owned()),
        _ => None,
    });
    names.collect()
}

/// A text as it will be spoken or read: every name that has a value is replaced by it, others stay.
pub fn filled<'a>(text: &'a str, value: impl Fn(&str) -> Option<Cow<'a, str>>) -> String {
    let piece = |piece| match piece {
        Piece::Text(text) => Cow::Borrowed(text),
        Piece::Name(written, name) => value(name).unwrap_or(Cow::Borrowed(written)),
    };
    pieces(text).into_iter().map(piece).collect()
}

/// Cuts a text at its `{{name}}`s. Braces around anything that is not a name are text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(open) = rest[from..].find("{{").map(|at| at + from) {
        let Some(close) = rest[open..].find("}}").map(|at| at + open) else { break };
        let name = rest[open + 2..close].trim();
        if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            found.extend([Piece::Text(&rest[..open]), Piece::Name(&rest[open..close + 2], name)]);
            (rest, from) = (&rest[close + 2..], 0);
        } else {
            from = open + 2;
        }
    }
    found.push(Piece::Text(rest));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_other_braces() {
        let text = "{{first_name}}, {{ company }}! {{not a name}} {{ }} {{system__caller_id}} {{\u{928}\u{93e}\u{92e} {{x";
        assert_eq!(Vec::from_iter(names(text)), ["company", "first_name"]);
        assert_eq!(Vec::from_iter(names("{{ {{a}}")), ["a"]);
        assert!(names("").is_empty());
    }

    #[test]
    fn what_is_known_is_filled_in_and_the_rest_stays() {
        let value = |name: &str| match name {
            "first_name" => Some("\u{985}\u{9b0}\u{9c1}\u{9a3}".into()),
            "attempt" => Some(2.to_string().into()),
            _ => None,
        };
        assert_eq!(
            filled("{{first_name}} ({{ attempt }}): {{ plan }} {{x y}} {{", value),
            "\u{985}\u{9b0}\u{9c1}\u{9a3} (2): {{ plan }} {{x y}} {{"
        );
    }
}
