//! Of how many parts an SMS is made (3GPP TS 23.038 and 23.040).

/// The GSM 7-bit default alphabet, without the letters of ASCII that it shares.
const GSM: &str = "@\u{a3}$\u{a5}\u{e8}\u{e9}\u{f9}\u{ec}\u{f2}\u{c7}\n\u{d8}\u{f8}\r\u{c5}\u{e5}\u{394}_\u{3a6}\u{393}\u{39b}\
\u{3a9}\u{3a0}\u{3a8}\u{3a3}\u{398}\u{39e}\u{c6}\u{e6}\u{df}\u{c9} !\"#\u{a4}%&'()*+,-./:;<=>?\u{a1}\u{c4}\u{d6}\u{d1}\
\u{dc}\u{a7}\u{bf}\u{e4}\u{f6}\u{f1}\u{fc}\u{e0}";
/// Its extension: each takes two places.
const EXTENSION: &str = "\u{c}^{}\\[~]|\u{20ac}";

/// Of how many parts an SMS of this text is made: 160 places of the GSM alphabet in a single part, 153 in each of
/// several; of any other text 70 and 67 UTF-16 units.
pub fn segments(text: &str) -> usize {
    let places = text.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() || GSM.contains(c) => Some(1),
        c if EXTENSION.contains(c) => Some(2),
        _ => None,
    });
    let (places, single, each) = match places.sum::<Option<usize>>() {
        Some(places) => (places, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    if places <= single { 1 } else { places.div_ceil(each) }
}
