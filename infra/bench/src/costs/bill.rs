//! So much of this and so much of that, and what it costs.

use super::price::{Item, Money, Prices, Quantity};
use crate::Failure;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Quantities of what is charged for.
#[derive(Debug, Clone, Default)]
pub(super) struct Bill {
    parts: BTreeMap<Item, Quantity>,
}

impl Bill {
    /// Puts so much more of an item on it.
    pub(super) fn add(&mut self, item: Item, quantity: Quantity) {
        let part = self.parts.entry(item).or_default();
        *part = *part + quantity;
    }

    /// Puts another bill on it, so many times.
    pub(super) fn add_all(&mut self, other: &Self, times: u64) {
        for (item, quantity) in &other.parts {
            self.add(*item, quantity.times(times));
        }
    }

    /// The same, so many times.
    pub(super) fn times(&self, times: u64) -> Self {
        let mut bill = Self::default();
        bill.add_all(self, times);
        bill
    }

    #[cfg(test)]
    pub(super) fn of(&self, item: Item) -> Quantity {
        self.parts.get(&item).copied().unwrap_or_default()
    }

    /// What it comes to.
    pub(super) fn sum(&self, prices: &Prices) -> Result<Money, Failure> {
        self.parts.iter().map(|(item, quantity)| Ok(prices.of(*item)?.times(*quantity))).sum()
    }

    /// Its parts and its sum as a table, the dearest first.
    pub(super) fn table(&self, title: &str, prices: &Prices) -> Result<String, Failure> {
        let mut rows = Vec::new();
        for (item, quantity) in self.parts.iter().filter(|(_, quantity)| **quantity != Quantity::default()) {
            let price = prices.of(*item)?;
            rows.push((price.times(*quantity), price, quantity));
        }
        rows.sort_by_key(|(cost, price, _)| (std::cmp::Reverse(*cost), price.unit.as_str()));
        let mut text = format!("| {title} | quantity | USD each | USD |\n|---|---:|---:|---:|\n");
        for (cost, price, quantity) in rows {
            writeln!(text, "| {} | {quantity} | {price} | {cost} |", price.unit)?;
        }
        writeln!(text, "| **sum** | | | **{}** |", self.sum(prices)?)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_comes_first_and_what_there_is_none_of_not_at_all() {
        let prices = Prices::read().unwrap();
        let mut one = Bill::default();
        one.add(Item::TableWrite, Quantity::whole(2));
        one.add(Item::Key, Quantity::default());
        let mut bill = one.times(1_000_000);
        bill.add(Item::Key, Quantity::whole(2));
        assert_eq!(bill.sum(&prices).unwrap().to_string(), "3.2500");
        let table = bill.table("months", &prices).unwrap();
        let rows: Vec<_> = table.lines().collect();
        assert!(rows[0].starts_with("| months |"));
        assert_eq!(rows[2], "| KMS, key of ours for a month | 2 | 1.00 | 2.0000 |");
        assert_eq!(rows[3], "| table, write request unit | 2,000,000 | 0.625 / 1,000,000 | 1.2500 |");
        assert_eq!(rows[4], "| **sum** | | | **3.2500** |");
        assert_eq!(one.table("x", &prices).unwrap().lines().count(), 4);
    }
}
