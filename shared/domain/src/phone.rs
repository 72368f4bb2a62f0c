//! Phone numbers: one normaliser for every entry into the product.

use crate::Invalid;
use phonenumber::country;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A country by its ISO 3166-1 alpha-2 code, of those that the time zone database lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The two letters, in upper case.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn library_id(self) -> Option<country::Id> {
        self.code().parse().ok()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.code().to_owned()
    }
}

impl FromStr for Country {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.trim().to_ascii_uppercase().as_bytes() {
            &[a, b] if crate::zone::is_listed([a, b]) => Ok(Self([a, b])),
            _ => Err(Invalid::new("is not a country: two letters such as IN or IT are expected")),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// A telephone number in E.164: `+`, country code, national number; nothing else.
///
/// What comes from outside goes through [`Phone::parse`]. What is deserialized was parsed before it was stored, so that
/// only its form is looked at: the numbering plans of the world are a third of a package that need not know them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Phone(String);

impl Phone {
    /// Reads a number as people and systems write it: `+62 859 1234 5678`, `0062…`, `919876543210`,
    /// `919876543210@s.whatsapp.net`, `01712345678` with the country it is at home in; any script's digits.
    ///
    /// A number with neither a country code nor a home country is refused, and so is one that no
    /// numbering plan knows.
    pub fn parse(text: &str, home: Option<Country>) -> Result<Self, Invalid> {
        let trimmed = text.trim();
        let (number, is_jid) = match trimmed.split_once('@') {
            Some((user, "s.whatsapp.net" | "c.us")) => (user.split(':').next().unwrap_or_default(), true),
            Some(_) => return Err(wrong()),
            None => (trimmed, false),
        };
        let digits = fold_digits(number);
        if digits.len() > 40 {
            return Err(wrong());
        }
        if let Some(rest) = digits.strip_prefix("00").filter(|_| !is_jid) {
            return international(&format!("+{rest}"));
        }
        if digits.starts_with('+') {
            return international(&digits);
        }
        let home = home.filter(|_| !is_jid).and_then(Country::library_id);
        home.and_then(|home| valid(phonenumber::parse(Some(home), &digits)))
            .or_else(|| international(&format!("+{digits}")).ok())
            .ok_or_else(wrong)
    }

    /// The number in E.164.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as WhatsApp's unofficial libraries spell it, the form that the customer-context answer prints.
    pub fn whatsapp_jid(&self) -> String {
        format!("{}@s.whatsapp.net", &self.0[1..])
    }

    /// The numbers that WhatsApp may mean by an id of digits. In Brazil it leaves out the 9 of mobile numbers, in Mexico
    /// and Argentina it may put in a 1 or a 9 that nobody dials: whoever is known by one of them is known. The first is
    /// the one to keep of somebody who is new.
    pub fn of_whatsapp(id: &str) -> Vec<Self> {
        let digits: String = id.chars().filter(char::is_ascii_digit).collect();
        let mut spellings = vec![digits.clone()];
        let with = |before: &str, inserted: &str, after: &str| format!("{before}{inserted}{after}");
        match (digits.get(..2), digits.len()) {
            (Some("55"), 12) => spellings.insert(0, with(&digits[..4], "9", &digits[4..])),
            (Some("55"), 13) if digits.get(4..5) == Some("9") => {
                spellings.push(with(&digits[..4], "", &digits[5..]));
            }
            (Some("52"), 13) if digits.get(2..3) == Some("1") => {
                spellings.insert(0, with("52", "", &digits[3..]));
            }
            (Some("52"), 12) => spellings.push(with("52", "1", &digits[2..])),
            (Some("54"), 13) if digits.get(2..3) == Some("9") => spellings.push(with("54", "", &digits[3..])),
            (Some("54"), 12) => spellings.insert(0, with("54", "9", &digits[2..])),
            _ => {}
        }
        let mut phones: Vec<Self> =
            spellings.iter().filter_map(|digits| international(&format!("+{digits}")).ok()).collect();
        phones.dedup();
        phones
    }

    /// The countries that the number may belong to: one where its numbering plan tells, all that share the
    /// country code where it does not, none for satellite and other global numbers.
    pub fn countries(&self) -> Vec<Country> {
        use phonenumber::metadata::DATABASE;
        let Ok(number) = phonenumber::parse(None, &self.0) else {
            return Vec::new();
        };
        let known = match number.metadata(&DATABASE) {
            Some(plan) => vec![plan.id()],
            None => DATABASE.region(&number.code().value()).unwrap_or_default(),
        };
        known.into_iter().filter_map(|id| id.parse().ok()).collect()
    }
}

fn wrong() -> Invalid {
    Invalid::new(
        "is not a telephone number that can be called: give it with its country code, such as +39 06 1234 5678",
    )
}

fn international(text: &str) -> Result<Phone, Invalid> {
    valid(phonenumber::parse(None, text)).ok_or_else(wrong)
}

fn valid<E>(parsed: Result<phonenumber::PhoneNumber, E>) -> Option<Phone> {
    let number = parsed.ok().filter(phonenumber::is_valid)?;
    Some(Phone(number.format().mode(phonenumber::Mode::E164).to_string()))
}

/// Digits of any script as ASCII, a leading plus kept, all else dropped.
fn fold_digits(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut out = String::with_capacity(text.len());
    for c in text.nfkc() {
        if c == '+' && out.is_empty() {
            out.push('+');
        } else if let Some(digit) = decimal_digit(c) {
            out.push(digit);
        }
    }
    out
}

/// The value of a decimal digit in the scripts whose people type their own: each block of ten is contiguous.
pub(crate) fn decimal_digit(c: char) -> Option<char> {
    // Arabic-Indic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada, Malayalam, Thai.
    const ZEROS: [u32; 12] =
        [0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50];
    if c.is_ascii_digit() {
        return Some(c);
    }
    let zero = ZEROS.into_iter().find(|zero| (*zero..zero + 10).contains(&u32::from(c)))?;
    char::from_digit(u32::from(c) - zero, 10)
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl TryFrom<String> for Phone {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let is_number = (4..=17).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Ok(Self(text)) } else { Err(wrong()) }
    }
}

#[cfg(feature = "openapi")]
crate::id::string_schema!(Phone, "A telephone number in E.164, such as +919876543210.");
#[cfg(feature = "openapi")]
crate::id::string_schema!(Country, "A country by its ISO 3166-1 alpha-2 code, such as IN.");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_pattern_of_the_numbering_plans_is_one() {
        use phonenumber::metadata::{DATABASE, Descriptor, Format};
        let letters = || 'A'..='Z';
        let regions = letters().flat_map(|one| letters().map(move |two| format!("{one}{two}")));
        let plans: Vec<_> = regions.filter_map(|region| DATABASE.by_id(&region)).collect();
        assert!(plans.len() > 200);
        for plan in plans {
            let kinds = plan.descriptors();
            let numbers = [Some(kinds.general()), kinds.fixed_line(), kinds.mobile()].into_iter().flatten();
            let formats = || plan.formats().iter().chain(plan.international_formats());
            let patterns = numbers
                .map(Descriptor::national_number)
                .chain(formats().map(Format::pattern))
                .chain(formats().flat_map(Format::leading_digits))
                .chain(plan.international_prefix())
                .chain(plan.national_prefix_for_parsing())
                .chain(plan.leading_digits());
            // A pattern that cannot be compiled has no group, not even the whole.
            for pattern in patterns {
                assert!(pattern.captures_len() > 0, "{}: {}", plan.id(), pattern.as_str());
            }
        }
    }

    #[test]
    fn whatsapps_spelling_of_a_number_finds_the_dialled_one() {
        let all = |id: &str| Phone::of_whatsapp(id).iter().map(Phone::to_string).collect::<Vec<_>>();
        assert_eq!(all("919876543210"), ["+919876543210"]);
        assert_eq!(all("551187654321")[0], "+5511987654321");
        assert!(all("5511987654321").contains(&"+5511987654321".to_owned()));
        assert_eq!(all("5215512345678")[0], "+525512345678");
        assert!(all("5491123456789").contains(&"+5491123456789".to_owned()));
        assert_eq!(all("12"), Vec::<String>::new());
        assert_eq!(all(""), Vec::<String>::new());
    }
    fn parse(text: &str, home: &str) -> Option<String> {
        Phone::parse(text, home.parse().ok()).ok().map(String::from)
    }

    #[test]
    fn every_printed_form_is_one_number() {
        let expected = Some("+919876543210".to_owned());
        for text in [
            "919876543210",
            "919876543210@s.whatsapp.net",
            "919876543210:12@s.whatsapp.net",
            "+91 98765 43210",
            "0091-98765-43210",
            "(+91) 98765.43210",
            "\u{ff0b}91 9876543210",
            "+\u{96f}\u{967} \u{96f}\u{96e}\u{96d}\u{96c}\u{96b}\u{96a}\u{969}\u{968}\u{967}\u{966}",
        ] {
            for home in ["IN", "US", ""] {
                assert_eq!(parse(text, home), expected, "{text} at home in {home:?}");
            }
        }
        assert_eq!(parse("098765 43210", "IN"), expected);
    }

    #[test]
    fn a_national_number_needs_its_country() {
        assert_eq!(parse("01712345678", "BD").as_deref(), Some("+8801712345678"));
        assert_eq!(
            parse("\u{9e6}\u{9e7}\u{9ed}\u{9e7}\u{9e8}\u{9e9}\u{9ea}\u{9eb}\u{9ec}\u{9ed}\u{9ee}", "BD")
                .as_deref(),
            Some("+8801712345678")
        );
        assert_eq!(parse("01712345678", ""), None);
        assert_eq!(parse("+62 859 1234 5678", "").as_deref(), Some("+6285912345678"));
        assert_eq!(parse("06 6982 1234", "IT").as_deref(), Some("+390669821234"));
    }

    #[test]
    fn groups_hidden_ids_and_nonsense_are_refused() {
        for text in
            ["", "12", "hello", "120363@g.us", "12345@lid", "+999123456789", "919876543210@example.com"]
        {
            assert_eq!(parse(text, "IN"), None, "{text}");
        }
    }

    #[test]
    fn what_is_stored_has_one_form() {
        for text in ["919876543210", "+91 98765 43210", "+", "+91x", "+123456789012345678", "++919876543210"]
        {
            assert!(Phone::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_country_is_that_of_the_number() {
        let countries = |number: &str| {
            let countries = Phone::parse(number, None).unwrap().countries();
            countries.into_iter().map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(countries("+919876543210"), ["IN"]);
        assert_eq!(countries("+8801712345678"), ["BD"]);
        assert_eq!(countries("+12125550123"), ["US"]);
        assert_eq!(countries("+14165550123"), ["CA"]);
        assert_eq!(countries("+390212345678"), ["IT", "VA"], "one country code, two countries");
        assert!(countries("+88216 5550 0123").is_empty());
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_is_stable(text in "\\PC{0,24}") {
            if let Ok(phone) = Phone::parse(&text, "IN".parse().ok()) {
                prop_assert_eq!(Phone::parse(phone.as_str(), "IT".parse().ok()), Ok(phone.clone()));
                prop_assert_eq!(Phone::try_from(String::from(phone.clone())), Ok(phone));
            }
        }
    }
}
