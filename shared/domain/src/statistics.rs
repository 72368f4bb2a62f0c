//! How sure a rate is.

/// The quantile of the normal distribution for an interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// How many of how many: a rate that knows what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proportion {
    /// How many.
    pub hits: u64,
    /// Of how many; at least as many as `hits`.
    pub of: u64,
}

impl Proportion {
    /// `hits` of `of`. Counts below zero, and more hits than tries, cannot be and are taken as the nearest that can.
    pub fn new(hits: i64, of: i64) -> Self {
        let of = u64::try_from(of).unwrap_or_default();
        Self { hits: u64::try_from(hits).unwrap_or_default().min(of), of }
    }

    /// The rate, from 0 to 1; none of nothing.
    pub fn rate(self) -> Option<f64> {
        (self.of > 0).then(|| real(self.hits) / real(self.of))
    }

    /// The interval in which the true rate lies with 95 % confidence, after Wilson (1927): it stays within 0 and 1
    /// and is wide where there is little to go by. None of nothing.
    pub fn interval(self) -> Option<(f64, f64)> {
        let (rate, n) = (self.rate()?, real(self.of));
        let z2 = Z * Z;
        let middle = (rate + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).sqrt();
        // At the ends the formula gives the end itself, but for rounding.
        let low = if self.hits == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if self.hits == self.of { 1.0 } else { (middle + half).min(1.0) };
        Some((low, high))
    }
}

/// What can be said of several rates side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// One of them rests on nothing yet.
    NotEnoughData,
    /// The intervals of the best and of another one overlap: chance may have made the difference.
    NoClearDifference,
    /// The whole interval of this one, by its place, lies above all others.
    Leads(usize),
}

/// Compares rates by their intervals; none if there are fewer than two.
pub fn compare(rates: &[Proportion]) -> Option<Difference> {
    if rates.len() < 2 {
        return None;
    }
    let intervals: Option<Vec<_>> = rates.iter().map(|rate| rate.interval()).collect();
    let Some(intervals) = intervals else { return Some(Difference::NotEnoughData) };
    let leads = |place: usize| {
        let others = intervals.iter().enumerate().filter(|(other, _)| *other != place);
        others.into_iter().all(|(_, other)| intervals[place].0 > other.1)
    };
    let leader = (0..intervals.len()).find(|place| leads(*place));
    Some(leader.map_or(Difference::NoClearDifference, Difference::Leads))
}

/// A count or a sum, for a ratio.
#[expect(clippy::cast_precision_loss, reason = "a ratio is shown to a few digits")]
pub fn real(number: impl Into<i128>) -> f64 {
    number.into() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_interval_is_wilsons() {
        // Values as other implementations give them.
        for (hits, of, low, high) in [
            (10, 100, 0.05523, 0.17437),
            (50, 100, 0.40383, 0.59617),
            (0, 10, 0.0, 0.27753),
            (10, 10, 0.72247, 1.0),
            (1, 1, 0.20655, 1.0),
            (15, 148, 0.06239, 0.16049),
        ] {
            let (found_low, found_high) = Proportion::new(hits, of).interval().unwrap();
            assert!(
                (found_low - low).abs() < 1e-5 && (found_high - high).abs() < 1e-5,
                "{hits} of {of}: {found_low} {found_high}"
            );
        }
        assert_eq!((Proportion::new(0, 0).rate(), Proportion::new(0, 0).interval()), (None, None));
    }

    #[test]
    fn a_difference_is_claimed_only_where_it_is_clear() {
        let p = Proportion::new;
        assert_eq!(compare(&[p(5, 10)]), None);
        assert_eq!(compare(&[p(5, 10), p(0, 0)]), Some(Difference::NotEnoughData));
        assert_eq!(compare(&[p(6, 10), p(5, 10)]), Some(Difference::NoClearDifference));
        assert_eq!(compare(&[p(100, 1000), p(300, 1000)]), Some(Difference::Leads(1)));
        assert_eq!(compare(&[p(300, 1000), p(100, 1000), p(310, 1000)]), Some(Difference::NoClearDifference));
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_rate_and_narrows_with_more(hits in 0_i64..500, more in 0_i64..500) {
            let (few, many) = (Proportion::new(hits, hits + more), Proportion::new(hits * 10, (hits + more) * 10));
            if let (Some(rate), Some((low, high))) = (few.rate(), few.interval()) {
                prop_assert!(0.0 <= low && low <= rate && rate <= high && high <= 1.0);
                let (narrow_low, narrow_high) = many.interval().unwrap();
                prop_assert!(narrow_high - narrow_low < high - low);
            }
        }
    }
}
