//! From what came of a call to what is done about it: rules, not a model, and only on the lead's own record.

use crate::analysis::{Collected, Outcome, Party, Promise, Reading, Wish, WishKind};
use crate::business::BusinessConfig;
use crate::call::{Attempt, Call, CallStatus, HORIZON};
use crate::calling::{Place, Policy, Reason, next_open};
use crate::contact::{Channel, Contact, LeadStatus, Suppression};
use crate::messages::{self, Draft, Occasion};
use crate::score::{self, Score, Signal};
use crate::text;
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
        /// What to know, in the lead's words or the model's.
        detail: String,
        /// Until when.
        due_at: Timestamp,
        /// The wish that it is for.
        wish: Option<WishKind>,
    },
    /// Have a text ready that a person may send.
    Message(Draft),
    /// Move the lead along the sale.
    Status(LeadStatus),
    /// Set the lead's score.
    Score(Score),
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

/// What a plan is made from beside the reading: the state of things at `now`.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The call.
    pub call: &'a Call,
    /// The lead.
    pub contact: &'a Contact,
    /// The business.
    pub config: &'a BusinessConfig,
    /// The rules for a call like this one.
    pub policy: &'a Policy<'a>,
    /// What the lead's analysed calls say, this one included, the newest first.
    pub signals: &'a [Signal],
    /// The language of the agent that called, if it is known.
    pub agent_language: &'a str,
    /// The present instant.
    pub now: Timestamp,
}

/// How many calls may follow one another before a person has to look.
const FOLLOW_UPS: u32 = 5;
/// How long after a good talk without a wish the lead is called again.
const NURTURE: SignedDuration = SignedDuration::from_hours(48);
/// How long a person has for a task that a call left.
const TASK_DUE: SignedDuration = SignedDuration::from_hours(24);
/// How many promises of one call become tasks.
const PROMISES: usize = 2;

impl Situation<'_> {
    /// A wished instant, if it lies ahead and not too far.
    fn ahead(&self, at: Option<Timestamp>) -> Option<Timestamp> {
        at.filter(|at| *at > self.now && *at <= self.now + HORIZON)
    }

    /// Until when a person has time: a day, or less where the lead named an earlier time.
    fn due(&self, wished: Option<Timestamp>) -> Timestamp {
        let by_tomorrow = self.now + TASK_DUE;
        self.ahead(wished).map_or(by_tomorrow, |at| at.min(by_tomorrow))
    }

    /// A draft for each channel on which we may write.
    fn drafts(&self, occasion: Occasion, spoken: &str) -> impl Iterator<Item = What> {
        let language = messages::language([spoken, self.agent_language]);
        messages::drafts(occasion, self.contact, self.config, language).into_iter().map(What::Message)
    }
}

/// What is to be done about an analysed call; never empty.
pub fn plan(reading: &Reading, situation: &Situation<'_>) -> Vec<Planned> {
    let Situation { contact, config, signals, now, .. } = *situation;
    let mut steps = Vec::new();
    let mut step = |what, reason: &str| steps.push(Planned { what, reason: reason.to_owned() });

    if reading.asks_to_stop() {
        let channels = Channel::ALL.to_vec();
        step(What::Suppress { channels, code: "asked_to_stop" }, "The lead asked not to be contacted again.");
    } else if reading.outcome == Outcome::WrongNumber {
        let channels = vec![Channel::Voice, Channel::Sms, Channel::Whatsapp];
        step(
            What::Suppress { channels, code: Suppression::WRONG_NUMBER },
            "The number belongs to somebody else.",
        );
        let title = format!("Find the {}'s right number", config.term("lead"));
        step(task(&title, &reading.summary, now + TASK_DUE), "The number was wrong.");
    } else {
        steps.extend(wishes(reading, situation));
    }

    let why = match reading.reasons.join(" ") {
        reasons if reasons.is_empty() => "From the conversation.".to_owned(),
        reasons => reasons,
    };
    let score = score::score(contact, signals, config, now);
    if score.score != contact.score {
        steps.push(Planned { what: What::Score(score), reason: why.clone() });
    }
    let (status, because) = score::status(contact, signals);
    if contact.may_advance_to(status) {
        steps.push(Planned { what: What::Status(status), reason: because });
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

/// What is to be done about a call whose last attempt came to no talk; never empty. A text that the lead may be sent,
/// or a task for a person where we may not write, or where the call could not be made.
pub fn plan_unreached(attempt: &Attempt, situation: &Situation<'_>) -> Vec<Planned> {
    let Situation { call, config, now, .. } = *situation;
    let lead = config.term("lead");
    let ended = attempt.reason.map_or("It came to nothing.", Reason::sentence);
    if situation.contact.suppression.contains_key(&Channel::Voice) {
        let reason = format!("{ended} The {lead} is not to be called again.");
        return vec![Planned { what: What::Nothing, reason }];
    }
    if attempt.status == CallStatus::Failed {
        let title = format!("Find out why the {lead} could not be called");
        let reason = format!("The last attempt failed: {ended}");
        return vec![Planned { what: task(&title, ended, now + TASK_DUE), reason }];
    }
    let reason = format!("Attempt {} was the last: {ended}", attempt.number);
    let drafts: Vec<_> = situation.drafts(Occasion::Unreached, "").collect();
    let steps = if drafts.is_empty() {
        let title = format!("Find another way to reach the {lead}");
        let detail =
            if call.objective.is_empty() { ended.to_owned() } else { format!("{ended} {}", call.objective) };
        vec![task(&title, &detail, now + TASK_DUE)]
    } else {
        drafts
    };
    steps.into_iter().map(|what| Planned { what, reason: reason.clone() }).collect()
}

fn task(title: &str, detail: &str, due_at: Timestamp) -> What {
    What::Task { title: text::shortened(title, 200), detail: detail.to_owned(), due_at, wish: None }
}

/// The steps that the lead asked for, one of each kind; a good talk that asked for none is followed up.
fn wishes(reading: &Reading, situation: &Situation<'_>) -> Vec<Planned> {
    let config = situation.config;
    let nurture = reading.outcome == Outcome::Interested && reading.wishes.is_empty();
    let wants_call =
        reading.wish(WishKind::Callback).is_some() || reading.outcome == Outcome::CallbackRequested;
    let mut steps = Vec::new();
    if wants_call || nurture {
        steps.push(follow_up(reading, wants_call, situation));
    }
    let tasks = [
        (WishKind::Appointment, format!("Arrange the {}", config.term("appointment"))),
        (WishKind::Information, "Send the information that was asked for".to_owned()),
        (WishKind::Human, format!("Call the {} back in person", config.term("lead"))),
    ];
    for (kind, title) in tasks {
        if let Some(Wish { detail, instant, .. }) = reading.wish(kind) {
            let due_at = situation.due(*instant);
            let title = text::shortened(&title, 200);
            let what = What::Task { title, detail: detail.clone(), due_at, wish: Some(kind) };
            steps.push(Planned { what, reason: "The lead asked for it.".to_owned() });
        }
    }
    // What was promised and not asked for is for a person to keep; what was asked for is taken care of above.
    let promised = reading.promised_actions.iter().filter(|promise| {
        let same_time = |wish: &Wish| wish.instant.is_some() && wish.instant == promise.instant;
        let asked_for = promise.kind != WishKind::None && reading.wish(promise.kind).is_some()
            || reading.wishes.iter().any(same_time);
        let called_anyway = promise.kind == WishKind::Callback && (wants_call || nurture);
        promise.by == Party::Agent && !asked_for && !called_anyway
    });
    for Promise { text, quote, instant, .. } in promised.take(PROMISES) {
        let what = task(
            "Keep what was promised in the call",
            &format!("{text} (\"{quote}\")"),
            situation.due(*instant),
        );
        steps.push(Planned { what, reason: "The agent promised it.".to_owned() });
    }
    let occasion = if reading.wish(WishKind::Appointment).is_some() {
        Some((Occasion::Appointment, "The lead asked to meet."))
    } else if reading.wish(WishKind::Information).is_some() {
        Some((Occasion::Information, "The lead asked for information."))
    } else {
        (reading.outcome == Outcome::Interested).then_some((Occasion::Interest, "The lead was interested."))
    };
    if let Some((occasion, reason)) = occasion {
        let drafts = situation.drafts(occasion, &reading.language);
        steps.extend(
            drafts.map(|what| Planned { what, reason: format!("{reason} A person may send this text.") }),
        );
    }
    steps
}

/// The next call: at the wished time, or at the first one within the hours after it.
fn follow_up(reading: &Reading, wants_call: bool, situation: &Situation<'_>) -> Planned {
    let Situation { call, config, now, .. } = *situation;
    let place = Place::of(situation.contact, situation.policy);
    let open = |from| next_open(&place, situation.policy, from).unwrap_or(from);
    let (at, reason) = match situation.ahead(reading.callback_at()) {
        Some(wished) => match open(wished) {
            at if at == wished => (at, "The lead asked to be called at this time.".to_owned()),
            at => {
                let wished =
                    wished.to_zoned(situation.contact.clock()).strftime("%Y-%m-%d %H:%M %Z").to_string();
                let why = format!(
                    "The lead asked to be called at {wished}, which is outside the calling hours; this is the next time within them."
                );
                (at, why)
            }
        },
        None if wants_call => {
            (open(now + NURTURE), "The lead asked to be called again and named no time ahead.".to_owned())
        }
        None => (open(now + NURTURE), "The lead was interested.".to_owned()),
    };
    let what = if call.follow_ups < FOLLOW_UPS {
        let bare = call.objective.trim_start_matches("Follow-up: ");
        What::FollowUpCall { at, objective: text::shortened(&format!("Follow-up: {bare}"), 200) }
    } else {
        let title =
            format!("Call the {} yourself: many calls have followed one another", config.term("lead"));
        task(&title, &reading.summary, at)
    };
    Planned { what, reason }
}

/// Fields that a transcript never fills, whatever a business calls them: who somebody is, how they are reached, and
/// what they agreed to.
const NEVER_FILLED: [&str; 7] = ["name", "phone", "mobile", "whatsapp", "email", "mail", "consent"];

/// Fills the business's own fields of a lead with answers that the lead gave, where they are empty or a model's, and
/// where the answer fits the field. The names of the fields that were filled.
pub fn fill_fields(
    contact: &mut Contact,
    answers: &[Collected],
    config: &BusinessConfig,
    now: Timestamp,
) -> Vec<String> {
    let mut filled = Vec::new();
    for Collected { name, value, quote, .. } in answers {
        let field = config.open_fields().find(|field| field.name == *name);
        let never = name.split('_').any(|part| NEVER_FILLED.contains(&part));
        let (Some(field), Some(quote), false) = (field, quote, never) else { continue };
        if field.check_value(value).is_ok() && contact.fill_custom_field(name, value.clone(), quote, now) {
            filled.push(name.clone());
        }
    }
    filled
}

#[cfg(test)]
mod tests;
