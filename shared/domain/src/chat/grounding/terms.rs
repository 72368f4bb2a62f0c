//! The words by which prices, times and promises are known, folded, in English, Hindi, Bengali, Italian and
//! Indonesian, with the Latin spellings that people type.

use crate::text::folded;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Marks and words of money, by currency; none where several countries call theirs so.
const MONEY: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "$",
            "dollar",
            "dollars",
            "dollari",
            "\u{a3}",
            "pound",
            "pounds",
            "sterline",
            "rs",
            "rs.",
            "डॉलर",
            "ডলার",
            "রুপি",
            "franc",
            "francs",
        ],
    ),
    ("INR", &["\u{20b9}", "inr", "rupee", "rupees", "rupaye", "रुपये", "रुपए", "रूपये", "रूपए", "रुपया", "रु"]),
    ("EUR", &["\u{20ac}", "eur", "euro", "euros", "यूरो", "ইউরো"]),
    ("BDT", &["\u{9f3}", "bdt", "tk", "taka", "টাকা", "টাকায়", "টাকার", "টাকাতে"]),
    ("IDR", &["idr", "rp", "rupiah"]),
    ("USD", &["usd"]),
    ("GBP", &["gbp"]),
    ("JPY", &["\u{a5}", "jpy", "yen"]),
    ("AED", &["aed", "dirham", "dirhams"]),
    ("SGD", &["sgd"]),
    ("AUD", &["aud"]),
    ("CHF", &["chf"]),
    ("MYR", &["myr", "rm"]),
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
    &["monday", "lunedi", "senin", "सोमवार", "সোমবার", "সোমবারে", "somvar"],
    &["tuesday", "martedi", "selasa", "मंगलवार", "মঙ্গলবার", "মঙ্গলবারে", "mangalvar"],
    &["wednesday", "mercoledi", "rabu", "बुधवार", "বুধবার", "বুধবারে", "budhvar"],
    &["thursday", "giovedi", "kamis", "गुरुवार", "वीरवार", "বৃহস্পতিবার", "বৃহস্পতিবারে", "guruvar"],
    &["friday", "venerdi", "jumat", "शुक्रवार", "শুক্রবার", "শুক্রবারে", "shukravar"],
    &["saturday", "sabato", "sabtu", "शनिवार", "শনিবার", "শনিবারে", "shanivar"],
    &["sunday", "domenica", "minggu", "रविवार", "इतवार", "রবিবার", "রবিবারে", "ravivar"],
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

/// What stands after the hour of a clock, and which half of the day it means.
const AFTER_HOURS: &[(&str, Half)] = &[
    ("am", Half::First),
    ("a.m", Half::First),
    ("a.m.", Half::First),
    ("pm", Half::Second),
    ("p.m", Half::Second),
    ("p.m.", Half::Second),
    ("o'clock", Half::Either),
    ("oclock", Half::Either),
    ("baje", Half::Either),
    ("बजे", Half::Either),
    ("টা", Half::Either),
    ("টায়", Half::Either),
    ("টার", Half::Either),
    ("h", Half::Either),
    ("hrs", Half::Either),
    ("uhr", Half::Either),
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
    ("ore", 60),
    ("jam", 60),
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
    ("month", 43_200),
    ("months", 43_200),
    ("mese", 43_200),
    ("mesi", 43_200),
    ("bulan", 43_200),
    ("महीने", 43_200),
    ("মাস", 43_200),
    ("মাসের", 43_200),
    ("year", 525_600),
    ("years", 525_600),
    ("anno", 525_600),
    ("anni", 525_600),
    ("tahun", 525_600),
    ("साल", 525_600),
    ("বছর", 525_600),
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

/// What stands before a time within which something is to happen.
const WITHIN: &[&str] = &["within", "in", "after", "entro", "tra", "fra", "dalam", "under"];

/// What stands after one.
const WITHIN_AFTER: &[&str] = &["में", "मे", "के", "মধ্যে", "পর", "পরে", "ভেতরে"];

/// What stands before a day of the month, and after one.
const BEFORE_DAYS: &[&str] = &["il", "tanggal", "tgl"];
const AFTER_DAYS: &[&str] = &["th", "rd", "nd", "st", "तारीख", "তারিখ", "তারিখে"];

/// Shares in hundredths.
const PERCENT: &[&str] = &["%", "percent", "persen", "percento", "प्रतिशत", "শতাংশ"];

/// Numbers in words, as far as prices are made of them.
const NUMBER_WORDS: &[&str] = &[
    "ten",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "thousand",
    "million",
    "dieci",
    "venti",
    "trenta",
    "quaranta",
    "cinquanta",
    "cento",
    "duecento",
    "trecento",
    "quattrocento",
    "cinquecento",
    "mille",
    "mila",
    "ratus",
    "ribu",
    "juta",
    "puluh",
    "सौ",
    "हज़ार",
    "हजार",
    "लाख",
    "करोड़",
    "শো",
    "শত",
    "হাজার",
    "লাখ",
    "কোটি",
    "sau",
    "hazar",
    "hazaar",
];

/// Hours in words.
const HOUR_WORDS: &[(&str, u32)] = &[
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("noon", 12),
    ("due", 2),
    ("tre", 3),
    ("quattro", 4),
    ("cinque", 5),
    ("sei", 6),
    ("sette", 7),
    ("otto", 8),
    ("nove", 9),
    ("dieci", 10),
    ("dua", 2),
    ("tiga", 3),
    ("empat", 4),
    ("lima", 5),
    ("दो", 2),
    ("तीन", 3),
    ("चार", 4),
    ("पाँच", 5),
    ("पांच", 5),
    ("छह", 6),
    ("दस", 10),
    ("দুই", 2),
    ("তিন", 3),
    ("চার", 4),
    ("পাঁচ", 5),
    ("দশ", 10),
];

/// A sentence about when somebody is there at all.
pub(super) const OPENING: &[&str] = &[
    "open",
    "close",
    "hours",
    "apert",
    "apriamo",
    "chius",
    "chiudiamo",
    "orari",
    "खुल",
    "बंद",
    "समय",
    "খোলা",
    "বন্ধ",
    "সময়",
    "buka",
    "tutup",
];

/// Words that a price is not mentioned with unless it is a bargain that somebody must have offered.
pub(super) const BARGAINS: &[&str] = &[
    "discount",
    "for free",
    "free of charge",
    "free delivery",
    "free trial",
    "month free",
    "no charge",
    "at no cost",
    "half price",
    "half off",
    "meta prezzo",
    "setengah harga",
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
    "appointment confirmed",
    "booking confirmed",
    "is scheduled",
    "is reserved",
    "have reserved",
    "i've reserved",
    "have cancelled",
    "i've cancelled",
    "been cancelled",
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
    "will send you",
    "i'll send",
    "we'll send",
    "someone will",
    "will be with you",
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

/// A half of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    First,
    Second,
    Either,
}

/// What a word may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Term {
    Money(&'static str),
    PriceWord,
    Multiplier(f64),
    Percent,
    NumberWord,
    Month(i8),
    Weekday(i8),
    NearDay(i32),
    BeforeDay,
    AfterDay,
    HourWord(u32),
    AfterHour(Half),
    BeforeHour,
    Unit(i64),
    Within,
    WithinAfter,
    One,
}

/// Every word with all that it may be, folded as the texts are that it is looked for in.
static TERMS: LazyLock<HashMap<String, Vec<Term>>> = LazyLock::new(|| {
    let all = |words: &'static [&'static str], term: Term| words.iter().map(move |word| (*word, term));
    let money = MONEY.iter().flat_map(|(currency, words)| all(words, Term::Money(currency)));
    let months = (1..).zip(MONTHS).flat_map(|(month, words)| all(words, Term::Month(month)));
    let weekdays = (0..).zip(WEEKDAYS).flat_map(|(weekday, words)| all(words, Term::Weekday(weekday)));
    let pairs = money
        .chain(all(PRICE_WORDS, Term::PriceWord))
        .chain(all(PERCENT, Term::Percent))
        .chain(all(NUMBER_WORDS, Term::NumberWord))
        .chain(all(BEFORE_HOURS, Term::BeforeHour))
        .chain(all(BEFORE_DAYS, Term::BeforeDay))
        .chain(all(AFTER_DAYS, Term::AfterDay))
        .chain(all(WITHIN, Term::Within))
        .chain(all(WITHIN_AFTER, Term::WithinAfter))
        .chain(all(ONE, Term::One))
        .chain(months)
        .chain(weekdays)
        .chain(MULTIPLIERS.iter().map(|(word, by)| (*word, Term::Multiplier(*by))))
        .chain(NEAR_DAYS.iter().map(|(word, days)| (*word, Term::NearDay(*days))))
        .chain(HOUR_WORDS.iter().map(|(word, hour)| (*word, Term::HourWord(*hour))))
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
    // `Mondays` is Monday; no other plural matters.
    let known = TERMS.get(word).or_else(|| {
        let terms = TERMS.get(word.strip_suffix('s')?)?;
        terms.iter().any(|term| matches!(term, Term::Weekday(_))).then_some(terms)
    });
    known.map_or(&[], Vec::as_slice)
}

/// Those of these phrases that a folded text contains.
pub(super) fn contained(text: &str, phrases: &[&str]) -> Vec<String> {
    phrases.iter().map(|phrase| folded(phrase)).filter(|phrase| text.contains(phrase.as_str())).collect()
}
