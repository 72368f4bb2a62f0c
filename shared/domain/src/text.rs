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

/// The first `max` characters, with an ellipsis where something was cut.
pub fn shortened(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.push('\u{2026}');
    short
}

/// Text with runs of white space as one space and case folded, for comparing what was said with what is quoted.
pub fn comparable(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let folded: String = text.nfkc().collect::<String>().to_lowercase();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}
