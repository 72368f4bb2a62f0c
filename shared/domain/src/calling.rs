//! The rules that decide whether and when a lead may be called. They fail closed.

use crate::business::{BusinessConfig, Hours, TimeOfDay, Weekday};
use crate::call::{Call, CallStatus};
use crate::contact::{Channel, Contact};
use crate::id::PrefixedId;
use crate::zone::ZoneName;
use crate::{CallId, Invalid};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A tenant's rules for calling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CallingRules {
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
        if self.window.open >= self.window.close {
            return Err(Invalid::at("/window", "must open before it closes"));
        }
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

/// Why a call is where it is; stable codes of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The lead is gone.
    NoLead,
    /// The lead has no telephone number.
    NoPhone,
    /// The lead asked not to be called.
    Suppressed,
    /// The lead has not agreed to be called.
    NoConsent,
    /// Nobody knows what time it is where the lead lives.
    UnknownZone,
    /// No hour suits all the zones that the lead may live in.
    NoCommonWindow,
    /// It is outside the hours in which the lead may be called.
    OutsideWindow,
    /// The call is for later.
    Scheduled,
    /// The wait after the last attempt is not over.
    Retry,
    /// The lead was contacted as often as the caps allow.
    ContactPressure,
    /// The lead is on another call of ours.
    OnCall,
    /// Every attempt was used.
    AttemptsUsed,
    /// No line is free.
    NoSlot,
    /// There is no agent to speak.
    NoAgent,
    /// The agent is not at the provider.
    AgentNotReady,
    /// The tenant has no telephone provider.
    NotConfigured,
    /// The callee was busy.
    Busy,
    /// The callee did not pick up.
    NoAnswer,
    /// A machine picked up.
    Voicemail,
    /// The provider refused the call.
    ProviderRejected,
    /// The provider could not be reached, or has no line.
    ProviderUnavailable,
    /// The provider began the call and could not finish it.
    ProviderFailed,
    /// The provider never heard of the attempt.
    NeverPlaced,
    /// Nobody can tell whether the call was made.
    EffectUnknown,
    /// A member took the call back.
    Cancelled,
}

impl Reason {
    /// One sentence for a person.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoLead => "The lead was deleted.",
            Self::NoPhone => "The lead has no telephone number.",
            Self::Suppressed => "The lead is not to be called.",
            Self::NoConsent => "The lead has not agreed to be called.",
            Self::UnknownZone => {
                "The lead's time zone is unknown, so no hour is safe; set the lead's timezone."
            }
            Self::NoCommonWindow => {
                "No hour suits every time zone of the lead's country; set the lead's timezone."
            }
            Self::OutsideWindow => "It is outside the hours in which the lead may be called.",
            Self::Scheduled => "The call is scheduled for later.",
            Self::Retry => "The wait after the last attempt is not over.",
            Self::ContactPressure => "The lead was contacted as often as the caps allow.",
            Self::OnCall => "The lead is on another call.",
            Self::AttemptsUsed => "Every attempt was used.",
            Self::NoSlot => "Every line is busy.",
            Self::NoAgent => "There is no agent: create one, or name one in the call.",
            Self::AgentNotReady => "The agent does not exist at the voice provider; save it again.",
            Self::NotConfigured => {
                "The voice provider is not set up; see PUT /admin/integrations/elevenlabs."
            }
            Self::Busy => "The line was busy.",
            Self::NoAnswer => "Nobody picked up.",
            Self::Voicemail => "A machine picked up.",
            Self::ProviderRejected => "The voice provider refused the call.",
            Self::ProviderUnavailable => "The voice provider could not be reached.",
            Self::ProviderFailed => "The voice provider could not finish the call.",
            Self::NeverPlaced => "The voice provider never heard of the attempt.",
            Self::EffectUnknown => "Nobody can tell whether the call was made; please look.",
            Self::Cancelled => "The call was cancelled.",
        }
    }
}

/// A rule, by the name under which `GET /calls/{id}/why` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is explained by the reason it gives")]
pub enum Rule {
    Phone,
    Suppression,
    Consent,
    Attempts,
    Schedule,
    Zone,
    OnCall,
    ContactPressure,
    Window,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// Go on.
    Pass,
    /// Not before this instant.
    Wait(Timestamp),
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
    /// Do not call.
    Refuse {
        /// Why not.
        reason: Reason,
    },
}

/// Asks every rule about a call at `now`. The lead is as it is stored now; `None` if it is gone.
pub fn judge(
    call: &Call,
    contact: Option<&Contact>,
    config: &BusinessConfig,
    now: Timestamp,
) -> Vec<Verdict> {
    let refuse = |rule, reason| Verdict { rule, ruling: Ruling::Refuse, reason: Some(reason) };
    let Some(contact) = contact else {
        return vec![refuse(Rule::Phone, Reason::NoLead)];
    };
    let rules = &config.calling;
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
    // An explicit no counts whether or not the tenant asks for a yes.
    let may_call = consent.map_or(!rules.consent_required, |consent| consent.granted);
    let begun = call.attempts.iter().filter(|a| a.status != CallStatus::Claimed).count();
    let zones: Vec<TimeZone> = contact.zones().iter().map(ZoneName::time_zone).collect();
    let earliest = not_before(call);
    let pressure = pressure_ends(contact, rules, now);
    let on_call = contact.on_call.filter(|on_call| on_call.call != call.id).map(|on_call| on_call.until);
    let from = [earliest, pressure, on_call].into_iter().flatten().fold(now, Timestamp::max);

    let mut verdicts = vec![
        verdict(Rule::Phone, Reason::NoPhone, contact.details.phone.is_some()),
        verdict(Rule::Suppression, Reason::Suppressed, !contact.suppression.contains_key(&Channel::Voice)),
        verdict(Rule::Consent, Reason::NoConsent, may_call),
        verdict(Rule::Attempts, Reason::AttemptsUsed, begun < rules.max_attempts as usize),
        until(Rule::Schedule, if begun == 0 { Reason::Scheduled } else { Reason::Retry }, earliest),
        until(Rule::OnCall, Reason::OnCall, on_call),
        until(Rule::ContactPressure, Reason::ContactPressure, pressure),
        verdict(Rule::Zone, Reason::UnknownZone, !zones.is_empty()),
    ];
    if !zones.is_empty() {
        verdicts.push(match next_open(&zones, config, from) {
            Some(at) if at <= from => Verdict { rule: Rule::Window, ruling: Ruling::Pass, reason: None },
            Some(at) => {
                Verdict { rule: Rule::Window, ruling: Ruling::Wait(at), reason: Some(Reason::OutsideWindow) }
            }
            None => refuse(Rule::Window, Reason::NoCommonWindow),
        });
    }
    verdicts
}

/// What the verdicts amount to: any refusal refuses, the longest wait waits.
pub fn decide(verdicts: &[Verdict]) -> Decision {
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
    longest.map_or(Decision::Go, |(until, reason)| Decision::Wait { until, reason })
}

/// The earliest instant that the call itself asks for: its schedule, or the wait after its last attempt.
fn not_before(call: &Call) -> Option<Timestamp> {
    let waits =
        call.status == CallStatus::Queued && matches!(call.reason, Some(reason) if reason.is_own_wait());
    [call.scheduled_at, waits.then_some(call.ready_at)].into_iter().flatten().max()
}

impl Reason {
    /// Whether a queued call with this reason waits by its own rule of retry, and not by the callee's clock
    /// or caps, which are asked anew each time.
    fn is_own_wait(self) -> bool {
        !matches!(
            self,
            Self::OutsideWindow
                | Self::ContactPressure
                | Self::NoSlot
                | Self::Scheduled
                | Self::AgentNotReady
        )
    }
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

/// The first instant from `from` at which the hours are open in every zone; none if there is none within a
/// year and a little.
pub fn next_open(zones: &[TimeZone], config: &BusinessConfig, from: Timestamp) -> Option<Timestamp> {
    let mut at = from;
    // Each round moves past at least one closing; more rounds than days means the zones never agree.
    for _ in 0..400 {
        let latest = zones.iter().map(|zone| open_in(zone, config, at)).collect::<Option<Vec<_>>>()?;
        let latest = latest.into_iter().max()?;
        if latest == at {
            return Some(at);
        }
        at = latest;
    }
    None
}

/// The first instant from `from` at which the hours are open in one zone.
fn open_in(zone: &TimeZone, config: &BusinessConfig, from: Timestamp) -> Option<Timestamp> {
    let mut date = from.to_zoned(zone.clone()).date();
    for _ in 0..400 {
        if let Some((open, close)) = hours_on(date, config) {
            let (start, end) = (instant(zone, date, open)?, instant(zone, date, close)?);
            if from < end {
                return Some(from.max(start));
            }
        }
        date = date.tomorrow().ok()?;
    }
    None
}

/// The hours of one day in which a telephone may ring: the window within the business hours; none on a
/// holiday or a closed weekday.
fn hours_on(date: Date, config: &BusinessConfig) -> Option<(TimeOfDay, TimeOfDay)> {
    if config.holidays.iter().any(|holiday| holiday.date == date) {
        return None;
    }
    let Hours { open, close } = config.calling.window;
    if config.business_hours.is_empty() {
        return Some((open, close));
    }
    let day = config.business_hours.get(&Weekday::of(date))?;
    let (open, close) = (open.max(day.open), close.min(day.close));
    (open < close).then_some((open, close))
}

fn instant(zone: &TimeZone, date: Date, time: TimeOfDay) -> Option<Timestamp> {
    let minutes = i64::from(time.minutes());
    let (date, minutes) = if minutes == 1440 { (date.tomorrow().ok()?, 0) } else { (date, minutes) };
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    Some(date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests;
