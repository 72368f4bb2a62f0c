//! Long transcripts: read in pieces, and the readings made one.

use super::reading::{Outcome, Reading, Remark, Sentiment, WishKind};
use crate::text;
use std::ops::Range;

/// How many characters of a transcript a model reads at once: some 6,000 tokens of English.
const PIECE_MAX: usize = 25_000;
/// How many characters of the piece before a piece begins with, so that an answer is not read without its question.
const OVERLAP_MAX: usize = 1_500;
/// How many pieces are read at most; of more the middle is left out.
const PIECES_MAX: usize = 12;

/// How a transcript is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// The turns of each piece, in order. They overlap a little.
    pub turns: Vec<Range<usize>>,
    /// How many turns stand in no piece.
    pub left_out: usize,
}

/// Cuts a transcript, given by the lengths of its turns in characters, between turns. A turn is never cut, and one
/// that is longer than a piece is a piece of its own.
pub fn split(lengths: &[usize]) -> Pieces {
    let mut turns: Vec<Range<usize>> = Vec::new();
    let mut begun = 0;
    while begun < lengths.len() {
        // Before what is new, as much of the last piece as is worth reading again.
        let (mut start, mut size, mut again) = (begun, lengths[begun], 0);
        let floor = turns.last().map_or(begun, |last| last.start + 1);
        while start > floor {
            let more = lengths[start - 1];
            if again + more > OVERLAP_MAX || size + more > PIECE_MAX {
                break;
            }
            (start, size, again) = (start - 1, size + more, again + more);
        }
        let mut end = begun + 1;
        while end < lengths.len() && size + lengths[end] <= PIECE_MAX {
            size += lengths[end];
            end += 1;
        }
        turns.push(start..end);
        begun = end;
    }
    let mut left_out = 0;
    if turns.len() > PIECES_MAX {
        let (head, tail) = (PIECES_MAX / 2, turns.len() - PIECES_MAX / 2);
        left_out = turns[tail].start.saturating_sub(turns[head - 1].end);
        turns.drain(head..tail);
    }
    Pieces { turns, left_out }
}

impl Reading {
    /// One reading from those of a transcript's pieces, in their order.
    ///
    /// What was said later counts: the last outcome that is one, the last mood that is one, the last wish of each
    /// kind, the last answer to each question. A wish to be left alone counts wherever it stands. Changes of the
    /// score add up; reasons, objections, interests, promises and quotes are collected.
    #[must_use]
    pub fn merged(pieces: Vec<Self>) -> Self {
        let count = pieces.len();
        if count <= 1 {
            return pieces.into_iter().next().unwrap_or_default();
        }
        let mut whole = Self::default();
        let mut stopped = false;
        for piece in pieces {
            stopped |= piece.outcome == Outcome::DoNotCall;
            let summary = text::shortened(&piece.summary, 2_000 / count);
            if !whole.summary.is_empty() {
                whole.summary.push(' ');
            }
            whole.summary.push_str(&summary);
            if piece.outcome != Outcome::None {
                whole.outcome = piece.outcome;
            }
            if piece.sentiment != Sentiment::Neutral {
                whole.sentiment = piece.sentiment;
            }
            whole.score_change = (whole.score_change + piece.score_change).clamp(-30, 30);
            let kinds: Vec<WishKind> = piece.wishes.iter().map(|wish| wish.kind).collect();
            whole.wishes.retain(|wish| !kinds.contains(&wish.kind));
            whole.wishes.extend(piece.wishes);
            whole.collected.retain(|old| piece.collected.iter().all(|new| new.name != old.name));
            whole.collected.extend(piece.collected);
            if !piece.language.is_empty() {
                whole.language = piece.language;
            }
            append(&mut whole.reasons, piece.reasons, Clone::clone);
            append(&mut whole.objections, piece.objections, |remark: &Remark| remark.quote.clone());
            append(&mut whole.interests, piece.interests, |remark: &Remark| remark.quote.clone());
            append(&mut whole.promised_actions, piece.promised_actions, |promise| promise.quote.clone());
            append(&mut whole.evidence, piece.evidence, Clone::clone);
        }
        if stopped {
            whole.outcome = Outcome::DoNotCall;
        }
        whole.collected.sort_by(|a, b| a.name.cmp(&b.name));
        whole.bound();
        whole
    }
}

/// Adds what is not there yet: pieces overlap, so both may have it.
fn append<T>(all: &mut Vec<T>, more: Vec<T>, words: impl Fn(&T) -> String) {
    for item in more {
        let new = text::comparable(&words(&item));
        if all.iter().all(|old| text::comparable(&words(old)) != new) {
            all.push(item);
        }
    }
}
