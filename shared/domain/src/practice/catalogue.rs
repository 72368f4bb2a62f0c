//! The services that a business offers.

use super::Practice;
use crate::{Currency, Invalid, Money, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A service that the business offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PracticeType {
    /// By which it is named.
    pub code: TypeCode,
    /// What people call it.
    pub name: String,
    /// What it is, for whoever has to explain it.
    pub description: String,
    /// What it costs, where that is fixed.
    pub base_price: Option<Money>,
    /// In which currency its practices are priced.
    pub currency: Currency,
    /// How many days it takes, as a rule.
    pub duration_days: Option<u16>,
    /// For how many months what was got is valid; none where it does not expire.
    pub validity_months: Option<u16>,
    /// The documents that a client has to bring.
    pub required_documents: Vec<String>,
    /// Whether new practices of it are begun.
    pub offered: bool,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl PracticeType {
    /// What a practice says of its type, which is not there any more.
    pub fn gone(practice: &Practice) -> Self {
        Self {
            code: practice.type_code.clone(),
            name: practice.type_name.clone(),
            description: String::new(),
            base_price: None,
            currency: practice.price.currency,
            duration_days: None,
            validity_months: None,
            required_documents: Vec::new(),
            offered: false,
            created_at: practice.created_at,
            updated_at: practice.created_at,
        }
    }
}

/// By which a service is named: a word in upper snake case, of 50 characters at most.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TypeCode(String);

/// How long a code may be, in characters.
const CODE_MAX: usize = 50;

impl TypeCode {
    /// The code as the API spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TypeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<TypeCode> for String {
    fn from(code: TypeCode) -> Self {
        code.0
    }
}

impl FromStr for TypeCode {
    type Err = Invalid;
    /// Reads a code however it is written: `pt pma` and `PT-PMA` are `PT_PMA`. Letters of any script stay.
    fn from_str(written: &str) -> Result<Self, Invalid> {
        Ok(Self(text::symbol(written, CODE_MAX)?.to_uppercase()))
    }
}

impl TryFrom<String> for TypeCode {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

#[cfg(feature = "openapi")]
crate::id::string_schema!(
    TypeCode,
    "The code of a practice type: any word of at most 50 characters, kept in upper snake case, such as `PT_PMA`."
);

/// What an agency for residence permits and companies in Indonesia offers: what a new business begins with, and may change.
pub fn examples(now: Timestamp) -> Vec<PracticeType> {
    let rupiah = "IDR".parse().unwrap_or_default();
    let offered =
        |code: &str, name: &str, description: &str, thousands: i64, days, months, documents: &[&str]| {
            Ok::<_, Invalid>(PracticeType {
                code: code.parse()?,
                name: name.to_owned(),
                description: description.to_owned(),
                base_price: Some(Money { minor: thousands * 100_000, currency: rupiah }),
                currency: rupiah,
                duration_days: Some(days),
                validity_months: months,
                required_documents: documents.iter().map(|&document| document.to_owned()).collect(),
                offered: true,
                created_at: now,
                updated_at: now,
            })
        };
    let examples = [
        offered(
            "KITAS",
            "KITAS (Limited Stay Permit)",
            "A permit to live in Indonesia for a limited time, as a worker, a spouse or a student.",
            15_000,
            90,
            Some(12),
            &["Passport", "Photo", "Sponsor letter"],
        ),
        offered(
            "PT_PMA",
            "PT PMA (Foreign Investment Company)",
            "A limited company in Indonesia that foreigners own in whole or in part.",
            25_000,
            120,
            None,
            &["Passport", "Company name", "Articles of association", "Proof of address"],
        ),
        offered(
            "INVESTOR_VISA",
            "Investor Visa",
            "A permit to stay for whoever has shares in an Indonesian company.",
            18_000,
            60,
            Some(24),
            &["Passport", "Photo", "Proof of investment"],
        ),
        offered(
            "RETIREMENT_VISA",
            "Retirement Visa",
            "A permit to stay for whoever has retired.",
            12_000,
            45,
            Some(12),
            &["Passport", "Photo", "Proof of pension", "Health insurance"],
        ),
        offered(
            "NPWP",
            "NPWP (Tax ID Number)",
            "The number by which Indonesia's tax office knows a person or a company.",
            1_000,
            14,
            None,
            &["Passport", "Proof of address"],
        ),
        offered(
            "BPJS",
            "BPJS (Health Insurance)",
            "Indonesia's social insurance, for people who work there and their families.",
            500,
            14,
            Some(12),
            &["Passport", "KITAS"],
        ),
        offered(
            "IMTA",
            "IMTA (Work Permit)",
            "What allows an Indonesian company to employ a foreigner.",
            8_000,
            60,
            Some(12),
            &["Passport", "Diploma", "Employment contract"],
        ),
    ];
    examples.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_spelling() {
        for (written, kept) in [(" pt pma ", "PT_PMA"), ("PT-PMA", "PT_PMA"), ("kitas", "KITAS"), ("è", "È")]
        {
            assert_eq!(written.parse::<TypeCode>().unwrap().as_str(), kept);
            assert_eq!(kept.parse::<TypeCode>().unwrap().as_str(), kept);
        }
        for bad in ["", "--", "a\nb", &"x".repeat(51)] {
            assert!(bad.parse::<TypeCode>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_new_business_has_seven_types_with_price_currency_and_duration() {
        let examples = examples(Timestamp::UNIX_EPOCH);
        let codes: Vec<&str> = examples.iter().map(|example| example.code.as_str()).collect();
        let expected = ["KITAS", "PT_PMA", "INVESTOR_VISA", "RETIREMENT_VISA", "NPWP", "BPJS", "IMTA"];
        assert_eq!(codes, expected);
        assert_eq!(examples[1].base_price.unwrap().to_string(), "IDR 25000000.00");
        assert!(examples.iter().all(|example| example.duration_days.is_some() && example.offered));
    }
}
