//! Words that, alone in a message, end all messages or permit them again.
//!
//! A word that people also say about an appointment or an order (cancel, end, batal, annulla) is not among them: the
//! model reads those, in their sentence. A business that wants one adds it.

use super::ChatSettings;
use crate::text::folded;

/// What a word asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keyword {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
}

/// A language, the words that stop, and those that start. The first language that has a word is the one in which it is
/// confirmed.
type Words = (&'static str, &'static [&'static str], &'static [&'static str]);

const WORDS: [Words; 5] = [
    (
        "en",
        &[
            "stop",
            "stop all",
            "stopall",
            "unsubscribe",
            "opt out",
            "optout",
            "opt-out",
            "stop messages",
            "stop it",
        ],
        &["start", "unstop", "resume", "subscribe", "opt in", "optin", "opt-in"],
    ),
    (
        "hi",
        &[
            "रुको",
            "रुकें",
            "रुकिए",
            "बंद",
            "बंद करो",
            "बंद करें",
            "बंद कीजिए",
            "बन्द करो",
            "स्टॉप",
            "मत भेजो",
            "संदेश मत भेजो",
            "band karo",
            "band kare",
            "mat bhejo",
        ],
        &["शुरू", "शुरू करो", "शुरू करें", "स्टार्ट", "shuru", "shuru karo"],
    ),
    (
        "bn",
        &[
            "বন্ধ",
            "বন্ধ করুন",
            "বন্ধ কর",
            "বন্ধ করো",
            "থামুন",
            "থামো",
            "স্টপ",
            "আর পাঠাবেন না",
            "bondho",
            "bondho koro",
            "thamo",
        ],
        &["শুরু", "শুরু করুন", "শুরু করো", "চালু করুন", "স্টার্ট", "shuru korun"],
    ),
    (
        "it",
        &[
            "ferma",
            "fermati",
            "basta",
            "basta messaggi",
            "cancellami",
            "disiscrivimi",
            "disiscrivi",
            "non scrivetemi",
        ],
        &["inizia", "riprendi", "avvia", "iscrivimi", "ricomincia"],
    ),
    (
        "id",
        &["berhenti", "hentikan", "setop", "stop pesan", "jangan kirim lagi", "berhenti berlangganan"],
        &["mulai", "lanjutkan", "berlangganan", "aktifkan"],
    ),
];

/// What a message asks for that consists of one of the words and nothing else, but for case, accents, punctuation and
/// pictures; and the language of the word, if one of ours is meant and not the business's own.
pub fn keyword(text: &str, settings: &ChatSettings) -> Option<(Keyword, Option<&'static str>)> {
    let said = plain(text);
    // Whoever asks whether a shop is closed ends nothing.
    if said.is_empty() || text.contains(['?', '\u{61f}']) {
        return None;
    }
    let among = |words: &[&str]| words.iter().any(|word| plain(word) == said);
    let own = |words: &[String]| words.iter().any(|word| plain(word) == said);
    if own(&settings.stop_words) {
        return Some((Keyword::Stop, None));
    }
    if own(&settings.start_words) {
        return Some((Keyword::Start, None));
    }
    WORDS.iter().find_map(|(language, stop, start)| {
        let found = if among(stop) {
            Keyword::Stop
        } else if among(start) {
            Keyword::Start
        } else {
            return None;
        };
        Some((found, Some(*language)))
    })
}

/// The letters of a text: folded, without what is no letter, digit or mark at its ends and between its words.
fn plain(text: &str) -> String {
    // What has no width joins pictures and letters, and separates nothing.
    let seen = folded(text).replace(['\u{200b}', '\u{200c}', '\u{200d}', '\u{feff}'], "");
    let letters: String = seen.chars().map(|c| if is_letter(c) { c } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Vowel signs of Indic scripts are part of their word, and no letters to the standard library where they are viramas.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || ('\u{900}'..='\u{9ff}').contains(&c) && !matches!(c, '\u{964}' | '\u{965}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(Keyword, Option<&'static str>)> {
        keyword(text, &ChatSettings::default())
    }

    #[test]
    fn a_word_alone_stops_in_every_language() {
        for (text, language) in [
            ("STOP", "en"),
            (" stop! ", "en"),
            ("Stop 🙏", "en"),
            ("Opt-out", "en"),
            ("बंद करो", "hi"),
            ("रुको।", "hi"),
            ("বন্ধ করুন", "bn"),
            ("থামুন।", "bn"),
            ("Basta!!", "it"),
            ("BERHENTI", "id"),
        ] {
            assert_eq!(of(text), Some((Keyword::Stop, Some(language))), "{text}");
        }
        for (text, language) in
            [("start", "en"), ("शुरू", "hi"), ("শুরু", "bn"), ("Riprendi", "it"), ("mulai", "id")]
        {
            assert_eq!(of(text), Some((Keyword::Start, Some(language))), "{text}");
        }
    }

    #[test]
    fn a_word_in_a_sentence_does_not() {
        for text in [
            "Where is the bus stop?",
            "please cancel my appointment",
            "annulla",
            "batal",
            "",
            "👍",
            "stop stop ya",
            "বন্ধ?",
            "stop?",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn a_business_adds_words_of_its_own() {
        let settings = ChatSettings {
            stop_words: vec!["Cancel".to_owned()],
            start_words: vec!["Hello again".to_owned()],
            ..ChatSettings::default()
        };
        assert_eq!(keyword("CANCEL.", &settings), Some((Keyword::Stop, None)));
        assert_eq!(keyword("hello  again", &settings), Some((Keyword::Start, None)));
        assert_eq!(keyword("stop", &settings), Some((Keyword::Stop, Some("en"))));
    }
}
