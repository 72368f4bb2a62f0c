//! What a call keeps of what was read in its conversation.

use super::{Call, CallStatus};
use crate::analysis::{AnalysisStatus, Outcome, Sentiment};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How often having a transcript analysed failed, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisFailure {
    /// The attempt.
    pub attempt: u32,
    /// How often.
    pub times: u32,
    /// Of what the last time, as a stable code.
    pub reason: String,
    /// When the last time.
    pub at: Timestamp,
    /// Whether nobody tries again by itself.
    pub given_up: bool,
}

/// After how long an analysis that is neither done nor known to have failed counts as failed: every delivery of its
/// job is long over.
const ANALYSIS_OVERDUE: SignedDuration = SignedDuration::from_hours(6);

/// What an analysis came to, in a few words and numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingSummary {
    /// The attempt that was analysed.
    pub attempt: u32,
    /// What came of the conversation.
    pub outcome: Outcome,
    /// The lead's mood.
    pub sentiment: Sentiment,
    /// What the analysis cost: tokens read, over all requests.
    pub input_tokens: u64,
    /// What the analysis cost: tokens written, over all requests.
    pub output_tokens: u64,
    /// The model that read the transcript.
    pub model: String,
}

impl Call {
    /// Whether the last conversation was read; none if there was none.
    pub fn analysis_status(&self, now: Timestamp) -> Option<AnalysisStatus> {
        let talk = self.attempts.iter().rev().find(|attempt| attempt.status == CallStatus::Completed)?;
        let failure = self.analysis_failure.as_ref();
        let given_up = failure.is_some_and(|failure| failure.attempt == talk.number && failure.given_up);
        let overdue = talk.ended_at.is_some_and(|at| now > at + ANALYSIS_OVERDUE);
        Some(if self.analyzed_attempt >= Some(talk.number) {
            AnalysisStatus::Done
        } else if given_up || overdue {
            AnalysisStatus::Failed
        } else {
            AnalysisStatus::Pending
        })
    }

    /// Notes that having an attempt analysed failed. It is given up where that is `final`, or after `most` times;
    /// whether it is given up now and was not before.
    pub fn analysis_failed(
        &mut self,
        attempt: u32,
        reason: &str,
        is_final: bool,
        most: u32,
        now: Timestamp,
    ) -> bool {
        let before = self.analysis_failure.take().filter(|failure| failure.attempt == attempt);
        let (times, was_given_up) = before.map_or((0, false), |failure| (failure.times, failure.given_up));
        let given_up = was_given_up || is_final || times + 1 >= most;
        let reason = reason.to_owned();
        self.analysis_failure =
            Some(AnalysisFailure { attempt, times: times + 1, reason, at: now, given_up });
        self.updated_at = now;
        given_up && !was_given_up
    }

    /// Whether the call is over with this attempt, and nobody was spoken with.
    pub fn ended_unreached(&self, number: u32) -> bool {
        let is_last = self.attempts.last().is_some_and(|attempt| attempt.number == number);
        let unreached = [CallStatus::NoAnswer, CallStatus::Busy, CallStatus::Voicemail, CallStatus::Failed];
        is_last && unreached.contains(&self.status)
    }
}
