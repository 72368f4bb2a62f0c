//! The words by which prices, times and promises are known, folded, in English, Hindi, Bengali, Italian and
//! Indonesian, with the Latin spellings that people type.

use crate::text::folded;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Marks and words of money.
const MONEY: &[&str] = &[
    "$",
    "\u{20ac}",
    "\u{a3}",
    "\u{20b9}",
    "\u{9f3}",
    "\u{a5}",
    "rs",
    "rs.",
    "inr",
    "usd",
    "eur",
    "gbp",
    "idr",
    "bdt",
    "rp",
    "tk",
    "taka",
    "dollar",
    "dollars",
    "euro",
    "euros",
    "pound",
    "pounds",
    "rupee",
    "rupees",
    "rupaye",
    "rupiah",
    "jpy",
    "aed",
    "sgd",
    "रुपये",
    "रुपए",
    "रुपया",
    "रु",
    "डॉलर",
    "यूरो",
    "টাকা",
    "ডলার",
    "ইউরো",
    "রুপি",
    "sterline",
];

/// Words of a sentence that speaks of a price, in which a bare number is one.
const PRICE_WORDS: &[&str] = &[
    "price",
    "prices",
    "cost",
    "costs",
    "fee",
    "fees",
    "charge",
    "charges",
    "rate",
    "tariff",
    "prezzo",
    "prezzi",
    "costa",
    "costo",
    "costi",
    "tariffa",
    "harga",
    "biaya",
    "tarif",
    "ongkos",
    "कीमत",
    "दाम",
    "मूल्य",
    "शुल्क",
    "फीस",
    "किराया",
    "দাম",
    "মূল্য",
    "খরচ",
    "ফি",
    "ভাড়া",
    "মূল্যের",
    "daam",
    "keemat",
];

/// By how much a word after a number multiplies it.
const MULTIPLIERS: &[(&str, f64)] = &[
    ("k", 1e3),
    ("thousand", 1e3),
    ("mila", 1e3),
    ("mille", 1e3),
    ("ribu", 1e3),
    ("rb", 1e3),
    ("हज़ार", 1e3),
    ("हजार", 1e3),
    ("হাজার", 1e3),
    ("lakh", 1e5),
    ("lakhs", 1e5),
    ("lac", 1e5),
    ("लाख", 1e5),
    ("লাখ", 1e5),
    ("লক্ষ", 1e5),
    ("m", 1e6),
    ("mn", 1e6),
    ("million", 1e6),
    ("milione", 1e6),
    ("milioni", 1e6),
    ("juta", 1e6),
    ("jt", 1e6),
    ("crore", 1e7),
    ("crores", 1e7),
    ("cr", 1e7),
    ("करोड़", 1e7),
    ("কোটি", 1e7),
];

/// Months, January first.
const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "gennaio", "januari", "जनवरी", "জানুয়ারি", "জানুয়ারী"],
    &["february", "feb", "febbraio", "februari", "फरवरी", "फ़रवरी", "ফেব্রুয়ারি", "ফেব্রুয়ারী"],
    &["march", "mar", "marzo", "maret", "मार्च", "মার্চ"],
    &["april", "apr", "aprile", "अप्रैल", "এপ্রিল"],
    &["may", "maggio", "mei", "मई", "মে"],
    &["june", "jun", "giugno", "juni", "जून", "জুন"],
    &["july", "jul", "luglio", "juli", "जुलाई", "জুলাই"],
    &["august", "aug", "agosto", "agustus", "अगस्त", "আগস্ট"],
    &["september", "sep", "sept", "settembre", "सितंबर", "सितम्बर", "সেপ্টেম্বর"],
    &["october", "oct", "ottobre", "oktober", "अक्टूबर", "অক্টোবর"],
    &["november", "nov", "novembre", "नवंबर", "नवम्बर", "নভেম্বর"],
    &["december", "dec", "dicembre", "desember", "दिसंबर", "दिसम्बर", "ডিসেম্বর"],
];

/// Days of the week, Monday first.
const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "mon", "lunedi", "senin", "सोमवार", "সোমবার", "সোমবারে", "somvar"],
    &["tuesday", "tue", "tues", "martedi", "selasa", "मंगलवार", "মঙ্গলবার", "মঙ্গলবারে", "mangalvar"],
    &["wednesday", "wed", "mercoledi", "rabu", "बुधवार", "বুধবার", "বুধবারে", "budhvar"],
    &["thursday", "thu", "thurs", "giovedi", "kamis", "गुरुवार", "वीरवार", "বৃহস্পতিবার", "বৃহস্পতিবারে", "guruvar"],
    &["friday", "fri", "venerdi", "jumat", "शुक्रवार", "শুক্রবার", "শুক্রবারে", "shukravar"],
    &["saturday", "sat", "sabato", "sabtu", "शनिवार", "শনিবার", "শনিবারে", "shanivar"],
    &["sunday", "sun", "domenica", "minggu", "रविवार", "इतवार", "রবিবার", "রবিবারে", "ravivar"],
];

/// Words for a day not far off, and how many days. Today is none of them: it stands in every second question and says
/// nothing by itself.
const NEAR_DAYS: &[(&str, i32)] = &[
    ("tomorrow", 1),
    ("tmrw", 1),
    ("domani", 1),
    ("besok", 1),
    ("कल", 1),
    ("আগামীকাল", 1),
    ("কাল", 1),
    ("kal", 1),
    ("dopodomani", 2),
    ("lusa", 2),
    ("परसों", 2),
    ("পরশু", 2),
];

/// What stands after the hour of a clock, and how many hours it adds; none where both halves of the day may be meant.
const AFTER_HOURS: &[(&str, Option<u32>)] = &[
    ("am", Some(0)),
    ("a.m", Some(0)),
    ("a.m.", Some(0)),
    ("pm", Some(12)),
    ("p.m", Some(12)),
    ("p.m.", Some(12)),
    ("o'clock", None),
    ("oclock", None),
    ("baje", None),
    ("बजे", None),
    ("টা", None),
    ("টায়", None),
    ("টার", None),
];

/// What stands before the hour of a clock.
const BEFORE_HOURS: &[&str] = &["at", "alle", "ore", "pukul", "jam", "by"];

/// Units of a time within which something is to happen, in minutes.
const UNITS: &[(&str, i64)] = &[
    ("minute", 1),
    ("minutes", 1),
    ("min", 1),
    ("mins", 1),
    ("minuto", 1),
    ("minuti", 1),
    ("menit", 1),
    ("मिनट", 1),
    ("মিনিট", 1),
    ("মিনিটের", 1),
    ("hour", 60),
    ("hours", 60),
    ("hrs", 60),
    ("ora", 60),
    ("घंटे", 60),
    ("घंटा", 60),
    ("घण्टे", 60),
    ("ঘণ্টা", 60),
    ("ঘণ্টার", 60),
    ("ঘন্টার", 60),
    ("day", 1440),
    ("days", 1440),
    ("giorno", 1440),
    ("giorni", 1440),
    ("hari", 1440),
    ("दिन", 1440),
    ("দিন", 1440),
    ("দিনের", 1440),
    ("week", 10_080),
    ("weeks", 10_080),
    ("settimana", 10_080),
    ("settimane", 10_080),
    ("minggu", 10_080),
    ("हफ्ते", 10_080),
    ("सप्ताह", 10_080),
    ("সপ্তাহ", 10_080),
    ("সপ্তাহের", 10_080),
];

/// What makes one of a unit.
const ONE: &[&str] = &["a", "an", "the", "one", "un'", "un", "una", "uno", "l'", "se", "satu", "एक", "এক"];

/// Words that a price is not mentioned with unless it is a bargain that somebody must have offered.
pub(super) const BARGAINS: &[&str] = &[
    "discount",
    "for free",
    "free of charge",
    "is free",
    "it's free",
    "refund",
    "guarantee",
    "money back",
    "cashback",
    "sconto",
    "gratis",
    "gratuit",
    "rimbors",
    "garanti",
    "garanzia",
    "छूट",
    "मुफ्त",
    "मुफ़्त",
    "निःशुल्क",
    "रिफंड",
    "गारंटी",
    "গ্যারান্টি",
    "ছাড় পাবেন",
    "বিনামূল্যে",
    "বিনা মূল্যে",
    "ফেরত",
    "diskon",
    "jaminan",
    "dijamin",
    "uang kembali",
];

/// That something is settled.
pub(super) const CONFIRMATIONS: &[&str] = &[
    "is confirmed",
    "are confirmed",
    "been confirmed",
    "have booked",
    "i've booked",
    "i booked",
    "we booked",
    "is booked",
    "been booked",
    "been scheduled",
    "have scheduled",
    "i've scheduled",
    "is approved",
    "been approved",
    "e confermat",
    "stato confermat",
    "stata confermat",
    "ho prenotato",
    "abbiamo prenotato",
    "e prenotat",
    "e stato approvat",
    "पक्का हो गया",
    "पक्की हो गई",
    "बुक हो गया",
    "बुक हो गई",
    "बुक कर दिया",
    "बुक कर दी",
    "कन्फर्म हो",
    "confirm ho gaya",
    "book kar diya",
    "নিশ্চিত করা হয়েছে",
    "নিশ্চিত হয়েছে",
    "বুক করা হয়েছে",
    "বুক করে দিয়েছি",
    "বুক হয়ে গেছে",
    "sudah dikonfirmasi",
    "telah dikonfirmasi",
    "sudah dipesan",
    "sudah dijadwalkan",
    "sudah disetujui",
];

/// That somebody will come back to them.
pub(super) const CONTACTS: &[&str] = &[
    "will call you",
    "we'll call",
    "i'll call",
    "will contact you",
    "we'll contact",
    "get back to you",
    "will reach out",
    "reach out to you",
    "call you back",
    "be in touch",
    "will follow up",
    "richiamer",
    "contatter",
    "si fara sentire",
    "ci faremo sentire",
    "ricontatter",
    "कॉल करेंगे",
    "कॉल करेगा",
    "कॉल करेगी",
    "संपर्क करेंगे",
    "संपर्क करेगा",
    "फ़ोन करेंगे",
    "फोन करेंगे",
    "call karenge",
    "ফোন করব",
    "ফোন করবে",
    "কল করব",
    "কল করবে",
    "যোগাযোগ করব",
    "যোগাযোগ করবে",
    "akan menghubungi",
    "akan menelepon",
    "akan kami hubungi",
];

/// What a word may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Term {
    Money,
    PriceWord,
    Multiplier(f64),
    Month(i8),
    Weekday(i8),
    NearDay(i32),
    AfterHour(Option<u32>),
    BeforeHour,
    Unit(i64),
    One,
}

/// Every word with all that it may be, folded as the texts are that it is looked for in.
static TERMS: LazyLock<HashMap<String, Vec<Term>>> = LazyLock::new(|| {
    let all = |words: &'static [&'static str], term: Term| words.iter().map(move |word| (*word, term));
    let months = (1..).zip(MONTHS).flat_map(|(month, words)| all(words, Term::Month(month)));
    let weekdays = (0..).zip(WEEKDAYS).flat_map(|(weekday, words)| all(words, Term::Weekday(weekday)));
    let pairs = all(MONEY, Term::Money)
        .chain(all(PRICE_WORDS, Term::PriceWord))
        .chain(all(BEFORE_HOURS, Term::BeforeHour))
        .chain(all(ONE, Term::One))
        .chain(months)
        .chain(weekdays)
        .chain(MULTIPLIERS.iter().map(|(word, by)| (*word, Term::Multiplier(*by))))
        .chain(NEAR_DAYS.iter().map(|(word, days)| (*word, Term::NearDay(*days))))
        .chain(AFTER_HOURS.iter().map(|(word, adds)| (*word, Term::AfterHour(*adds))))
        .chain(UNITS.iter().map(|(word, minutes)| (*word, Term::Unit(*minutes))));
    let mut terms: HashMap<String, Vec<Term>> = HashMap::new();
    for (word, term) in pairs {
        terms.entry(folded(word)).or_default().push(term);
    }
    terms
});

/// What a folded word may be; nothing that matters here if there is none.
pub(super) fn terms_of(word: &str) -> &'static [Term] {
    TERMS.get(word).map_or(&[], Vec::as_slice)
}

/// Those of these phrases that a folded text contains.
pub(super) fn contained(text: &str, phrases: &[&str]) -> Vec<String> {
    phrases.iter().map(|phrase| folded(phrase)).filter(|phrase| text.contains(phrase.as_str())).collect()
}
