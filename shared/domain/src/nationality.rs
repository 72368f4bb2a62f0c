//! Nationalities as people write them: `Italian`, `Italy`, `italiana` and `IT` are one.

use crate::text;
use std::sync::LazyLock;

/// Countries by their ISO 3166-1 code, with their names and peoples in English, Italian, Indonesian, Hindi and Bengali.
/// `GB` comes for all of its parts. What is not listed is compared by its own words.
const LISTED: &str = include_str!("../data/nationalities.txt");

/// How many words the longest name has.
const WORDS_MAX: usize = 4;

/// The names, folded, in the order of the table.
static NAMES: LazyLock<Vec<(String, &'static str)>> = LazyLock::new(|| {
    let lines = LISTED.lines().filter_map(|line| line.split_once(": "));
    lines
        .flat_map(|(code, names)| names.split(", ").map(move |name| (text::words(name).join(" "), code)))
        .collect()
});

/// By what records of one nationality are found: the country's code in lower case, else the text itself, folded; none if it
/// says nothing.
pub fn key(text: &str) -> Option<String> {
    let words = text::words(text).join(" ");
    if words.is_empty() {
        return None;
    }
    Some(code_of(&words).map_or(words, str::to_ascii_lowercase))
}

/// The nationality that these folded words begin with, by its key, and how many of the words it takes. The longest name
/// counts.
pub fn beginning(words: &[impl AsRef<str>]) -> Option<(String, usize)> {
    let longest = words.len().min(WORDS_MAX);
    (1..=longest).rev().find_map(|count| {
        let words: Vec<&str> = words.iter().take(count).map(AsRef::as_ref).collect();
        named(&words.join(" ")).map(|code| (code.to_ascii_lowercase(), count))
    })
}

fn code_of(words: &str) -> Option<&'static str> {
    let is_code = |line: &&str| line.get(..2).is_some_and(|code| code.eq_ignore_ascii_case(words));
    named(words).or_else(|| LISTED.lines().find(is_code).and_then(|line| line.get(..2)))
}

fn named(words: &str) -> Option<&'static str> {
    NAMES.iter().find(|(name, _)| name == words).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn one_country_has_one_key_however_it_is_written() {
        for text in ["Italian", " ITALY ", "italiana", "IT", "it", "इटली", "ইতালি"] {
            assert_eq!(key(text).as_deref(), Some("it"), "{text}");
        }
        assert_eq!(key("United  States").as_deref(), Some("us"));
        assert_eq!(key("Espa\u{f1}ol").as_deref(), Some("es"));
        assert_eq!(key("Martian").as_deref(), Some("martian"));
        assert_eq!(key(" - "), None);
    }

    #[test]
    fn the_longest_name_is_taken_from_a_question() {
        let words = text::words("south african clients");
        assert_eq!(beginning(&words), Some(("za".to_owned(), 2)));
        assert_eq!(beginning(&text::words("clients from Italy")), None);
        assert_eq!(beginning(&text::words("it is")), None, "a code alone is a word like any other");
    }

    #[test]
    fn no_name_is_two_countries() {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, code) in NAMES.iter() {
            let earlier = seen.insert(name, code);
            assert!(earlier.is_none_or(|earlier| earlier == *code), "{name} is {earlier:?} and {code}");
            assert!(name.split(' ').count() <= WORDS_MAX, "{name}");
            assert!(code.parse::<crate::Country>().is_ok(), "{code}");
        }
    }
}
