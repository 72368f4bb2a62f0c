//! The feed of changes: which records changed, in order, for consoles and integrations.
//!
//! Steps commit side by side, so a line may appear shortly after one that sorts behind it. A cursor therefore
//! names the last line that is old enough to be settled and the younger ones already told: nothing is missed
//! and nothing comes twice.

use crate::context::Context;
use crate::error::Result;
use contracts::JOB_KINDS;
use domain::{Invalid, Role};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use store::Change;
use ulid::Ulid;

/// How old a line must be for none to appear before it: longer than any function may run, and than clocks differ.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(longest_run() + 5);
/// How many young lines a cursor can name; beyond that the oldest count as settled.
const YOUNG_MAX: usize = 200;

/// How long a function may run at most, in seconds: requests are answered within 30.
const fn longest_run() -> i64 {
    let (mut longest, mut kind) = (30, 0);
    while kind < JOB_KINDS.len() {
        if JOB_KINDS[kind].timeout_secs > longest {
            longest = JOB_KINDS[kind].timeout_secs;
        }
        kind += 1;
    }
    longest as i64
}

/// A part of the feed, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Feed {
    /// The changes, oldest first.
    pub changes: Vec<Change>,
    /// Where to go on, now or later.
    pub cursor: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Position {
    settled: Option<Ulid>,
    young: BTreeSet<Ulid>,
}

/// The changes after a cursor, at most `limit` (100); without a cursor, from a week ago.
pub async fn after(ctx: &Context, cursor: Option<&str>, limit: usize) -> Result<Feed> {
    ctx.require(Role::Viewer)?;
    let limit = if limit == 0 { 50 } else { limit.min(100) };
    let mut position = cursor.map_or_else(|| Ok(Position::default()), Position::parse)?;
    let from_day = position.settled.map(instant);
    let mut changes: Vec<Change> = Vec::new();
    for day in ctx.store().feed_days() {
        let is_before = from_day.is_some_and(|from| day.as_second() / 86_400 < from.as_second() / 86_400);
        if is_before || changes.len() >= limit {
            continue;
        }
        // Those already told are read again, so that many more are asked for.
        let wanted = limit - changes.len() + position.young.len();
        let lines = ctx.store().changes(&ctx.tenant, day, position.settled, wanted).await?;
        changes.extend(lines.into_iter().filter(|line| !position.young.contains(&line.id)));
    }
    changes.truncate(limit);
    position.advance(changes.iter().map(|change| change.id), ctx.now());
    Ok(Feed { changes, cursor: position.to_string() })
}

fn instant(id: Ulid) -> Timestamp {
    let ms = i64::try_from(id.timestamp_ms()).unwrap_or_default();
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

impl Position {
    fn advance(&mut self, told: impl Iterator<Item = Ulid>, now: Timestamp) {
        self.young.extend(told);
        let is_settled = |id: &Ulid| now.duration_since(instant(*id)) > SETTLED_AFTER;
        while let Some(first) = self.young.first().copied() {
            if !is_settled(&first) && self.young.len() <= YOUNG_MAX {
                break;
            }
            self.settled = self.settled.max(Some(first));
            self.young.pop_first();
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let wrong = || Invalid::at("?after", "is not a cursor of this feed");
        let id = |text: &str| Ulid::from_string(text).map_err(|_| wrong());
        if text.len() > 27 * (YOUNG_MAX + 2) {
            return Err(wrong().into());
        }
        let (settled, young) = text.split_once('.').ok_or_else(wrong)?;
        let settled = if settled.is_empty() { None } else { Some(id(settled)?) };
        let young = young
            .split('.')
            .filter(|text| !text.is_empty())
            .map(id)
            .collect::<std::result::Result<_, _>>()?;
        Ok(Self { settled, young })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settled = self.settled.map(|id| id.to_string()).unwrap_or_default();
        let young: Vec<String> = self.young.iter().map(Ulid::to_string).collect();
        write!(f, "{settled}.{}", young.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_and_settles_what_is_old() {
        let now: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        let at = |seconds_ago: u64, n: u128| {
            Ulid::from_parts(now.as_millisecond().unsigned_abs() - seconds_ago * 1000, n)
        };
        let mut position = Position::default();
        // An import's step may take as long as its function.
        position.advance([at(300, 1), at(200, 2), at(119, 3), at(1, 4)].into_iter(), now);
        assert_eq!(position.settled, Some(at(200, 2)));
        assert_eq!(position.young.len(), 2);
        assert_eq!(Position::parse(&position.to_string()).unwrap(), position);
        assert!(Position::parse("nonsense").is_err() && Position::parse("x.y").is_err());
    }
}
