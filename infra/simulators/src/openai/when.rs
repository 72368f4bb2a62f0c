//! When somebody wants something, from how people say it in five languages.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{ToSpan, Zoned};

/// Something that the callee asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// `callback` or `appointment`, `information`, `stop`.
    pub(crate) kind: &'static str,
    /// Local time of the callee, as `2026-11-26T15:00`.
    pub(crate) at: Option<String>,
    pub(crate) detail: String,
    /// The line that says so, word for word.
    pub(crate) quote: String,
}

/// English, Italian, Indonesian, Hindi, Bengali; the first three in lower case.
const WEEKDAYS: [(Weekday, &[&str]); 7] = [
    (Weekday::Monday, &["monday", "lunedì", "senin", "सोमवार", "সোমবার"]),
    (Weekday::Tuesday, &["tuesday", "martedì", "selasa", "मंगलवार", "মঙ্গলবার"]),
    (Weekday::Wednesday, &["wednesday", "mercoledì", "rabu", "बुधवार", "বুধবার"]),
    (Weekday::Thursday, &["thursday", "giovedì", "kamis", "गुरुवार", "बृहस्पतिवार", "বৃহস্পতিবার"]),
    (Weekday::Friday, &["friday", "venerdì", "jumat", "शुक्रवार", "শুক্রবার"]),
    (Weekday::Saturday, &["saturday", "sabato", "sabtu", "शनिवार", "শনিবার"]),
    (Weekday::Sunday, &["sunday", "domenica", "minggu", "रविवार", "রবিবার"]),
];
const DAY_AFTER_TOMORROW: &[&str] = &["day after tomorrow", "dopodomani", "lusa", "परसों", "পরশু"];
const TOMORROW: &[&str] = &["tomorrow", "domani", "besok", "कल", "আগামীকাল", "কাল"];
const TODAY: &[&str] =
    &["today", "tonight", "this evening", "this afternoon", "oggi", "stasera", "hari ini", "आज", "আজ"];
const NEXT_WEEK: &[&str] =
    &["next week", "settimana prossima", "prossima settimana", "minggu depan", "अगले हफ्ते", "আগামী সপ্তাহে"];

const HOURS: &[&str] = &["hour", "hours", "ora", "ore", "jam", "घंटे", "ঘন্টা", "ঘণ্টা"];
const MINUTES: &[&str] = &["minute", "minutes", "minuti", "menit", "मिनट", "মিনিট"];

/// Parts of the day that put an hour below 12 into the second half.
const LATER_HALF: &[&str] = &[
    "pm",
    "p.m",
    "afternoon",
    "evening",
    "night",
    "tonight",
    "pomeriggio",
    "sera",
    "stasera",
    "sore",
    "malam",
    "siang",
    "दोपहर",
    "शाम",
    "रात",
    "বিকেল",
    "বিকাল",
    "দুপুর",
    "সন্ধ্যা",
    "রাত",
];
/// What stands before an hour.
const BEFORE: &[&str] = &["at", "alle", "ore", "jam", "pukul", "around", "by"];
/// What stands after an hour, as [`fold`] leaves it.
const AFTER: &[&str] = &["am", "pm", "a.m", "p.m", "o'clock", "बजे", "টায", "টা", "টার"];
const NUMBERS: [&str; 12] =
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// The local time that a sentence names, seen from `now`; `None` where it names none.
///
/// A weekday is the next one after today. A day without an hour is 10:00 of that day, an hour without a day is
/// today or, if it is past, tomorrow.
pub(crate) fn wished_time(sentence: &str, now: &Zoned) -> Option<String> {
    let text = ascii_digits(&fold(sentence));
    if let Some(later) = after_a_while(&text, now) {
        return Some(written(later));
    }
    let day = named_day(&text, now.date());
    let time = named_time(&text);
    let at = match (day, time) {
        (None, None) => return None,
        (Some(day), time) => day.to_datetime(time.unwrap_or_else(|| Time::constant(10, 0, 0, 0))),
        (None, Some(time)) => {
            let today = now.date().to_datetime(time);
            if today > now.datetime() { today } else { today.checked_add(1.day()).ok()? }
        }
    };
    Some(written(at))
}

fn written(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

/// "In two hours", "tra 30 minuti", "2 घंटे बाद".
fn after_a_while(text: &str, now: &Zoned) -> Option<DateTime> {
    let words: Vec<&str> = words(text).collect();
    let marked = words
        .iter()
        .any(|word| ["in", "after", "tra", "fra", "dalam", "lagi", "बाद", "में", "পরে", "পর"].contains(word));
    if !marked {
        return None;
    }
    words.windows(2).find_map(|pair| {
        let count = i64::from(number(pair[0])?);
        let span = if HOURS.contains(&pair[1]) {
            count.hours()
        } else if MINUTES.contains(&pair[1]) {
            count.minutes()
        } else {
            return None;
        };
        now.datetime().checked_add(span).ok()
    })
}

fn named_day(text: &str, today: Date) -> Option<Date> {
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
    let days_ahead = |days: i64| today.checked_add(days.days()).ok();
    if says(DAY_AFTER_TOMORROW) {
        return days_ahead(2);
    }
    // "kal" is tomorrow in Hindi, and a syllable of much else: ask for whole words there.
    let has_word = |phrases: &[&str]| words(text).any(|word| phrases.contains(&word));
    let weekday = WEEKDAYS.iter().find(|(_, names)| says(names)).map(|(weekday, _)| *weekday);
    if let Some(weekday) = weekday.filter(|_| !text.contains("minggu depan")) {
        let ahead = weekday.since(today.weekday());
        return days_ahead(i64::from(if ahead == 0 { 7 } else { ahead }));
    }
    if has_word(TOMORROW) {
        days_ahead(1)
    } else if says(NEXT_WEEK) {
        days_ahead(7)
    } else if has_word(TODAY) || says(&["hari ini", "this evening", "this afternoon"]) {
        Some(today)
    } else {
        None
    }
}

fn named_time(text: &str) -> Option<Time> {
    let words: Vec<&str> = words(text).collect();
    let later = words.iter().any(|word| LATER_HALF.contains(word));
    let around_noon = words.iter().any(|word| ["siang", "दोपहर", "দুপুর"].contains(word));
    words.iter().enumerate().find_map(|(n, word)| {
        // "3pm" and "৩টায়" are one word.
        let digits = word.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(word.len());
        let (clock, suffix) = word.split_at(digits);
        let clock = clock.trim_end_matches('.');
        let (hour, minute) = match clock.split_once([':', '.']) {
            Some((hour, minute)) if minute.len() == 2 => (hour.parse().ok()?, Some(minute.parse().ok()?)),
            Some(_) => return None,
            None if clock.is_empty() => (number(word)?, None),
            None => (clock.parse::<i8>().ok()?, None),
        };
        let before = n > 0 && BEFORE.contains(&words[n - 1]);
        let after = AFTER.contains(&suffix) || words.get(n + 1).is_some_and(|next| AFTER.contains(next));
        let whole = digits == 0 || suffix.is_empty() || AFTER.contains(&suffix);
        if !whole || (minute.is_none() && !before && !after) {
            return None;
        }
        let hour = match hour {
            // "11 siang" is before noon.
            11 if around_noon => 11,
            1..12 if later || suffix == "pm" => hour + 12,
            12 if words.contains(&"am") => 0,
            hour => hour,
        };
        Time::new(hour, minute.unwrap_or(0), 0, 0).ok()
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .map(|word| word.trim_matches(|c: char| c.is_ascii_punctuation() || c == '।'))
        .filter(|word| !word.is_empty())
}

fn number(word: &str) -> Option<i8> {
    let named = NUMBERS.iter().position(|name| *name == word).and_then(|n| i8::try_from(n + 1).ok());
    named.or_else(|| word.parse().ok()).filter(|n| *n >= 0)
}

/// The text in lower case, with one spelling for letters that Unicode writes in two ways.
pub(crate) fn fold(text: &str) -> String {
    let letters = text.to_lowercase();
    let plain = letters.chars().filter(|c| !matches!(c, '\u{93c}' | '\u{9bc}'));
    plain
        .map(|c| match c {
            '\u{95b}' => '\u{91c}',
            '\u{95c}' => '\u{921}',
            '\u{95d}' => '\u{922}',
            '\u{95e}' => '\u{92b}',
            '\u{9dc}' => '\u{9a1}',
            '\u{9dd}' => '\u{9a2}',
            '\u{9df}' => '\u{9af}',
            '\u{2019}' => '\'',
            c => c,
        })
        .collect()
}

/// The text with Devanagari and Bengali digits as ASCII ones.
pub(crate) fn ascii_digits(text: &str) -> String {
    let ascii = |c: char, zero: char| {
        let digit = u32::from(c).checked_sub(u32::from(zero)).filter(|digit| *digit < 10)?;
        char::from_digit(digit, 10)
    };
    text.chars().map(|c| ascii(c, '\u{966}').or_else(|| ascii(c, '\u{9e6}')).unwrap_or(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sentence: &str) -> Option<String> {
        // A Saturday.
        let now: Zoned = "2026-11-21T10:00:00+05:30[Asia/Kolkata]".parse().unwrap();
        wished_time(sentence, &now)
    }

    #[test]
    fn a_weekday_and_an_hour_are_understood_in_five_languages() {
        for sentence in [
            "Please call me back on Thursday at 3 pm.",
            "Thursday, 3pm",
            "thursday at three in the afternoon",
            "कृपया गुरुवार को दोपहर 3 बजे फिर से फ़ोन कीजिए।",
            "গুরুত্বপূর্ণ: বৃহস্পতিবার বিকেল ৩টায় আবার ফোন করুন।",
            "Mi richiami giovedì alle 15, per favore.",
            "Tolong telepon lagi hari Kamis jam 3 sore.",
            "giovedì alle 15:00",
        ] {
            assert_eq!(at(sentence).as_deref(), Some("2026-11-26T15:00"), "{sentence}");
        }
    }

    #[test]
    fn other_times_are_understood() {
        for (sentence, expected) in [
            ("Tuesday at 11 am", Some("2026-11-24T11:00")),
            ("call me tomorrow", Some("2026-11-22T10:00")),
            ("the day after tomorrow at 9", Some("2026-11-23T09:00")),
            ("on Saturday at 12 am", Some("2026-11-28T00:00")),
            ("in two hours please", Some("2026-11-21T12:00")),
            ("tra 30 minuti", Some("2026-11-21T10:30")),
            ("at 9", Some("2026-11-22T09:00")),
            ("this evening at 7", Some("2026-11-21T19:00")),
            ("besok jam 10 pagi", Some("2026-11-22T10:00")),
            ("my budget is around 50,000.", None),
            ("later", None),
        ] {
            assert_eq!(at(sentence).as_deref(), expected, "{sentence}");
        }
    }
}
