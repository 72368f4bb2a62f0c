//! The rules that decide whether and when a lead may be called. They fail closed.

mod law;
mod reason;
mod window;

pub use law::{Law, Preset};
pub use reason::{Reason, Rule};
pub use window::{Place, next_open};

use crate::business::{BusinessConfig, Holiday, Hours, TimeOfDay, Weekday};
use crate::call::{Call, CallStatus};
use crate::campaign::{Campaign, CampaignStatus};
use crate::contact::{Channel, Contact};
use crate::id::PrefixedId;
use crate::{CallId, Invalid};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A tenant's rules for calling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CallingRules {
    /// Whose law's bounds hold besides these rules.
    pub preset: Preset,
    /// The hours of every day in which a callee's telephone may ring, by the callee's own clock.
    pub window: Hours,
    /// How many attempts a call has.
    pub max_attempts: u32,
    /// How long after an attempt the next one may come.
    pub retry_minutes: RetryMinutes,
    /// How many calls may be under way at once.
    pub max_concurrent: u32,
    /// Whether a lead must have agreed to be called.
    pub consent_required: bool,
    /// How often we may contact one person in 24 hours, over all channels.
    pub max_contacts_per_day: u32,
    /// How often we may contact one person in seven days, over all channels.
    pub max_contacts_per_week: u32,
    /// How long a call may last.
    pub max_call_minutes: u32,
    /// How long the telephone rings.
    pub ring_seconds: u32,
}

/// Minutes between an attempt's end and the next attempt, by how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each is named for the status it follows")]
pub struct RetryMinutes {
    pub no_answer: u32,
    pub busy: u32,
    pub voicemail: u32,
    pub failed: u32,
}

impl Default for RetryMinutes {
    fn default() -> Self {
        Self { no_answer: 60, busy: 15, voicemail: 240, failed: 5 }
    }
}

impl Default for CallingRules {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            window: Hours { open: TimeOfDay::at(9, 0), close: TimeOfDay::at(20, 0) },
            max_attempts: 3,
            retry_minutes: RetryMinutes::default(),
            max_concurrent: 5,
            consent_required: true,
            max_contacts_per_day: 2,
            max_contacts_per_week: 5,
            max_call_minutes: 10,
            ring_seconds: 40,
        }
    }
}

impl CallingRules {
    /// Checks that the rules permit something and bound everything.
    pub fn check(&self) -> Result<(), Invalid> {
        let within = |pointer: &str, value: u32, min: u32, max: u32| {
            let fits = (min..=max).contains(&value);
            if fits { Ok(()) } else { Err(Invalid::at(pointer, format!("must be from {min} to {max}"))) }
        };
        self.window.check().map_err(|e| e.within("/window"))?;
        within("/max_attempts", self.max_attempts, 1, 20)?;
        within("/max_concurrent", self.max_concurrent, 1, 200)?;
        within("/max_contacts_per_day", self.max_contacts_per_day, 1, 50)?;
        within("/max_contacts_per_week", self.max_contacts_per_week, 1, 50)?;
        within("/max_call_minutes", self.max_call_minutes, 1, 120)?;
        within("/ring_seconds", self.ring_seconds, 5, 120)?;
        let RetryMinutes { no_answer, busy, voicemail, failed } = self.retry_minutes;
        within("/retry_minutes/no_answer", no_answer, 1, 10_080)?;
        within("/retry_minutes/busy", busy, 1, 10_080)?;
        within("/retry_minutes/voicemail", voicemail, 1, 10_080)?;
        within("/retry_minutes/failed", failed, 1, 10_080)
    }

    /// The retry rule of these rules.
    pub fn retry(&self) -> RetryRule {
        RetryRule { max_attempts: self.max_attempts, minutes: self.retry_minutes }
    }

    /// How long an attempt that the provider said nothing about may still ring: only after this is its
    /// absence at the provider a proof that it was never made.
    pub fn silence_proves_absence_after(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.ring_seconds) + 120)
    }

    /// How long a call that the provider accepted may take until its end must have been told.
    pub fn longest_call(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.ring_seconds) + i64::from(self.max_call_minutes) * 60 + 120)
    }

    /// After how long a call is over, whatever the provider says of it: it had twice the time that a call may take,
    /// and half an hour.
    pub fn over_by(&self) -> SignedDuration {
        self.longest_call() * 2 + SignedDuration::from_mins(30)
    }
}

/// Whether and when a further attempt follows one that came to nothing.
#[derive(Debug, Clone, Copy)]
pub struct RetryRule {
    max_attempts: u32,
    minutes: RetryMinutes,
}

impl RetryRule {
    /// The rule that permits no further attempt.
    pub fn never() -> Self {
        Self { max_attempts: 0, minutes: RetryMinutes::default() }
    }

    /// The wait until the attempt after number `attempt`, which ended in `status`; none if it was the last.
    /// A tenth of the wait is jitter, drawn from the call's id, so that calls that failed together do not
    /// come back together and a plan can tell the same instant beforehand.
    pub fn after(&self, call: CallId, status: CallStatus, attempt: u32) -> Option<SignedDuration> {
        let minutes = match status {
            CallStatus::NoAnswer => self.minutes.no_answer,
            CallStatus::Busy => self.minutes.busy,
            CallStatus::Voicemail => self.minutes.voicemail,
            CallStatus::Failed => self.minutes.failed,
            _ => return None,
        };
        if attempt >= self.max_attempts {
            return None;
        }
        let seconds = i64::from(minutes) * 60;
        let draw = i64::try_from((call.ulid().random() ^ u128::from(attempt)) % 1000).unwrap_or_default();
        Some(SignedDuration::from_secs(seconds + seconds / 10 * draw / 1000))
    }
}

/// The rules that hold for one call: the tenant's, with what the call's campaign says otherwise.
#[derive(Debug, Clone)]
pub struct Policy<'a> {
    /// When and how often leads may be called.
    pub rules: Cow<'a, CallingRules>,
    /// Hours by weekday; every day is open if empty.
    pub business_hours: &'a BTreeMap<Weekday, Hours>,
    /// Days on which nobody is called.
    pub holidays: &'a [Holiday],
    /// Where the call's campaign stands, if it has one.
    pub campaign: Option<CampaignStatus>,
}

impl<'a> Policy<'a> {
    /// The rules for a call of this campaign, or of none.
    pub fn of(config: &'a BusinessConfig, campaign: Option<&'a Campaign>) -> Self {
        let changes = campaign.map(|campaign| &campaign.terms.rules);
        Self {
            rules: changes.map_or(Cow::Borrowed(&config.calling), |c| Cow::Owned(c.over(&config.calling))),
            business_hours: changes.and_then(|c| c.business_hours.as_ref()).unwrap_or(&config.business_hours),
            holidays: &config.holidays,
            campaign: campaign.map(|campaign| campaign.status),
        }
    }

    /// The retry rule of a call; none follows in a campaign that is over.
    pub fn retry(&self, call: &Call) -> RetryRule {
        if self.is_over_for(call) { RetryRule::never() } else { self.rules.retry() }
    }

    /// Whether the call's campaign was cancelled, or is gone.
    fn is_over_for(&self, call: &Call) -> bool {
        call.campaign_id.is_some() && matches!(self.campaign, None | Some(CampaignStatus::Cancelled))
    }

    /// What the call's campaign says.
    fn campaign_rule(&self, call: &Call, contact: &Contact) -> (Ruling, Option<Reason>) {
        let Some(id) = call.campaign_id else { return (Ruling::Pass, None) };
        if self.is_over_for(call) {
            (Ruling::Refuse, Some(Reason::CampaignCancelled))
        } else if contact.details.campaign_id != Some(id) {
            (Ruling::Refuse, Some(Reason::LeftCampaign))
        } else if self.campaign == Some(CampaignStatus::Paused) {
            (Ruling::Hold, Some(Reason::CampaignPaused))
        } else {
            (Ruling::Pass, None)
        }
    }
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// Go on.
    Pass,
    /// Not before this instant.
    Wait(Timestamp),
    /// Not before somebody says so.
    Hold,
    /// Never, unless the facts change.
    Refuse,
}

/// What one rule says of one call, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The rule.
    pub rule: Rule,
    /// What it says.
    pub ruling: Ruling,
    /// Why, unless it passes.
    pub reason: Option<Reason>,
}

/// What all rules together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Call now.
    Go,
    /// Call then: the first instant at which every rule passes.
    Wait {
        /// The next legal moment.
        until: Timestamp,
        /// The rule that takes longest.
        reason: Reason,
    },
    /// Wait until somebody says so.
    Hold,
    /// Do not call.
    Refuse {
        /// Why not.
        reason: Reason,
    },
}

/// Asks every rule about a call at `now`. The lead is as it is stored now; `None` if it is gone.
pub fn judge(call: &Call, contact: Option<&Contact>, policy: &Policy, now: Timestamp) -> Vec<Verdict> {
    let refuse = |rule, reason| Verdict { rule, ruling: Ruling::Refuse, reason: Some(reason) };
    let Some(contact) = contact else {
        return vec![refuse(Rule::Phone, Reason::NoLead)];
    };
    let (rules, place) = (&*policy.rules, Place::of(contact, policy));
    let verdict = |rule, reason, ok: bool| Verdict {
        rule,
        ruling: if ok { Ruling::Pass } else { Ruling::Refuse },
        reason: (!ok).then_some(reason),
    };
    let until = |rule, reason, at: Option<Timestamp>| match at.filter(|at| *at > now) {
        Some(at) => Verdict { rule, ruling: Ruling::Wait(at), reason: Some(reason) },
        None => Verdict { rule, ruling: Ruling::Pass, reason: None },
    };

    let consent = contact.consent.get(&Channel::Voice);
    // An explicit no counts whether or not anybody asks for a yes.
    let may_call = consent.map_or(!rules.consent_required && place.laws.is_empty(), |c| c.granted);
    let lapsed = consent.is_some_and(|consent| {
        place.laws.iter().filter_map(|law| law.consent_ends(consent)).any(|end| end <= now)
    });
    let campaign = policy.campaign_rule(call, contact);
    let begun = call.attempts.iter().filter(|a| a.status != CallStatus::Claimed).count();
    let earliest = not_before(call);
    let pressure = pressure_ends(contact, rules, now);
    let on_call = contact.on_call.filter(|on_call| on_call.call != call.id).map(|on_call| on_call.until);
    let from = [earliest, pressure, on_call].into_iter().flatten().fold(now, Timestamp::max);

    let mut verdicts = vec![
        verdict(Rule::Phone, Reason::NoPhone, contact.details.phone.is_some()),
        verdict(Rule::Suppression, Reason::Suppressed, !contact.suppression.contains_key(&Channel::Voice)),
        verdict(
            Rule::Consent,
            if may_call { Reason::ConsentLapsed } else { Reason::NoConsent },
            may_call && !lapsed,
        ),
        Verdict { rule: Rule::Campaign, ruling: campaign.0, reason: campaign.1 },
        verdict(Rule::Attempts, Reason::AttemptsUsed, begun < rules.max_attempts as usize),
        until(Rule::Schedule, if begun == 0 { Reason::Scheduled } else { Reason::Retry }, earliest),
        until(Rule::OnCall, Reason::OnCall, on_call),
        until(Rule::ContactPressure, Reason::ContactPressure, pressure),
        verdict(Rule::Zone, Reason::UnknownZone, !place.zones.is_empty()),
    ];
    if !place.zones.is_empty() {
        verdicts.push(match next_open(&place, policy, from) {
            Some(at) if at <= from => Verdict { rule: Rule::Window, ruling: Ruling::Pass, reason: None },
            Some(at) => {
                Verdict { rule: Rule::Window, ruling: Ruling::Wait(at), reason: Some(Reason::OutsideWindow) }
            }
            None => refuse(Rule::Window, Reason::NoCommonWindow),
        });
    }
    verdicts
}

/// What the verdicts amount to: any refusal refuses, else any hold holds, else the longest wait waits.
pub fn decide(verdicts: &[Verdict]) -> Decision {
    let is_held = verdicts.iter().any(|verdict| verdict.ruling == Ruling::Hold);
    let mut longest: Option<(Timestamp, Reason)> = None;
    for verdict in verdicts {
        match (verdict.ruling, verdict.reason) {
            (Ruling::Refuse, reason) => {
                return Decision::Refuse { reason: reason.unwrap_or(Reason::UnknownZone) };
            }
            (Ruling::Wait(at), Some(reason)) if longest.is_none_or(|(until, _)| at > until) => {
                longest = Some((at, reason));
            }
            _ => {}
        }
    }
    if is_held {
        return Decision::Hold;
    }
    longest.map_or(Decision::Go, |(until, reason)| Decision::Wait { until, reason })
}

/// The earliest instant that the call itself asks for: its schedule, or the wait after its last attempt.
fn not_before(call: &Call) -> Option<Timestamp> {
    let waits =
        call.status == CallStatus::Queued && matches!(call.reason, Some(reason) if reason.is_own_wait());
    [call.scheduled_at, waits.then_some(call.ready_at)].into_iter().flatten().max()
}

/// When the caps allow the next contact; none if they do now.
fn pressure_ends(contact: &Contact, rules: &CallingRules, now: Timestamp) -> Option<Timestamp> {
    let free_after = |hours: i64, cap: u32| {
        let cap = cap as usize;
        let count = contact.touches_within(hours, now);
        let oldest_in_way = contact.touches.len().checked_sub(cap).filter(|_| count >= cap)?;
        Some(*contact.touches.get(oldest_in_way)? + SignedDuration::from_hours(hours))
    };
    [free_after(24, rules.max_contacts_per_day), free_after(24 * 7, rules.max_contacts_per_week)]
        .into_iter()
        .flatten()
        .max()
}

#[cfg(test)]
mod tests;
