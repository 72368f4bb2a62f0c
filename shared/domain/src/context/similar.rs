//! Which earlier conversations are like what a call is for.

use super::HistoryEntry;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The longest vector that is kept, in numbers. Models that can shorten their vectors are asked to; of others the
/// beginning is kept.
const DIMENSIONS: usize = 768;

/// What a text means to an embedding model: the direction of its vector, each number in a byte.
///
/// Vectors of two models have nothing to do with each other, so the model is kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meaning {
    /// The model.
    pub model: String,
    /// The numbers, from -127 to 127 in proportion to the largest.
    pub numbers: Vec<i8>,
}

impl Meaning {
    /// The meaning that a model gave as a vector; none if it points nowhere.
    pub fn of(model: &str, vector: &[f32]) -> Option<Self> {
        let vector = &vector[..vector.len().min(DIMENSIONS)];
        let largest = vector.iter().fold(0_f32, |largest, number| largest.max(number.abs()));
        if !largest.is_finite() || largest <= 0.0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "from -127 to 127")]
        let numbers = vector.iter().map(|number| (number / largest * 127.0).round() as i8).collect();
        Some(Self { model: model.to_owned(), numbers })
    }

    /// The cosine of the angle to another one, from -1 to 1; none if they cannot be compared.
    pub fn likeness(&self, other: &Self) -> Option<f64> {
        if self.model != other.model || self.numbers.len() != other.numbers.len() {
            return None;
        }
        let product = |a: &Self, b: &Self| -> i64 {
            a.numbers.iter().zip(&b.numbers).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
        };
        #[expect(clippy::cast_precision_loss, reason = "at most 768 products of two bytes")]
        let [both, one, two] =
            [product(self, other), product(self, self), product(other, other)].map(|n| n as f64);
        (one > 0.0 && two > 0.0).then(|| both / (one * two).sqrt())
    }
}

/// The conversations in the order of their likeness to `purpose`, the likest first; of equal ones the newer.
/// Those that cannot be compared are left out.
pub fn most_similar(purpose: &Meaning, talks: Vec<(HistoryEntry, Meaning)>) -> Vec<HistoryEntry> {
    let mut ranked: Vec<_> =
        talks.into_iter().filter_map(|(entry, meaning)| Some((purpose.likeness(&meaning)?, entry))).collect();
    ranked
        .sort_by(|(a, one), (b, two)| b.partial_cmp(a).unwrap_or(Ordering::Equal).then(two.at.cmp(&one.at)));
    ranked.into_iter().map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn meaning(vector: &[f32]) -> Meaning {
        Meaning::of("m", vector).unwrap()
    }

    fn entry(second: i64) -> HistoryEntry {
        let at = Timestamp::from_second(second).unwrap();
        HistoryEntry { at, summary: second.to_string(), outcome: "none".to_owned() }
    }

    #[test]
    fn the_likest_come_first_and_of_equals_the_newer() {
        let talks = vec![
            (entry(1), meaning(&[1.0, 0.0])),
            (entry(2), meaning(&[0.0, 1.0])),
            (entry(3), meaning(&[2.0, 0.1])),
            (entry(4), meaning(&[0.0, 3.0])),
            (entry(5), Meaning::of("another", &[1.0, 0.0]).unwrap()),
            (entry(6), meaning(&[1.0, 0.0, 0.0])),
        ];
        let order: Vec<_> =
            most_similar(&meaning(&[5.0, 0.0]), talks).iter().map(|e| e.at.as_second()).collect();
        assert_eq!(order, [1, 3, 4, 2]);
    }

    #[test]
    fn what_points_nowhere_means_nothing() {
        for vector in [&[][..], &[0.0, 0.0], &[f32::NAN], &[f32::INFINITY, 1.0]] {
            assert_eq!(Meaning::of("m", vector), None, "{vector:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_keep_the_angle(a in prop::collection::vec(-1_f32..1.0, 64), b in prop::collection::vec(-1_f32..1.0, 64)) {
            let exact = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
            let cosine = exact(&a, &b) / (exact(&a, &a) * exact(&b, &b)).sqrt();
            prop_assume!(cosine.is_finite());
            let kept = meaning(&a).likeness(&meaning(&b)).unwrap();
            prop_assert!((kept - cosine).abs() < 0.02, "{kept} {cosine}");
        }
    }
}
