//! What things cost: the file of prices, and exact money.

use crate::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::iter::Sum;

/// The prices, the only place where any stands.
const FILE: &str = include_str!("../../prices.json");

/// Something that AWS charges for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Item {
    TableRead,
    TableWrite,
    TableStored,
    TableBackup,
    Invocation,
    Compute,
    QueueRequest,
    FairQueueRequest,
    ApiRequest,
    Key,
    KeyRequest,
    ScheduledInvocation,
    AlarmMetric,
    CustomMetric,
    LogWritten,
    LogStored,
    FilePut,
    FileRead,
    Sent,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prices {
    pub(super) region: String,
    pub(super) dated: String,
    /// What to know of them all.
    pub(super) notes: Vec<String>,
    #[serde(rename = "prices")]
    all: Vec<Price>,
}

/// One price: `usd` dollars for `per` units.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    item: Item,
    /// The unit, as a person reads it.
    pub(super) unit: String,
    usd: Money,
    per: u64,
    /// What of it is free each month, whoever asks and however old the account is.
    #[serde(default)]
    pub(super) always_free: Option<String>,
    /// AWS's page.
    page: String,
    /// When and where the value was last seen.
    checked: String,
}

impl Prices {
    /// The file's.
    pub(super) fn read() -> Result<Self, Failure> {
        Ok(serde_json::from_str(FILE)?)
    }

    /// The price of this.
    pub(super) fn of(&self, item: Item) -> Result<&Price, Failure> {
        let found = self.all.iter().find(|price| price.item == item);
        found.ok_or_else(|| format!("there is no price of {item:?}").into())
    }

    /// Where each was seen.
    pub(super) fn seen(&self) -> impl Iterator<Item = String> {
        self.all.iter().map(|price| format!("{}: {} ({})", price.unit, price.page, price.checked))
    }

    /// What is free of each item, where something is.
    pub(super) fn free(&self) -> BTreeMap<&str, &str> {
        let with = |price: &'_ Price| price.always_free.is_some();
        let free = self.all.iter().filter(|price| with(price));
        free.map(|price| (price.unit.as_str(), price.always_free.as_deref().unwrap_or_default())).collect()
    }
}

impl Price {
    /// What so much of it costs.
    pub(super) fn times(&self, quantity: Quantity) -> Money {
        Money(quantity.0 * self.usd.0 / (u128::from(self.per) * Quantity::ONE))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per {
            1 => write!(f, "{}", self.usd.exact()),
            per => write!(f, "{} / {}", self.usd.exact(), grouped(u128::from(per))),
        }
    }
}

/// How much of something, in shares of one of which a byte of a GiB and a millisecond of a MiB have whole numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Quantity(u128);

impl Quantity {
    const ONE: u128 = 1_000 << 30;

    /// So many whole ones.
    pub(super) fn whole(count: u64) -> Self {
        Self(u128::from(count) * Self::ONE)
    }

    /// So many bytes, in GiB.
    pub(super) fn gib(bytes: u64) -> Self {
        Self(u128::from(bytes) * Self::ONE / (1 << 30))
    }

    /// So many milliseconds of a function with so many MiB, in GB-seconds.
    pub(super) fn gb_seconds(millis: u64, mebibytes: u64) -> Self {
        Self(u128::from(millis) * u128::from(mebibytes) * Self::ONE / (1_000 * 1_024))
    }

    /// So many units of a table: multiples of a half.
    pub(super) fn units(units: f64) -> Result<Self, Failure> {
        let halves = units * 2.0;
        if halves < 0.0 || halves.fract() != 0.0 || halves > f64::from(u32::MAX) {
            return Err(format!("{units} is no number of units").into());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was just looked at")]
        let halves = halves as u128;
        Ok(Self(halves * Self::ONE / 2))
    }

    /// So many among so many.
    pub(super) fn ratio(count: u64, among: u64) -> Self {
        Self::whole(count).among(among)
    }

    /// The share of each of so many.
    pub(super) fn among(self, count: u64) -> Self {
        Self(self.0 / u128::from(count.max(1)))
    }

    /// As many times as much.
    pub(super) fn times(self, factor: u64) -> Self {
        Self(self.0 * u128::from(factor))
    }
}

impl std::ops::Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl fmt::Display for Quantity {
    /// Whole ones where there are many, six digits behind the point where there are few.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = |digits: u32| {
            let unit = 10_u128.pow(digits);
            let number = (self.0 * unit + Self::ONE / 2) / Self::ONE;
            (number / unit, number % unit)
        };
        if self.0.is_multiple_of(Self::ONE) || self.0 >= 1_000 * Self::ONE {
            return f.write_str(&grouped(rounded(0).0));
        }
        if self.0 >= Self::ONE {
            let (whole, rest) = rounded(2);
            return write!(f, "{whole}.{rest:02}");
        }
        let (whole, rest) = rounded(6);
        write!(f, "{whole}.{rest:06}")
    }
}

/// An amount of dollars, in billionths of a millionth: fine enough for a millisecond of a small function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Money(u128);

impl Money {
    const DIGITS: usize = 15;
    const ONE: u128 = 1_000_000_000_000_000;

    /// All its digits.
    fn exact(self) -> String {
        let text = format!("{}.{:015}", self.0 / Self::ONE, self.0 % Self::ONE);
        let text = text.trim_end_matches('0');
        let missing = 2_usize.saturating_sub(text.len() - text.find('.').unwrap_or_default() - 1);
        format!("{text}{}", "0".repeat(missing))
    }
}

impl TryFrom<String> for Money {
    type Error = String;

    /// Reads `1`, `0.50`, `0.0000133334`.
    fn try_from(text: String) -> Result<Self, String> {
        let (whole, rest) = text.split_once('.').unwrap_or((&text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(rest) || rest.len() > Self::DIGITS || whole.len() > 9 {
            return Err(format!("{text} is no amount"));
        }
        let number = |text: &str| text.parse::<u128>().map_err(|e| e.to_string());
        Ok(Self(number(whole)? * Self::ONE + number(&format!("{rest:0<15}"))?))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

impl fmt::Display for Money {
    /// Dollars with four digits behind the point, rounded half up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = Self::ONE / 10_000;
        let rounded = (self.0 + unit / 2) / unit;
        write!(f, "{}.{:04}", grouped(rounded / 10_000), rounded % 10_000)
    }
}

/// A number with commas between its thousands.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        Money::try_from(text.to_owned()).unwrap()
    }

    fn cost(item: Item, quantity: Quantity) -> String {
        Prices::read().unwrap().of(item).unwrap().times(quantity).to_string()
    }

    #[test]
    fn an_amount_is_read_to_the_last_digit_and_no_nonsense_is() {
        assert_eq!(money("1"), Money(Money::ONE));
        assert_eq!(money("0.0000133334"), Money(13_333_400_000));
        assert_eq!(money("0.000000000000001"), Money(1));
        for bad in ["", ".", "1.", ".5", "-1", "1e3", "1,5", "0.0000000000000001", "$1"] {
            assert!(Money::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_amount_is_shown_rounded_and_a_price_whole() {
        assert_eq!(money("0.00005").to_string(), "0.0001");
        assert_eq!(money("0.000049").to_string(), "0.0000");
        assert_eq!(money("1234.99995").to_string(), "1,235.0000");
        assert_eq!(money("0.0000133334").exact(), "0.0000133334");
        assert_eq!(money("1").exact(), "1.00");
        assert_eq!(money("0.5").exact(), "0.50");
    }

    #[test]
    fn what_is_added_up_was_not_rounded_before() {
        let third = Price { per: 3, ..price("1") }.times(Quantity::whole(1));
        assert_eq!([third, third, third].into_iter().sum::<Money>().to_string(), "1.0000");
        let tiny = money("0.00002");
        assert_eq!((0..1_000).map(|_| tiny).sum::<Money>(), money("0.02"));
    }

    fn price(usd: &str) -> Price {
        let text = |text: &str| text.to_owned();
        let (unit, page, checked) = (text("x"), text(""), text(""));
        Price { item: Item::Key, unit, usd: money(usd), per: 1, always_free: None, page, checked }
    }

    #[test]
    fn quantities_are_exact() {
        assert_eq!(Quantity::units(0.5).unwrap().times(2), Quantity::whole(1));
        assert!(Quantity::units(0.3).is_err() && Quantity::units(-1.0).is_err());
        assert_eq!(Quantity::gib(1 << 30), Quantity::whole(1));
        assert_eq!(Quantity::gb_seconds(4_000, 256), Quantity::whole(1));
        assert_eq!(Quantity::gb_seconds(1, 256).times(4_000), Quantity::whole(1));
        assert_eq!(Quantity::gib(1).times(1 << 30), Quantity::whole(1));
        assert_eq!(Quantity::whole(1_234_567).to_string(), "1,234,567");
        assert_eq!(Quantity::units(1.5).unwrap().to_string(), "1.50");
        assert_eq!(Quantity::gb_seconds(1, 256).to_string(), "0.000250");
        assert_eq!(Quantity::units(1_000.5).unwrap().to_string(), "1,001");
    }

    #[test]
    fn known_sums_come_out() {
        // 43,200 ticks of 256 MB and 100 ms each are 1,080 GB-seconds.
        let ticks = Quantity::gb_seconds(100, 256).times(43_200);
        assert_eq!(ticks, Quantity::whole(1_080));
        assert_eq!(cost(Item::Compute, ticks), "0.0144");
        // A queue that nobody writes to: five pollers, three times a minute, for thirty days.
        assert_eq!(cost(Item::QueueRequest, Quantity::whole(5 * 3 * 43_200)), "0.2592");
        assert_eq!(cost(Item::TableWrite, Quantity::whole(1_000_000)), "0.6250");
        assert_eq!(cost(Item::Key, Quantity::whole(1)), "1.0000");
    }

    #[test]
    fn every_price_stands_once() {
        let prices = Prices::read().unwrap();
        let mut items: Vec<_> = prices.all.iter().map(|price| price.item).collect();
        let all = items.len();
        items.sort();
        items.dedup();
        assert_eq!(items.len(), all);
        for price in &prices.all {
            assert!(price.per > 0 && price.usd > Money(0), "{:?}", price.item);
            assert!(price.page.starts_with("https://aws.amazon.com/"), "{:?}", price.item);
            assert!(price.checked.len() > 10, "{:?} does not say where it was seen", price.item);
        }
    }
}
