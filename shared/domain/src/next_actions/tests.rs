use super::*;
use crate::analysis::{Collector, Said, Sentiment};
use crate::calling::Reason;
use crate::contact::{Consent, Details};
use crate::id::PrefixedId;
use crate::provenance::{Author, Provenance};
use crate::{ContactId, Phone};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};
use ulid::Ulid;

fn contact() -> Contact {
    let details = Details {
        phone: Phone::parse("+919876543210", None).ok(),
        email: "asha@example.com".parse().ok(),
        ..Details::default()
    };
    Contact::new(ContactId::from_ulid(Ulid::from_parts(1, 8)), details, Author::Human, Timestamp::UNIX_EPOCH)
}

fn agreeing() -> Contact {
    let mut contact = contact();
    let yes = Consent { granted: true, basis: String::new(), source: String::new(), at: None };
    contact.consent = Channel::ALL.into_iter().map(|channel| (channel, yes.clone())).collect();
    contact
}

const NOW: &str = "2026-11-21T06:30:00Z";

fn read(reading: Value) -> Reading {
    let said = Said::of([("agent", "I will ask my colleague"), ("user", "my budget is 50,000")]);
    let mut reading = reading;
    reading["summary"] = json!("Talked.");
    let kolkata = TimeZone::get("Asia/Kolkata").unwrap();
    Reading::of(reading).unwrap().held_to(&said, &kolkata, &std::collections::BTreeMap::new())
}

fn planned_for(contact: &Contact, reading: Value, follow_ups: u32) -> Vec<Planned> {
    let now: Timestamp = NOW.parse().unwrap();
    let call = Call { follow_ups, ..crate::call::tests::queued(now) };
    let reading = read(reading);
    let signals = [Signal::of(&reading, now)];
    let config = BusinessConfig::default();
    plan(
        &reading,
        &Situation {
            call: &call,
            contact,
            config: &config,
            policy: &Policy::of(&config, None),
            signals: &signals,
            agent_language: "hi",
            now,
        },
    )
}

fn planned(reading: Value, follow_ups: u32) -> Vec<What> {
    planned_for(&contact(), reading, follow_ups).into_iter().map(|step| step.what).collect()
}

fn kinds(steps: &[What]) -> Vec<&'static str> {
    let kind = |step: &What| match step {
        What::FollowUpCall { .. } => "follow_up",
        What::Task { .. } => "task",
        What::Message(_) => "message",
        What::Status(_) => "status",
        What::Score(_) => "score",
        What::Suppress { .. } => "suppress",
        What::Nothing => "nothing",
    };
    steps.iter().map(kind).collect()
}

#[test]
fn a_callback_is_at_the_time_that_was_wished_for() {
    let steps = planned(
        json!({"outcome": "callback_requested", "score_change": 10,
               "wishes": [{"kind": "callback", "at": "2026-11-26T15:00", "detail": "Thursday at three"}]}),
        0,
    );
    assert_eq!(kinds(&steps), ["follow_up", "score", "status"]);
    let at = "2026-11-26T09:30:00Z".parse().unwrap();
    assert_eq!(steps[0], What::FollowUpCall { at, objective: "Follow-up: Qualify".to_owned() });
    let What::Score(score) = &steps[1] else { panic!("a score") };
    assert_eq!(score.score, 8 + 2 + 3 + 4, "outcome, wish, impression, and telephone and e-mail");
    assert_eq!(steps[2], What::Status(LeadStatus::Contacted));
}

#[test]
fn a_time_outside_the_hours_is_moved_into_them_and_says_so() {
    let wish =
        |at: &str| json!({"outcome": "callback_requested", "wishes": [{"kind": "callback", "at": at}]});
    let steps = planned_for(&contact(), wish("2026-11-26T22:00"), 0);
    let What::FollowUpCall { at, .. } = &steps[0].what else { panic!("a call") };
    assert_eq!(at.to_string(), "2026-11-27T03:30:00Z", "nine in the morning in Kolkata");
    assert!(steps[0].reason.contains("2026-11-26 22:00 IST"), "{}", steps[0].reason);
    for nonsense in ["1999-01-01T10:00", "9999-01-01T10:00"] {
        let steps = planned_for(&contact(), wish(nonsense), 0);
        let What::FollowUpCall { at, .. } = &steps[0].what else { panic!("a call") };
        assert_eq!(at.to_string(), "2026-11-23T06:30:00Z", "{nonsense}: in two days");
    }
}

#[test]
fn a_stop_shuts_every_channel_and_calls_and_writes_to_nobody() {
    let steps = planned_for(
        &agreeing(),
        json!({"outcome": "interested", "wishes": [{"kind": "stop", "detail": "leave me alone"},
               {"kind": "callback", "at": "2026-11-26T15:00", "detail": ""}],
               "promised_actions": [{"by": "agent", "text": "Ask", "quote": "I will ask my colleague"}]}),
        0,
    );
    let steps: Vec<_> = steps.into_iter().map(|step| step.what).collect();
    assert!(matches!(&steps[0], What::Suppress { channels, .. } if channels.len() == 4));
    assert_eq!(kinds(&steps), ["suppress", "status"], "the score is at its lowest already");
}

#[test]
fn calls_that_follow_one_another_end_with_a_person() {
    let reading = json!({"outcome": "interested"});
    assert!(kinds(&planned(reading.clone(), 4)).contains(&"follow_up"));
    assert!(!kinds(&planned(reading, 5)).contains(&"follow_up"));
}

#[test]
fn what_was_promised_is_a_task() {
    let promise = |kind: &str, by: &str| {
        json!({"promised_actions": [{"kind": kind, "by": by, "text": "Ask",
        "at": "2026-11-21T15:00", "quote": "I will ask my colleague"}]})
    };
    let steps = planned(promise("none", "agent"), 0);
    let What::Task { title, detail, due_at, .. } = &steps[0] else { panic!("{steps:?}") };
    assert_eq!(title, "Keep what was promised in the call");
    assert_eq!(detail, "Ask (\"I will ask my colleague\")");
    assert_eq!(due_at.to_string(), "2026-11-21T09:30:00Z");
    assert!(!kinds(&planned(promise("none", "lead"), 0)).contains(&"task"));
    let mut both = promise("information", "agent");
    both["wishes"] = json!([{"kind": "information", "detail": "the brochure"}]);
    let tasks = |reading| kinds(&planned(reading, 0)).iter().filter(|kind| **kind == "task").count();
    assert_eq!(tasks(both), 1, "one for both");
    let mut same_time = promise("none", "agent");
    same_time["wishes"] = json!([{"kind": "appointment", "at": "2026-11-21T15:00", "detail": "at three"}]);
    assert_eq!(tasks(same_time), 1, "what is promised for the wished time is the wish");
}

#[test]
fn texts_are_ready_where_the_lead_agreed() {
    let asks = json!({"outcome": "interested", "language": "it", "wishes": [{"kind": "information", "detail": "x"}]});
    assert!(!kinds(&planned(asks.clone(), 0)).contains(&"message"), "no consent, no text");
    let drafts = |reading: Value| -> Vec<Draft> {
        let steps = planned_for(&agreeing(), reading, 0).into_iter();
        steps
            .filter_map(|step| if let What::Message(draft) = step.what { Some(draft) } else { None })
            .collect()
    };
    let texts = drafts(asks);
    assert_eq!(
        texts.iter().map(|draft| draft.channel).collect::<Vec<_>>(),
        [Channel::Whatsapp, Channel::Email, Channel::Sms]
    );
    assert!(texts.iter().all(|draft| draft.language == "it" && draft.occasion == Occasion::Information));
    let unknown = drafts(json!({"outcome": "interested", "language": "de"}));
    assert!(
        unknown.iter().all(|draft| draft.language == "hi" && draft.occasion == Occasion::Interest),
        "the agent's"
    );
}

#[test]
fn nothing_is_a_step_too() {
    let mut unknown = contact();
    unknown.details = Details::default();
    let steps = planned_for(&unknown, json!({"outcome": "voicemail"}), 0);
    assert_eq!(steps.into_iter().map(|step| step.what).collect::<Vec<_>>(), [What::Nothing]);
}

#[test]
fn a_lead_who_was_not_reached_is_written_to_or_left_to_a_person() {
    let now: Timestamp = NOW.parse().unwrap();
    let call = crate::call::tests::queued(now);
    let config = BusinessConfig::default();
    let steps = |contact: &Contact, status, reason| {
        let attempt = Attempt { status, reason: Some(reason), ..crate::call::tests::attempt(3) };
        let situation = Situation {
            call: &call,
            contact,
            config: &config,
            policy: &Policy::of(&config, None),
            signals: &[],
            agent_language: "en",
            now,
        };
        plan_unreached(&attempt, &situation).into_iter().map(|step| step.what).collect::<Vec<_>>()
    };
    let silent = (CallStatus::NoAnswer, Reason::NoAnswer);
    assert_eq!(kinds(&steps(&agreeing(), silent.0, silent.1)), ["message", "message", "message"]);
    assert_eq!(kinds(&steps(&contact(), silent.0, silent.1)), ["task"]);
    assert_eq!(kinds(&steps(&agreeing(), CallStatus::Failed, Reason::ProviderRejected)), ["task"]);
    let mut shut = agreeing();
    shut.suppress(Channel::Voice, "asked", Author::Human, now);
    assert_eq!(kinds(&steps(&shut, silent.0, silent.1)), ["nothing"]);
}

#[test]
fn a_model_fills_fields_that_the_business_defined_and_nobody_filled() {
    let config: BusinessConfig = serde_json::from_value(json!({"customFields": [
        {"name": "rooms", "type": "number"}, {"name": "owner", "type": "boolean"}, {"name": "phone", "type": "text"},
        {"name": "work_email", "type": "text"}, {"name": "range", "type": "select", "options": ["low", "high"]}]}))
    .unwrap();
    let mut lead = contact();
    let now = Timestamp::UNIX_EPOCH;
    let answer = |name: &str, value: Value, quote: Option<&str>| Collected {
        name: name.to_owned(),
        value,
        quote: quote.map(str::to_owned),
        by: Collector::Model,
    };
    let answers = [
        answer("rooms", json!(3), Some("three rooms")),
        answer("owner", json!(true), None),
        answer("phone", json!("+15550009999"), Some("call +15550009999")),
        answer("work_email", json!("a@b.example"), Some("a@b.example")),
        answer("range", json!("any"), Some("any")),
        answer("unknown", json!("x"), Some("x")),
    ];
    assert_eq!(fill_fields(&mut lead, &answers, &config, now), ["rooms"]);
    assert_eq!(lead.provenance["custom_fields.rooms"].evidence.as_deref(), Some("three rooms"));
    assert_eq!(fill_fields(&mut lead, &answers, &config, now), [""; 0], "once");
}

/// Something that happens to a lead.
#[derive(Debug, Clone)]
enum Event {
    Scored(u8),
    Moved(LeadStatus),
    Talked(Signal),
}

fn event() -> impl Strategy<Value = Event> {
    let outcome = prop::sample::select(Outcome::ALL.to_vec());
    let mood = prop::sample::select(vec![Sentiment::Positive, Sentiment::Neutral, Sentiment::Negative]);
    let talked =
        (outcome, mood, -30..=30, any::<bool>()).prop_map(|(outcome, sentiment, score_change, asks)| {
            let wishes = if asks { vec![WishKind::Information] } else { Vec::new() };
            Event::Talked(Signal { at: Timestamp::UNIX_EPOCH, outcome, sentiment, score_change, wishes })
        });
    prop_oneof![
        1 => (0u8..=100).prop_map(Event::Scored),
        1 => prop::sample::select(LeadStatus::ALL.to_vec()).prop_map(Event::Moved),
        4 => talked,
    ]
}

proptest! {
    #[test]
    fn what_is_stored_after_a_call_is_what_is_worked_out_again(events in prop::collection::vec(event(), 1..20)) {
        let mut contact = contact();
        let config = BusinessConfig::default();
        let mut signals: Vec<Signal> = Vec::new();
        let mut now: Timestamp = NOW.parse().unwrap();
        let call = crate::call::tests::queued(now);
        for event in events {
            now += SignedDuration::from_hours(30);
            let by = |author| Provenance::new(author, now);
            match event {
                Event::Scored(score) => contact.set_score(score, by(Author::Human)),
                Event::Moved(status) => contact.set_status(status, by(Author::Human)),
                Event::Talked(signal) => {
                    contact.last_contact_at = Some(now);
                    signals.insert(0, Signal { at: now, ..signal.clone() });
                    let reading = Reading { outcome: signal.outcome, ..Reading::default() };
                    let situation = Situation {
                        call: &call, contact: &contact, config: &config, policy: &Policy::of(&config, None), signals: &signals, agent_language: "", now,
                    };
                    for step in plan(&reading, &situation) {
                        match step.what {
                            What::Score(score) => contact.set_score(score.score, by(Author::Ai)),
                            What::Status(status) => contact.set_status(status, by(Author::Ai)),
                            _ => {}
                        }
                    }
                    let again = score::score(&contact, &signals, &config, now);
                    prop_assert_eq!(again.score, contact.score);
                    let sum: i32 = again.reasons.iter().map(|reason| reason.points).sum();
                    prop_assert_eq!(sum.clamp(0, 100), i32::from(contact.score), "the reasons say it all");
                    prop_assert_eq!(score::status(&contact, &signals).0, contact.status);
                }
            }
        }
    }
}
