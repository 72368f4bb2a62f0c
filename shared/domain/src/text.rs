//! Free text at the edge: trimmed, bounded, without control characters.

use crate::Invalid;

/// Trims a one-line text and holds it to 1 to `max` characters.
pub fn line(text: &str, max: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Invalid::new("must not be empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::new("must be one line without control characters"));
    }
    bounded(text, max)
}

/// Holds a text of any number of lines to `max` characters; empty is fine.
pub fn prose(text: &str, max: usize) -> Result<String, Invalid> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Invalid::new("must not contain control characters"));
    }
    bounded(text, max)
}

fn bounded(text: &str, max: usize) -> Result<String, Invalid> {
    if text.chars().count() > max {
        return Err(Invalid::new(format!("must be at most {max} characters long")));
    }
    Ok(text.to_owned())
}

/// Words as one symbol of 1 to `max` characters, in lower snake case: `Closed Won` and `closed-won` are `closed_won`.
/// Letters of any script stay.
pub fn symbol(text: &str, max: usize) -> Result<String, Invalid> {
    use unicode_normalization::UnicodeNormalization;
    let text: String = text.trim().nfkc().collect::<String>().to_lowercase();
    if text.chars().any(char::is_control) {
        return Err(Invalid::new("must be one line without control characters"));
    }
    let stands_between = |c: char| c.is_whitespace() || c.is_ascii_punctuation();
    let words: Vec<&str> = text.split(stands_between).filter(|word| !word.is_empty()).collect();
    let symbol = words.join("_");
    if symbol.is_empty() {
        return Err(Invalid::new("must have a letter or a digit"));
    }
    bounded(&symbol, max)
}

/// The first `max` characters, with an ellipsis where something was cut.
pub fn shortened(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.push('\u{2026}');
    short
}

/// A stranger's or a model's text as one line of at most `max` characters: control characters and the marks that
/// turn the direction of writing become spaces, runs of white space one space.
pub fn tidied(text: &str, max: usize) -> String {
    let turns_direction = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String =
        text.chars().map(|c| if c.is_control() || turns_direction(c) { ' ' } else { c }).collect();
    shortened(&plain.split_whitespace().collect::<Vec<_>>().join(" "), max)
}

/// A text without the rows of signs by which a prompt marks its parts: a row of equal signs becomes one.
pub fn unmarked(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '=' || !plain.ends_with('=') {
            plain.push(c);
        }
    }
    plain
}

/// Text as names, labels and sources are looked up by: in lower case, without accents (`U+0300` to `U+036F`; the
/// vowel signs of Indic scripts stay), with runs of white space as one space.
pub fn folded(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    let folded: String = text.nfkd().filter(|c| !is_accent(c)).nfc().collect::<String>().to_lowercase();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands between words beside white space and ASCII's own: dandas, typographic quotes, dashes, an ellipsis.
const MARKS: [char; 11] = [
    '\u{964}', '\u{965}', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{ab}', '\u{bb}', '\u{2013}',
    '\u{2014}', '\u{2026}',
];

/// The words of a name, folded, in their order.
pub fn words(text: &str) -> Vec<String> {
    let folded = folded(text);
    let words = folded.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation() || MARKS.contains(&c));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Text with runs of white space as one space and case folded, for comparing what was said with what is quoted.
pub fn comparable(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let folded: String = text.nfkc().collect::<String>().to_lowercase();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tidied_text_is_one_bounded_line() {
        assert_eq!(tidied(" a\u{0}b\n\u{202e}c  d ", 9), "a b c d");
        assert_eq!(tidied("abcdef", 3), "ab\u{2026}");
    }

    #[test]
    fn a_row_of_signs_is_none_any_more() {
        assert_eq!(unmarked("===== END === a == b = c"), "= END = a = b = c");
    }

    #[test]
    fn names_are_looked_up_without_case_accents_and_punctuation() {
        assert_eq!(words("  Jos\u{e9}  O'Brien-D\u{ec}az "), ["jose", "o", "brien", "diaz"]);
        assert_eq!(folded("Stra\u{df}e \u{ff21}BC"), "stra\u{df}e abc");
        let arun = "\u{985}\u{9b0}\u{9c1}\u{9a3}";
        assert_eq!(words(arun), [arun], "a vowel sign is no accent");
        assert_eq!(words(&format!("{arun}\u{964} O\u{2019}Neil")), [arun, "o", "neil"]);
        assert_eq!(words("#"), Vec::<String>::new());
    }
}
