//! Deals: what a contact may buy, for how much, and how far that is.

use crate::{ContactId, DealId, Invalid, Money, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Something that a contact may buy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deal {
    /// The record's id.
    pub id: DealId,
    /// Who may buy.
    pub contact_id: ContactId,
    /// What, in a line.
    pub title: String,
    /// What it is worth.
    pub value: Money,
    /// How far it is.
    pub stage: Stage,
    /// How likely it is, in percent.
    pub probability: u8,
    /// Its last moves from stage to stage, [`MOVES`] at most, the last one last.
    pub stage_history: Vec<StageChange>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was won or lost; none while it is open.
    pub closed_at: Option<Timestamp>,
}

/// How many moves of a deal are kept.
pub const MOVES: usize = 50;

/// One move of a deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StageChange {
    /// The stage that it left.
    pub from: Stage,
    /// The stage that it reached.
    pub to: Stage,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub at: Timestamp,
    /// Who moved it, as the audit names them.
    pub by: String,
}

impl Deal {
    /// Moves the deal, and keeps who did it. Where it is already, nothing happens. A closed deal that moves to an open
    /// stage is open again; one that moves between closed ones stays closed since when it was.
    pub fn move_to(&mut self, stage: Stage, by: &str, now: Timestamp) {
        if stage == self.stage {
            return;
        }
        self.closed_at = stage.is_closed().then(|| self.closed_at.unwrap_or(now));
        let from = std::mem::replace(&mut self.stage, stage.clone());
        self.stage_history.push(StageChange { from, to: stage, at: now, by: by.to_owned() });
        self.stage_history.drain(..self.stage_history.len().saturating_sub(MOVES));
    }
}

/// How far a deal is, in the business's own word: a text in lower snake case, of 50 characters at most. Two of them mean
/// that it was won, two that it was lost; with any other it is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Stage(String);

/// How long a stage may be, in characters.
const STAGE_MAX: usize = 50;

impl Stage {
    /// The stage as the API spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The stage as people read it.
    pub fn words(&self) -> String {
        self.0.replace('_', " ")
    }

    /// What became of a deal in this stage.
    pub fn status(&self) -> DealStatus {
        match self.as_str() {
            "won" | "closed_won" => DealStatus::Won,
            "lost" | "closed_lost" => DealStatus::Lost,
            _ => DealStatus::Open,
        }
    }

    /// Whether a deal in this stage is won or lost.
    pub fn is_closed(&self) -> bool {
        self.status() != DealStatus::Open
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self("prospecting".to_owned())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Stage> for String {
    fn from(stage: Stage) -> Self {
        stage.0
    }
}

impl FromStr for Stage {
    type Err = Invalid;
    /// Reads a stage however it is written: `Closed Won` and `closed-won` are `closed_won`. Letters of any script stay.
    fn from_str(written: &str) -> Result<Self, Invalid> {
        Ok(Self(text::symbol(written, STAGE_MAX)?))
    }
}

impl TryFrom<String> for Stage {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// What became of a deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DealStatus {
    /// It may still come about.
    Open,
    /// It came about.
    Won,
    /// It did not.
    Lost,
}

#[cfg(feature = "openapi")]
crate::id::string_schema!(
    Stage,
    "How far a deal is: any word of at most 50 characters, kept in lower snake case. `won`, `closed_won`, `lost` and `closed_lost` close a deal."
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PrefixedId;
    use proptest::prelude::*;
    use ulid::Ulid;

    fn stage(text: &str) -> Stage {
        text.parse().unwrap()
    }

    fn deal() -> Deal {
        Deal {
            id: DealId::from_ulid(Ulid::nil()),
            contact_id: ContactId::from_ulid(Ulid::nil()),
            title: "A garden".to_owned(),
            value: Money { minor: 0, currency: crate::Currency::default() },
            stage: Stage::default(),
            probability: 0,
            stage_history: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            closed_at: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_stage_has_one_spelling() {
        for (written, kept) in [
            (" Closed Won ", "closed_won"),
            ("closed-won", "closed_won"),
            ("Proposal / Price  Quote", "proposal_price_quote"),
            ("#1", "1"),
            ("Pi\u{f9} tardi", "pi\u{f9}_tardi"),
            ("Pi\u{75}\u{300} tardi", "pi\u{f9}_tardi"),
            (
                "\u{9b8}\u{9ae}\u{9cd}\u{9ad}\u{9be}\u{9ac}\u{9a8}\u{9be}",
                "\u{9b8}\u{9ae}\u{9cd}\u{9ad}\u{9be}\u{9ac}\u{9a8}\u{9be}",
            ),
        ] {
            assert_eq!(stage(written).as_str(), kept);
        }
        for bad in ["", "  ", "-/-", "a\u{0}b", "a\nb", &"x".repeat(51)] {
            assert!(bad.parse::<Stage>().is_err(), "{bad:?}");
        }
        assert!("x".repeat(50).parse::<Stage>().is_ok());
        assert_eq!(
            (stage("Won").status(), stage("closed lost").status()),
            (DealStatus::Won, DealStatus::Lost)
        );
        assert_eq!(
            (stage("wonderful").status(), Stage::default().status()),
            (DealStatus::Open, DealStatus::Open)
        );
        assert_eq!(stage("closed won").words(), "closed won");
    }

    #[test]
    fn a_deal_is_closed_since_it_was_won_or_lost() {
        let mut deal = deal();
        deal.move_to(stage("prospecting"), "key_1", at(1));
        assert_eq!(deal.stage_history, [], "it is there already");
        deal.move_to(stage("won"), "key_1", at(2));
        deal.move_to(stage("closed_won"), "key_2", at(3));
        assert_eq!(deal.closed_at, Some(at(2)));
        deal.move_to(stage("proposal"), "key_2", at(4));
        assert_eq!(deal.closed_at, None);
        let moves: Vec<_> =
            deal.stage_history.iter().map(|m| (m.from.as_str(), m.to.as_str(), m.by.as_str())).collect();
        let expected = [
            ("prospecting", "won", "key_1"),
            ("won", "closed_won", "key_2"),
            ("closed_won", "proposal", "key_2"),
        ];
        assert_eq!(moves, expected);
    }

    proptest! {
        #[test]
        fn a_stage_reads_back_as_it_is_kept(text in "\\PC{0,60}") {
            if let Ok(kept) = text.parse::<Stage>() {
                prop_assert_eq!(&stage(kept.as_str()), &kept);
                prop_assert!(!kept.as_str().contains(['#', ' ']) && kept.as_str().chars().count() <= 50);
            }
        }

        #[test]
        fn the_last_moves_are_kept_and_each_begins_where_the_one_before_ended(
            to in proptest::collection::vec("[a-d]|won|lost", 0..120),
        ) {
            let mut deal = deal();
            for (n, to) in to.iter().enumerate() {
                deal.move_to(stage(to), "key_1", at(i64::try_from(n).unwrap()));
            }
            prop_assert!(deal.stage_history.len() <= MOVES);
            prop_assert!(deal.stage_history.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].at < pair[1].at));
            let last = deal.stage_history.last().map(|last| last.to.clone());
            prop_assert_eq!(last.unwrap_or_default(), deal.stage.clone());
            prop_assert_eq!(deal.closed_at.is_some(), deal.stage.is_closed());
        }
    }
}
