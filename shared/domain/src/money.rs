//! Money: integer minor units and a currency.

use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An ISO 4217 currency by its three letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
}
