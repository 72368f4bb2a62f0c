//! A call: one wish to speak with a lead, and every attempt at it.
//!
//! A call moves `queued → claimed → dialing → in_progress → final`. A final attempt may send the call back
//! to `queued` for a further one; an attempt itself never goes backwards, in whatever order events arrive.

mod status;
mod talk;

pub use status::{CallStatus, Direction, Priority};
pub use talk::{AnalysisFailure, ReadingSummary};

use crate::calling::{Reason, RetryRule};
use crate::{AgentId, AttemptId, CallId, CampaignId, ContactId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far ahead a call may be scheduled, and a wished time may lie: a year, a leap day included.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A talk with a lead, wished for or taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The record's id.
    pub id: CallId,
    /// Who called whom.
    #[serde(default)]
    pub direction: Direction,
    /// The lead.
    pub contact_id: ContactId,
    /// The agent that speaks; the tenant's default agent until one is chosen.
    pub agent_id: Option<AgentId>,
    /// The campaign that asked for the call.
    pub campaign_id: Option<CampaignId>,
    /// The analysed call that this one follows up.
    pub follows: Option<CallId>,
    /// How many calls this one follows in a row; bounds what a model can set off.
    #[serde(default)]
    pub follow_ups: u32,
    /// What the call is for.
    pub objective: String,
    /// What goes first when slots are scarce.
    pub priority: Priority,
    /// What this one call should mind.
    pub instructions: String,
    /// When its asker wants it, if not at once.
    pub scheduled_at: Option<Timestamp>,
    /// Where it stands.
    pub status: CallStatus,
    /// Why it stands there: of a blocked, waiting, failed or ambiguous call.
    pub reason: Option<Reason>,
    /// Of a queued call: not before this instant.
    pub ready_at: Timestamp,
    /// Of a queued call: whether it waits for its campaign to be resumed, and for no time.
    #[serde(default)]
    pub held: bool,
    /// Of an active call: when somebody must look after it if nothing was heard.
    pub check_at: Option<Timestamp>,
    /// Of an active call: the slot it holds.
    pub slot: Option<Slot>,
    /// Every attempt, the first first.
    pub attempts: Vec<Attempt>,
    /// The attempt whose transcript was analysed last.
    pub analyzed_attempt: Option<u32>,
    /// What that analysis came to: enough for counters and lists, without reading the analysis itself.
    #[serde(default)]
    pub reading: Option<ReadingSummary>,
    /// How having it analysed failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis_failure: Option<AnalysisFailure>,
    /// What analyses of earlier attempts came to: they were paid for too.
    #[serde(default)]
    pub earlier_readings: Vec<ReadingSummary>,
    /// The attempt whose next actions were planned last.
    pub planned_attempt: Option<u32>,
    /// The last attempt, if it came to no talk and what follows from that was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreached_attempt: Option<u32>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One of the provider account's lines, held for as long as a call may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Counts from 0.
    pub number: u32,
    /// When the line is free again though nobody gave it back.
    pub lease_until: Timestamp,
}

/// One attempt at a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counts from 1.
    pub number: u32,
    /// Who spoke.
    #[serde(default)]
    pub agent_id: Option<AgentId>,
    /// The business's own day on which it was dialed, and under which it counts.
    #[serde(default)]
    pub day: Option<Date>,
    /// Where it stands.
    pub status: CallStatus,
    /// Why it ended so.
    pub reason: Option<Reason>,
    /// Whether the end was told by the provider, and not concluded from its silence.
    #[serde(default)]
    pub confirmed: bool,
    /// Whether the carrier told, while it was under way, that a machine picked up.
    #[serde(default)]
    pub machine: bool,
    /// The provider's id of the conversation, once known.
    pub conversation_id: Option<String>,
    /// When the request went out.
    pub dialed_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long they spoke, in seconds.
    pub duration_secs: Option<u64>,
    /// What it cost, in the provider's credits.
    pub cost_credits: Option<f64>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// A final status.
    pub status: CallStatus,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether the provider told us.
    pub confirmed: bool,
    /// Whether a further attempt may follow: not while this one may still be ringing.
    pub is_over: bool,
    /// The provider's id of the conversation.
    pub conversation_id: Option<String>,
    /// How long they spoke, in seconds.
    pub duration_secs: Option<u64>,
    /// What it cost, in the provider's credits.
    pub cost_credits: Option<f64>,
}

impl Ending {
    /// An attempt that came to nothing.
    pub fn without_talk(status: CallStatus, reason: Reason, confirmed: bool) -> Self {
        Self {
            status,
            reason: Some(reason),
            confirmed,
            is_over: true,
            conversation_id: None,
            duration_secs: None,
            cost_credits: None,
        }
    }

    /// Whether it is certain that no telephone rang.
    pub fn never_rang(&self) -> bool {
        matches!(
            self.reason,
            Some(Reason::ProviderRejected | Reason::ProviderUnavailable | Reason::NeverPlaced)
        )
    }
}

impl Call {
    /// A call that waits for `ready_at`, with nothing said about its purpose.
    pub fn queued(id: CallId, contact_id: ContactId, ready_at: Timestamp, now: Timestamp) -> Self {
        Self {
            id,
            direction: Direction::Outbound,
            contact_id,
            agent_id: None,
            campaign_id: None,
            follows: None,
            follow_ups: 0,
            objective: String::new(),
            priority: Priority::Normal,
            instructions: String::new(),
            scheduled_at: None,
            status: CallStatus::Queued,
            reason: None,
            ready_at,
            held: false,
            check_at: None,
            slot: None,
            attempts: Vec::new(),
            analyzed_attempt: None,
            reading: None,
            analysis_failure: None,
            earlier_readings: Vec::new(),
            planned_attempt: None,
            unreached_attempt: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// A call that the lead made, and that is over: one attempt, which was answered at `began_at`.
    pub fn taken(
        id: CallId,
        contact_id: ContactId,
        agent_id: Option<AgentId>,
        ending: Ending,
        began_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let attempt = Attempt {
            number: 1,
            agent_id,
            day: None,
            status: ending.status,
            reason: ending.reason,
            confirmed: ending.confirmed,
            machine: false,
            conversation_id: ending.conversation_id,
            dialed_at: None,
            ended_at: Some(now),
            duration_secs: ending.duration_secs,
            cost_credits: ending.cost_credits,
        };
        Self {
            direction: Direction::Inbound,
            agent_id,
            status: ending.status,
            reason: ending.reason,
            attempts: vec![attempt],
            ..Self::queued(id, contact_id, began_at, now)
        }
    }

    /// The id of the attempt that was begun last, if any was.
    pub fn current_attempt(&self) -> Option<AttemptId> {
        self.attempts.last().map(|attempt| AttemptId { call: self.id, number: attempt.number })
    }

    /// The attempt of this number.
    pub fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.number == number)
    }

    /// Keeps what the analysis of an attempt came to.
    pub fn keep_reading(&mut self, reading: ReadingSummary) {
        self.analyzed_attempt = Some(reading.attempt);
        self.earlier_readings.extend(self.reading.replace(reading));
    }

    /// What every analysis came to.
    pub fn readings(&self) -> impl Iterator<Item = &ReadingSummary> {
        self.earlier_readings.iter().chain(&self.reading)
    }

    /// Has an attempt count under the day on which it was dialed, by the business's own clock. Once said, it stays.
    pub fn count_under(&mut self, number: u32, day_of: impl FnOnce(Timestamp) -> Date) {
        let updated_at = self.updated_at;
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.number == number) {
            let at = attempt.dialed_at.or(attempt.ended_at).unwrap_or(updated_at);
            attempt.day.get_or_insert_with(|| day_of(at));
        }
    }

    /// `queued → claimed`: takes a slot and begins an attempt.
    pub fn claim(&mut self, agent: AgentId, slot: Slot, check_at: Timestamp, now: Timestamp) -> AttemptId {
        let number = self.attempts.last().map_or(1, |attempt| attempt.number + 1);
        self.attempts.push(Attempt {
            number,
            agent_id: Some(agent),
            day: None,
            status: CallStatus::Claimed,
            reason: None,
            confirmed: false,
            machine: false,
            conversation_id: None,
            dialed_at: None,
            ended_at: None,
            duration_secs: None,
            cost_credits: None,
        });
        self.agent_id = Some(agent);
        self.slot = Some(slot);
        self.enter(CallStatus::Claimed, None, Some(check_at), now);
        AttemptId { call: self.id, number }
    }

    /// `claimed → dialing`: the intent, written before the request leaves. `None` if this attempt is not the
    /// one that is claimed: then somebody else dialed it, or it is over.
    pub fn begin_dialing(&mut self, number: u32, check_at: Timestamp, now: Timestamp) -> Option<()> {
        let attempt = self.attempts.last_mut()?;
        if self.status != CallStatus::Claimed || attempt.number != number {
            return None;
        }
        attempt.status = CallStatus::Dialing;
        attempt.dialed_at = Some(now);
        self.enter(CallStatus::Dialing, None, Some(check_at), now);
        Some(())
    }

    /// `dialing → in_progress`: the provider has it. `None` if the attempt is further along already.
    pub fn accepted(
        &mut self,
        number: u32,
        conversation_id: Option<String>,
        check_at: Timestamp,
        now: Timestamp,
    ) -> Option<()> {
        let attempt = self.attempts.iter_mut().find(|attempt| attempt.number == number)?;
        if !matches!(attempt.status, CallStatus::Dialing | CallStatus::InProgress) {
            return None;
        }
        attempt.status = CallStatus::InProgress;
        attempt.conversation_id = conversation_id.or(attempt.conversation_id.take());
        self.enter(CallStatus::InProgress, None, Some(check_at), now);
        self.hold_until(check_at);
        Some(())
    }

    /// Notes that a machine picked up. `None` if that is known, or the attempt is not under way: what comes after
    /// the end changes nothing.
    pub fn machine_answered(&mut self, number: u32, now: Timestamp) -> Option<()> {
        let attempt = self.attempts.iter_mut().find(|attempt| attempt.number == number)?;
        if !attempt.status.is_active() || attempt.machine {
            return None;
        }
        attempt.machine = true;
        self.updated_at = now;
        Some(())
    }

    /// Ends an attempt, gives the slot back, and queues the call again where `retry` says so. `None` if the
    /// attempt has ended already; only a confirmed ending replaces one that was concluded from silence.
    pub fn end(&mut self, number: u32, ending: Ending, retry: &RetryRule, now: Timestamp) -> Option<()> {
        let known = self.attempt(number)?;
        if known.status.is_final() && (known.confirmed || !ending.confirmed) {
            return None;
        }
        let is_current = self.attempts.last().is_some_and(|attempt| attempt.number == number);
        // After a talk that we hear of late, nobody rings again.
        let stops = !is_current
            && ending.status == CallStatus::Completed
            && matches!(self.status, CallStatus::Queued | CallStatus::Claimed);
        if stops {
            self.drop_claim();
        }
        let attempt = self.attempts.iter_mut().find(|attempt| attempt.number == number)?;
        attempt.status = ending.status;
        attempt.reason = ending.reason;
        attempt.confirmed = ending.confirmed;
        attempt.conversation_id = ending.conversation_id.or(attempt.conversation_id.take());
        attempt.ended_at = Some(now);
        attempt.duration_secs = ending.duration_secs;
        attempt.cost_credits = ending.cost_credits;
        // A call that is over stays over: it learns how it ended, and is not made again.
        let was_over = self.status.is_final();
        // A later attempt, or a person who cancelled the call, is not undone by news of an earlier one.
        if !(is_current || stops) || self.status == CallStatus::Cancelled {
            return Some(());
        }
        self.slot = None;
        self.held = false;
        match retry.after(self.id, ending.status, number).filter(|_| ending.is_over && !was_over) {
            Some(wait) => {
                self.ready_at = now + wait;
                self.enter(CallStatus::Queued, ending.reason.or(Some(Reason::Retry)), None, now);
            }
            None => self.enter(ending.status, ending.reason, None, now),
        }
        Some(())
    }

    /// Puts a claimed or queued call back until `until`; an attempt that was claimed for it never was.
    pub fn postpone(&mut self, until: Timestamp, reason: Reason, now: Timestamp) {
        self.drop_claim();
        self.ready_at = until;
        self.enter(CallStatus::Queued, Some(reason), None, now);
    }

    /// Takes an attempt back of which it is certain that it was never made: it never was, and the call is ready again.
    /// `None` if this attempt is not the one that is claimed or dialed.
    pub fn take_back(&mut self, number: u32, reason: Reason, now: Timestamp) -> Option<()> {
        let is_current = self.attempts.last().is_some_and(|attempt| attempt.number == number);
        if !is_current || !matches!(self.status, CallStatus::Claimed | CallStatus::Dialing) {
            return None;
        }
        self.attempts.pop();
        self.slot = None;
        self.ready_at = now;
        self.enter(CallStatus::Queued, Some(reason), None, now);
        Some(())
    }

    /// Puts a claimed or queued call aside until its campaign is resumed; what it waits for besides stays.
    pub fn hold(&mut self, now: Timestamp) {
        let reason = self.reason;
        self.drop_claim();
        self.held = true;
        self.enter(CallStatus::Queued, reason, None, now);
    }

    /// Takes a call back in that was put aside.
    pub fn release(&mut self, now: Timestamp) {
        self.held = false;
        self.updated_at = now;
    }

    /// Takes a call back that nobody was called for yet. `None` if it is too late: the telephone may be ringing,
    /// or the call is over.
    pub fn cancel(&mut self, reason: Reason, now: Timestamp) -> Option<()> {
        if !matches!(self.status, CallStatus::Queued | CallStatus::Claimed) {
            return None;
        }
        self.drop_claim();
        self.held = false;
        self.enter(CallStatus::Cancelled, Some(reason), None, now);
        Some(())
    }

    /// Closes a call that the rules forbid; an attempt that was claimed for it never was.
    pub fn block(&mut self, reason: Reason, now: Timestamp) {
        self.drop_claim();
        self.held = false;
        self.enter(CallStatus::Blocked, Some(reason), None, now);
    }

    /// Parks an attempt whose effect nobody can tell.
    pub fn park(&mut self, number: u32, now: Timestamp) -> Option<()> {
        let never = RetryRule::never();
        self.end(
            number,
            Ending::without_talk(CallStatus::Ambiguous, Reason::EffectUnknown, false),
            &never,
            now,
        )
    }

    /// Looks again at `check_at`, with the slot held until then and a little longer. There is nothing to look at
    /// where no attempt is under way.
    pub fn watch(&mut self, check_at: Timestamp, now: Timestamp) {
        if !self.status.is_active() {
            return;
        }
        self.check_at = Some(check_at);
        self.hold_until(check_at);
        self.updated_at = now;
    }

    /// Holds the slot until somebody has looked again, and a little longer.
    fn hold_until(&mut self, check_at: Timestamp) {
        if let Some(slot) = &mut self.slot {
            slot.lease_until = slot.lease_until.max(check_at + SignedDuration::from_mins(5));
        }
    }

    fn drop_claim(&mut self) {
        if self.status == CallStatus::Claimed {
            self.attempts.pop();
        }
        self.slot = None;
    }

    fn enter(
        &mut self,
        status: CallStatus,
        reason: Option<Reason>,
        check_at: Option<Timestamp>,
        now: Timestamp,
    ) {
        self.status = status;
        self.reason = reason;
        self.check_at = check_at;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod order;
#[cfg(test)]
pub(crate) mod tests;
