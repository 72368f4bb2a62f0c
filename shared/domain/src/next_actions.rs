//! From a reading of a call to what is done about it: rules, not a model, and only on the lead's own record.

use crate::analysis::{Outcome, Reading, Wish, WishKind};
use crate::business::BusinessConfig;
use crate::call::Call;
use crate::calling::{Place, Policy, next_open};
use crate::contact::{Channel, Contact, LeadStatus};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A step to take, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What to do.
    pub what: What,
    /// Why, in a sentence.
    pub reason: String,
}

/// What may be done about a call.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Call the lead again.
    FollowUpCall {
        /// At this instant.
        at: Timestamp,
        /// For this.
        objective: String,
    },
    /// Have a person do something.
    Task {
        /// What.
        title: String,
        /// In the lead's words.
        detail: String,
        /// Until when.
        due_at: Timestamp,
    },
    /// Move the lead along the sale.
    Status(LeadStatus),
    /// Set the lead's score.
    Score(u8),
    /// Contact the lead no more.
    Suppress {
        /// On these channels.
        channels: Vec<Channel>,
        /// For this reason code.
        code: &'static str,
    },
    /// Nothing.
    Nothing,
}

/// How many calls may follow one another before a person has to look.
const FOLLOW_UPS: u32 = 5;
/// How long after a good talk without a wish the lead is called again.
const NURTURE: SignedDuration = SignedDuration::from_hours(48);
/// How long a person has for a task that a call left.
const TASK_DUE: SignedDuration = SignedDuration::from_hours(24);

/// What is to be done about a call; never empty.
pub fn plan(
    reading: &Reading,
    call: &Call,
    contact: &Contact,
    config: &BusinessConfig,
    now: Timestamp,
) -> Vec<Planned> {
    let mut steps = Vec::new();
    let mut step = |what, reason: String| steps.push(Planned { what, reason });

    if reading.asks_to_stop() {
        let channels = Channel::ALL.to_vec();
        step(
            What::Suppress { channels, code: "asked_to_stop" },
            "The lead asked not to be contacted again.".to_owned(),
        );
    } else if reading.outcome == Outcome::WrongNumber {
        let channels = vec![Channel::Voice, Channel::Sms, Channel::Whatsapp];
        step(
            What::Suppress { channels, code: "wrong_number" },
            "The number belongs to somebody else.".to_owned(),
        );
        step(
            task("Find the lead's right number", &reading.summary, now + TASK_DUE),
            "The number was wrong.".to_owned(),
        );
    } else {
        for planned in wishes(reading, call, contact, config, now) {
            step(planned.what, planned.reason);
        }
    }

    let why = if reading.reasons.is_empty() {
        "From the conversation.".to_owned()
    } else {
        reading.reasons.join(" ")
    };
    let score = u8::try_from((i32::from(contact.score) + reading.score_change).clamp(0, 100)).unwrap_or(100);
    if score != contact.score {
        step(What::Score(score), why.clone());
    }
    let status = status_after(reading.outcome);
    if contact.may_advance_to(status) {
        step(What::Status(status), why.clone());
    }
    if steps.is_empty() {
        let reason = if reading.reasons.is_empty() {
            "Nothing in the conversation asks for a step.".to_owned()
        } else {
            why
        };
        steps.push(Planned { what: What::Nothing, reason });
    }
    steps
}

fn status_after(outcome: Outcome) -> LeadStatus {
    match outcome {
        Outcome::AppointmentRequested => LeadStatus::Hot,
        Outcome::Interested => LeadStatus::Qualified,
        Outcome::NotInterested | Outcome::DoNotCall => LeadStatus::Lost,
        Outcome::CallbackRequested | Outcome::None => LeadStatus::Contacted,
        // Nobody whom we know was spoken with.
        Outcome::WrongNumber | Outcome::Voicemail => LeadStatus::New,
    }
}

fn task(title: &str, detail: &str, due_at: Timestamp) -> What {
    What::Task { title: title.to_owned(), detail: detail.to_owned(), due_at }
}

/// The steps that the lead asked for, one of each kind; a good talk that asked for none is followed up.
fn wishes(
    reading: &Reading,
    call: &Call,
    contact: &Contact,
    config: &BusinessConfig,
    now: Timestamp,
) -> Vec<Planned> {
    let policy = Policy::of(config, None);
    let place = Place::of(contact, &policy);
    let own_zone = place.clock();
    let first = |kind: WishKind| reading.wishes.iter().find(|wish| wish.kind == kind);
    let mut steps = Vec::new();

    let callback = first(WishKind::Callback);
    let nurture = reading.outcome == Outcome::Interested && reading.wishes.is_empty();
    if callback.is_some() || nurture || reading.outcome == Outcome::CallbackRequested {
        let wished = callback.and_then(|wish| wish.instant(&own_zone)).filter(|at| *at > now);
        let at = wished.unwrap_or_else(|| next_open(&place, &policy, now + NURTURE).unwrap_or(now + NURTURE));
        let reason = match (wished, callback) {
            (Some(_), _) => "The lead asked to be called at this time.",
            (None, Some(_)) => "The lead asked to be called again and named no time.",
            (None, None) => "The lead was interested.",
        };
        let what = if call.follow_ups < FOLLOW_UPS {
            let objective = format!("Follow-up: {}", call.objective);
            What::FollowUpCall { at, objective: crate::text::shortened(&objective, 200) }
        } else {
            task("Call the lead yourself: many calls have followed one another", &reading.summary, at)
        };
        steps.push(Planned { what, reason: reason.to_owned() });
    }
    let tasks = [
        (WishKind::Appointment, format!("Arrange the {}", config.term("appointment"))),
        (WishKind::Information, "Send the information that was asked for".to_owned()),
        (WishKind::Human, format!("Call the {} back in person", config.term("lead"))),
    ];
    for (kind, title) in tasks {
        if let Some(wish) = first(kind) {
            let due_at = due(wish, &own_zone, now);
            let reason = "The lead asked for it.".to_owned();
            steps.push(Planned { what: task(&title, &wish.detail, due_at), reason });
        }
    }
    steps
}

fn due(wish: &Wish, zone: &TimeZone, now: Timestamp) -> Timestamp {
    let by_tomorrow = now + TASK_DUE;
    wish.instant(zone).filter(|at| *at > now).map_or(by_tomorrow, |at| at.min(by_tomorrow))
}

#[cfg(test)]
mod tests;
