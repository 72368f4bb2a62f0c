//! Money: integer minor units and a currency.

use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An ISO 4217 currency by its three letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The three letters, in upper case.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal places the currency's minor unit has (ISO 4217; 2 unless listed).
    pub fn decimals(&self) -> u32 {
        match self.code() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
            | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self(*b"USD")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl FromStr for Currency {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.trim().to_ascii_uppercase().as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(Invalid::new("is not a currency: three letters such as USD or INR are expected")),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// An amount in the currency's minor unit (cents, paise; whole yen).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals();
        let unit = 10_u64.pow(decimals);
        let (sign, minor) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        write!(f, "{} {sign}{}", self.currency, minor / unit)?;
        match (decimals, minor % unit) {
            (0, _) => Ok(()),
            (width, rest) => write!(f, ".{rest:0width$}", width = width as usize),
        }
    }
}

impl Money {
    /// The money that `sum` prints; refused if the currency has no such small unit.
    pub fn of(sum: Sum, default: Currency) -> Result<Self, Invalid> {
        let currency = sum.currency.unwrap_or(default);
        let micros = Amount::MICROS / 10_i64.pow(currency.decimals());
        if sum.amount.0 % micros != 0 {
            let places = currency.decimals();
            return Err(Invalid::at("/amount", format!("must have at most {places} decimal places")));
        }
        Ok(Self { minor: sum.amount.0 / micros, currency })
    }

    /// The money as people write it, with its thousands apart and without decimals where there are none: `USD 50,000`.
    pub fn written(self) -> String {
        let text = self.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let first_digit = whole.find(|c: char| c.is_ascii_digit()).unwrap_or_default();
        let (before, digits) = whole.split_at(first_digit);
        let mut written = before.to_owned();
        for (n, digit) in digits.chars().enumerate() {
            if n > 0 && (digits.len() - n).is_multiple_of(3) {
                written.push(',');
            }
            written.push(digit);
        }
        if decimals.bytes().any(|digit| digit != b'0') {
            written.push('.');
            written.push_str(decimals);
        }
        written
    }

    /// The money as it goes out.
    pub fn printed(self) -> Sum {
        let micros = Amount::MICROS / 10_i64.pow(self.currency.decimals());
        Sum { amount: Amount(self.minor.saturating_mul(micros)), currency: Some(self.currency) }
    }
}

/// A number of a currency's major unit, to six decimal places: what is counted in parts of a cent has its price,
/// too. It goes in and out as a JSON number, and a whole one as a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

impl Amount {
    /// How many millionths a major unit has.
    const MICROS: i64 = 1_000_000;
    /// The largest amount that is taken in.
    const MAX: i64 = 1_000_000_000_000;

    /// An amount of so many millionths of the major unit.
    pub fn of_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The amount in millionths of the major unit.
    pub fn micros(self) -> i64 {
        self.0
    }
}

impl TryFrom<f64> for Amount {
    type Error = Invalid;
    fn try_from(number: f64) -> Result<Self, Invalid> {
        // The shortest text that names the number is what was written: 0.1 and not the binary fraction near it.
        let text = number.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let whole =
            whole.parse().ok().filter(|whole| (0..=Self::MAX).contains(whole) && !text.starts_with('-'));
        let whole = whole.ok_or_else(|| Invalid::new("must be from 0 to 1,000,000,000,000"))?;
        if decimals.len() > 6 {
            return Err(Invalid::new("must have at most 6 decimal places"));
        }
        let decimals: i64 = format!("{decimals:0<6}").parse().unwrap_or_default();
        Ok(Self(whole * Self::MICROS + decimals))
    }
}

impl Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (whole, decimals) = (self.0 / Self::MICROS, (self.0 % Self::MICROS).unsigned_abs());
        if decimals == 0 {
            return serializer.serialize_i64(whole);
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{decimals:06}", whole.unsigned_abs());
        serializer.serialize_f64(text.parse().unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// An amount with its currency, as it goes in and out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// How much, in the currency's major unit.
    pub amount: Amount,
    /// Of what; the business's currency if not given.
    #[serde(default)]
    pub currency: Option<Currency>,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Amount {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Number)
            .description(Some("A number of a currency's major unit, with at most six decimal places."))
            .into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Amount {}

#[cfg(feature = "openapi")]
crate::id::string_schema!(Currency, "An ISO 4217 currency code, such as INR.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_in_the_currency_of_its_country() {
        let show = |minor, code: &str| Money { minor, currency: code.parse().unwrap() }.to_string();
        assert_eq!(show(1_500_000_000, "IDR"), "IDR 15000000.00");
        assert_eq!(show(-5, "USD"), "USD -0.05");
        assert_eq!(show(1200, "JPY"), "JPY 1200");
        assert_eq!(show(i64::MIN, "KWD"), "KWD -9223372036854775.808");
    }

    #[test]
    fn people_read_it_with_its_thousands_apart() {
        let written = |minor, code: &str| Money { minor, currency: code.parse().unwrap() }.written();
        assert_eq!(written(5_000_000, "USD"), "USD 50,000");
        assert_eq!(written(123_456_705, "EUR"), "EUR 1,234,567.05");
        assert_eq!(written(-100_000, "INR"), "INR -1,000");
        assert_eq!(
            (written(999, "JPY"), written(1_000, "JPY")),
            ("JPY 999".to_owned(), "JPY 1,000".to_owned())
        );
        assert_eq!((written(0, "USD"), written(5, "KWD")), ("USD 0".to_owned(), "KWD 0.005".to_owned()));
    }

    #[test]
    fn an_amount_comes_back_as_it_was_written() {
        for text in ["0", "15000000", "0.1", "0.00125", "123456789012.34", "1000000000000", "12.5"] {
            let amount: Amount = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&amount).unwrap(), text);
        }
        assert_eq!(serde_json::from_str::<Amount>("15000000.00").unwrap().micros(), 15_000_000_000_000);
        assert_eq!(serde_json::from_str::<Amount>("0.000001").unwrap().micros(), 1);
        for bad in ["-1", "-0.5", "0.0000001", "1000000000001", "1e300", "\"5\"", "null"] {
            assert!(serde_json::from_str::<Amount>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        let money = |amount: f64, code: &str| {
            let sum = Sum { amount: amount.try_into().unwrap(), currency: Some(code.parse().unwrap()) };
            Money::of(sum, Currency::default()).map(|money| {
                assert_eq!(money.printed(), sum);
                money.minor
            })
        };
        assert_eq!(
            (money(12.34, "USD"), money(12.345, "KWD"), money(1200.0, "JPY")),
            (Ok(1234), Ok(12345), Ok(1200))
        );
        assert_eq!(money(12.345, "EUR").unwrap_err().pointer, "/amount");
        assert!(money(0.5, "JPY").is_err());
    }
}
