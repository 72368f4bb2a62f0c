//! How promising a lead is and where it stands, worked out from what is stored, with reasons.
//!
//! The same rules serve the analysis of a call, which stores what they come to, and `GET /leads/{id}/score`, which
//! works it out anew. They ask no model: of a model's reading they use the words that it chose from closed sets, and
//! a third of the change that it felt.

use crate::analysis::{Outcome, Reading, Sentiment, WishKind};
use crate::business::BusinessConfig;
use crate::contact::{Contact, LeadStatus};
use crate::provenance::Author;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What one analysed call says about its lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// When the call was read.
    pub at: Timestamp,
    /// What came of it; `do_not_call` wherever the lead asked to be left alone.
    pub outcome: Outcome,
    /// The lead's mood.
    pub sentiment: Sentiment,
    /// How much more (or less) promising the lead seemed to the model, -30 to 30.
    pub score_change: i32,
    /// What the lead asked for.
    pub wishes: Vec<WishKind>,
}

impl Signal {
    /// What a reading says about its lead.
    pub fn of(reading: &Reading, at: Timestamp) -> Self {
        let mut wishes: Vec<WishKind> = reading.wishes.iter().map(|wish| wish.kind).collect();
        wishes.sort_unstable();
        wishes.dedup();
        Self {
            at,
            outcome: if reading.asks_to_stop() { Outcome::DoNotCall } else { reading.outcome },
            sentiment: reading.sentiment,
            score_change: reading.score_change,
            wishes,
        }
    }

    /// What the call is worth, and of what that is made.
    fn points(&self) -> (i32, String) {
        let outcome = match self.outcome {
            Outcome::AppointmentRequested => 25,
            Outcome::Interested => 15,
            Outcome::CallbackRequested => 8,
            Outcome::None | Outcome::Voicemail => 0,
            Outcome::WrongNumber => -15,
            Outcome::NotInterested => -25,
            Outcome::DoNotCall => -40,
        };
        let sentiment = match self.sentiment {
            Sentiment::Positive => 5,
            Sentiment::Neutral => 0,
            Sentiment::Negative => -5,
        };
        let wishes = self.wishes.iter().map(|kind| match kind {
            WishKind::Appointment | WishKind::Human => 5,
            WishKind::Information => 3,
            WishKind::Callback => 2,
            WishKind::Stop | WishKind::None => 0,
        });
        let (wishes, impression) = (wishes.sum::<i32>(), self.score_change.clamp(-30, 30) / 3);
        let (outcome_name, mood) = (self.outcome.as_str(), self.sentiment.as_str());
        let day = self.at.strftime("%Y-%m-%d");
        let made_of = format!(
            "Call read on {day}: outcome {outcome_name} {outcome:+}, mood {mood} {sentiment:+}, wishes {wishes:+}, \
             the model's impression {impression:+}"
        );
        (outcome + sentiment + wishes + impression, made_of)
    }
}

/// A rule of the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ScoreRule {
    /// What a person, or a rule of the business, set; evidence is added to it.
    Base,
    /// What an analysed call said. The last counts whole, the one before by half, and so on; five at most, and only
    /// those read after the base was set.
    Conversation,
    /// Where a person moved the lead in the sale: 20 for customer, 15 for hot, 10 for qualified, -30 for lost. Only
    /// where nobody set a score.
    Status,
    /// How long ago we spoke: 5 within a week, 2 within 30 days, -10 after 90. Only where nobody set a score.
    Recency,
    /// What is known of the lead: 2 each for telephone and e-mail, 1 for where they work, up to 5 for the business's
    /// own fields. Only where nobody set a score.
    Completeness,
}

/// How many points a rule gave, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoreReason {
    /// The rule.
    pub rule: ScoreRule,
    /// The points.
    pub points: i32,
    /// Why, in a sentence.
    pub detail: String,
}

/// A score and of what it is made. The points may add up to less than 0 or more than 100; the score does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// 0 to 100.
    pub score: u8,
    /// One for each rule that gave points.
    pub reasons: Vec<ScoreReason>,
}

/// How many calls count.
const CALLS: usize = 5;

/// How promising a lead is at `now`. `signals` are those of its analysed calls, the newest first.
pub fn score(contact: &Contact, signals: &[Signal], config: &BusinessConfig, now: Timestamp) -> Score {
    let base = contact.judged_score();
    let mut reasons = Vec::new();
    let mut reason = |rule, points: i32, detail: String| {
        if points != 0 || rule == ScoreRule::Base {
            reasons.push(ScoreReason { rule, points, detail });
        }
    };
    match base {
        Some(base) => {
            let who = if base.by == Author::Human { "A person" } else { "A rule of ours" };
            let day = base.at.strftime("%Y-%m-%d");
            reason(ScoreRule::Base, base.value.into(), format!("{who} set the score on {day}."));
        }
        // Who set a score knew the record; where nobody did, the record itself speaks.
        None => {
            let (points, detail) = status_points(contact);
            reason(ScoreRule::Status, points, detail);
            let (points, detail) = recency(contact, now);
            reason(ScoreRule::Recency, points, detail);
            let (points, detail) = completeness(contact, config);
            reason(ScoreRule::Completeness, points, detail);
        }
    }
    let since = base.map(|base| base.at);
    let fresh = signals.iter().filter(|signal| since.is_none_or(|since| signal.at > since));
    for (n, signal) in fresh.take(CALLS).enumerate() {
        let (points, made_of) = signal.points();
        let share = 1 << n;
        let counted = if share == 1 { "counted whole".to_owned() } else { format!("counted by 1/{share}") };
        reason(ScoreRule::Conversation, points / share, format!("{made_of}; {counted}."));
    }
    let sum: i32 = reasons.iter().map(|reason| reason.points).sum();
    Score { score: u8::try_from(sum.clamp(0, 100)).unwrap_or(100), reasons }
}

fn status_points(contact: &Contact) -> (i32, String) {
    let judged = contact.judged_status().filter(|judged| judged.by == Author::Human);
    let Some(status) = judged.map(|judged| judged.value) else { return (0, String::new()) };
    let points = match status {
        LeadStatus::Customer => 20,
        LeadStatus::Hot => 15,
        LeadStatus::Qualified => 10,
        LeadStatus::Lost => -30,
        LeadStatus::New | LeadStatus::Contacted => 0,
    };
    (points, format!("A person moved the lead to {}.", status.as_str()))
}

fn recency(contact: &Contact, now: Timestamp) -> (i32, String) {
    let Some(at) = contact.last_contact_at else { return (0, String::new()) };
    let days = now.duration_since(at).as_hours() / 24;
    let points = match days {
        ..=6 => 5,
        7..=29 => 2,
        30..=89 => 0,
        _ => -10,
    };
    (points, format!("We last spoke {} days ago.", days.max(0)))
}

fn completeness(contact: &Contact, config: &BusinessConfig) -> (i32, String) {
    let details = &contact.details;
    let mut points = 0;
    points += if details.phone.is_some() { 2 } else { 0 };
    points += if details.email.is_some() { 2 } else { 0 };
    points += i32::from(!details.company.is_empty() || !details.position.is_empty());
    let fields = config.open_fields().count();
    let filled = config.open_fields().filter(|field| details.custom_fields.contains_key(&field.name)).count();
    let share = (filled * 5).checked_div(fields).unwrap_or_default();
    points += i32::try_from(share).unwrap_or_default();
    (
        points,
        format!(
            "What is known of the lead: {filled} of the business's {fields} fields, and how to reach them."
        ),
    )
}

/// Where the lead stands by what is stored, and why: what a person or a rule set, and from there forward by what
/// the calls say that were read since. `signals` are the newest first.
pub fn status(contact: &Contact, signals: &[Signal]) -> (LeadStatus, String) {
    let base = contact.judged_status();
    let (mut status, mut by_person, mut why) = match base {
        Some(base) if base.by == Author::Human => (base.value, true, "A person set it.".to_owned()),
        Some(base) => (base.value, false, "We have spoken.".to_owned()),
        None => (LeadStatus::New, false, "Nobody has spoken with the lead.".to_owned()),
    };
    let since = base.map(|base| base.at);
    for signal in signals.iter().rev().filter(|signal| since.is_none_or(|since| signal.at > since)) {
        let next = status_after(signal.outcome);
        if status.may_become(next, by_person) {
            (status, by_person) = (next, false);
            let (day, outcome) = (signal.at.strftime("%Y-%m-%d"), signal.outcome.as_str());
            why = format!("The call read on {day} came to: {outcome}.");
        }
    }
    (status, why)
}

/// Where a call's outcome would have the lead stand.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Details;
    use crate::{Ids, Provenance};
    use proptest::prelude::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn lead() -> Contact {
        Contact::new(Ids::default().next(at(0)), Details::default(), Author::Human, at(0))
    }

    fn signal(minute: i64, outcome: Outcome) -> Signal {
        Signal { at: at(minute), outcome, sentiment: Sentiment::Neutral, score_change: 0, wishes: Vec::new() }
    }

    #[test]
    fn evidence_is_added_to_what_a_person_set() {
        let mut lead = lead();
        let by = Provenance::new(Author::Human, at(10));
        lead.set_score(40, by);
        let signals = [signal(20, Outcome::AppointmentRequested), signal(5, Outcome::NotInterested)];
        let Score { score: value, reasons } = score(&lead, &signals, &BusinessConfig::default(), at(30));
        assert_eq!(value, 65, "what was said before the person looked is not counted again");
        let rules: Vec<_> = reasons.iter().map(|reason| (reason.rule, reason.points)).collect();
        assert_eq!(rules, [(ScoreRule::Base, 40), (ScoreRule::Conversation, 25)]);
    }

    #[test]
    fn earlier_calls_count_less() {
        let signals: Vec<_> = (0..9).map(|n| signal(100 - n, Outcome::AppointmentRequested)).collect();
        let Score { score: value, reasons } = score(&lead(), &signals, &BusinessConfig::default(), at(101));
        assert_eq!(reasons.iter().map(|reason| reason.points).collect::<Vec<_>>(), [25, 12, 6, 3, 1]);
        assert_eq!(value, 47);
    }

    #[test]
    fn a_lead_of_whom_little_is_known_says_so() {
        let mut lead = lead();
        lead.details.company = "Acme".to_owned();
        lead.last_contact_at = Some(at(0));
        let points = |minutes| {
            let score = score(&lead, &[], &BusinessConfig::default(), at(minutes));
            score.reasons.into_iter().map(|reason| (reason.rule, reason.points)).collect::<Vec<_>>()
        };
        assert_eq!(points(1), [(ScoreRule::Recency, 5), (ScoreRule::Completeness, 1)]);
        assert_eq!(points(60 * 24 * 200), [(ScoreRule::Recency, -10), (ScoreRule::Completeness, 1)]);
    }

    #[test]
    fn the_status_goes_forward_from_where_a_person_put_it() {
        let mut lead = lead();
        let signals = [signal(20, Outcome::AppointmentRequested), signal(5, Outcome::NotInterested)];
        assert_eq!(status(&lead, &signals).0, LeadStatus::Lost, "lost is the end, whoever comes later");
        lead.set_status(LeadStatus::Contacted, Provenance::new(Author::Human, at(10)));
        assert_eq!(status(&lead, &signals).0, LeadStatus::Hot);
        lead.set_status(LeadStatus::Qualified, Provenance::new(Author::Human, at(11)));
        assert_eq!(status(&lead, &signals), (LeadStatus::Qualified, "A person set it.".to_owned()));
    }

    proptest! {
        #[test]
        fn more_points_never_come_from_a_worse_call(change in -30..30, more in 0..30) {
            let worth = |score_change| {
                let signal = Signal { score_change, ..signal(1, Outcome::Interested) };
                score(&lead(), &[signal], &BusinessConfig::default(), at(2)).score
            };
            prop_assert!(worth(change) <= worth(change + more));
        }
    }
}
