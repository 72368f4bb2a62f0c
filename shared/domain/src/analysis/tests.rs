use super::*;
use crate::agent::{DataKind, DataPoint};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;

fn asked() -> BTreeMap<String, DataPoint> {
    let point = |kind, choices: &[&str]| DataPoint {
        kind,
        description: String::new(),
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
    };
    [
        ("budget".to_owned(), point(DataKind::Integer, &[])),
        ("range".to_owned(), point(DataKind::String, &["Under 500K", "500K-1M"])),
        ("owner".to_owned(), point(DataKind::Boolean, &[])),
    ]
    .into()
}

fn said() -> Said {
    Said::of([
        ("agent", "We will send you the brochure tomorrow."),
        ("user", "Well, I want that, but it is too   expensive. My budget is 50,000."),
    ])
}

fn held(answer: Value) -> Reading {
    Reading::of(answer).unwrap().held_to(&said(), &TimeZone::UTC, &asked())
}

#[test]
fn the_schema_names_every_member_and_one_neutral() {
    let schema = Reading::schema(&asked());
    let members = |pointer: &str| -> Vec<String> {
        serde_json::from_value(schema.pointer(pointer).unwrap().clone()).unwrap()
    };
    for (name, outcome) in members("/properties/outcome/enum").iter().zip(Outcome::ALL) {
        assert_eq!(serde_json::to_value(outcome).unwrap(), json!(name));
    }
    assert!(members("/properties/outcome/enum").contains(&"none".to_owned()));
    assert!(members("/properties/wishes/items/properties/kind/enum").contains(&"none".to_owned()));
    assert_eq!(members("/properties/collected/items/properties/name/enum"), ["budget", "owner", "range"]);
    assert!(Reading::schema(&BTreeMap::new()).pointer("/properties/collected").is_none());
}

#[test]
fn a_slip_of_the_model_costs_a_detail() {
    let reading = held(json!({
        "summary": "Talked.", "outcome": "ecstatic", "sentiment": null, "score_change": 900.4,
        "wishes": [{"kind": "holiday", "at": null, "detail": ""}, 7, {"kind": "stop", "at": 3, "detail": "no"}],
        "evidence": ["I  WANT that", "never said", null, "..."], "reasons": "because", "language": "EN-us",
    }));
    assert_eq!(
        (reading.outcome, reading.sentiment, reading.score_change),
        (Outcome::None, Sentiment::Neutral, 30)
    );
    assert_eq!(reading.evidence, ["I WANT that"]);
    assert_eq!((reading.wishes.len(), reading.language.as_str()), (1, "en"));
    assert!(reading.asks_to_stop());
}

#[test]
fn what_is_no_answer_is_no_analysis() {
    for answer in
        [json!(null), json!([]), json!({}), json!({"summary": " "}), json!({"outcome": "interested"})]
    {
        assert_eq!(Reading::of(answer.clone()), None, "{answer}");
    }
}

#[test]
fn remarks_and_promises_rest_on_words_of_who_made_them() {
    let reading = held(json!({"summary": "x",
    "objections": [{"text": "Price\u{0}", "quote": "it is too expensive"}, {"text": "Time", "quote": "I am busy"}],
    "interests": [{"text": "It", "quote": "I want that"}],
    "promised_actions": [
        {"kind": "information", "by": "agent", "text": "Brochure", "at": "2026-11-22T10:00", "quote": "We will send you the brochure"},
        {"kind": "none", "by": "lead", "text": "Brochure", "at": null, "quote": "We will send you the brochure"},
    ]}));
    assert_eq!(
        reading.objections,
        [Remark { text: "Price".to_owned(), quote: "it is too expensive".to_owned() }]
    );
    assert_eq!(reading.interests.len(), 1);
    assert_eq!(reading.promised_actions.len(), 1, "the lead promised nothing");
    assert_eq!(reading.promised_actions[0].instant, "2026-11-22T10:00:00Z".parse().ok());
}

#[test]
fn answers_have_their_type_and_their_words() {
    let answer =
        |name: &str, value: Value, quote: &str| json!({"name": name, "value": value, "quote": quote});
    let reading = held(json!({"summary": "x", "collected": [
        answer("budget", json!("50000"), "my budget is 50,000"),
        answer("budget", json!("a lot"), "my budget is 50,000"),
        answer("range", json!("under 500k"), "never said"),
        answer("owner", json!("perhaps"), "I want that"),
        answer("phone", json!("+4912345"), "I want that"),
    ]}));
    let kept: Vec<_> =
        reading.collected.iter().map(|answer| (answer.name.as_str(), answer.value.clone())).collect();
    assert_eq!(kept, [("budget", json!(50_000))]);
    let collected =
        [("budget", json!(1)), ("owner", json!("yes")), ("range", json!("UNDER 500K")), ("x", json!(1))];
    let collected = collected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let notes =
        ProviderNotes { collected, language: "it-IT".to_owned(), ..ProviderNotes::default() }.bounded();
    let reading = reading.with_notes(&notes, &asked());
    let values: Vec<_> = reading
        .collected
        .iter()
        .map(|answer| (answer.value.clone(), answer.quote.is_some(), answer.by))
        .collect();
    assert_eq!(
        values,
        [
            (json!(50_000), true, Collector::Model),
            (json!(true), false, Collector::VoiceProvider),
            (json!("Under 500K"), false, Collector::VoiceProvider),
        ]
    );
    assert_eq!(reading.language, "it");
}

#[test]
fn a_wish_is_by_the_leads_own_clock() {
    let wishes = json!({"summary": "x", "wishes": [{"kind": "callback", "at": "2026-11-26T15:00", "instant": "2030-01-01T00:00:00Z"},
        {"kind": "human", "at": "soon", "instant": "2030-01-01T00:00:00Z"}]});
    let kolkata = TimeZone::get("Asia/Kolkata").unwrap();
    let reading = Reading::of(wishes).unwrap().held_to(&said(), &kolkata, &asked());
    assert_eq!(reading.callback_at().unwrap().to_string(), "2026-11-26T09:30:00Z");
    assert_eq!(
        (&reading.wishes[1].at, reading.wishes[1].instant),
        (&None, None),
        "a model names no instants"
    );
}

#[test]
fn only_words_are_words() {
    assert!(!Said::of([("agent", "Hello?"), ("user", "...")]).lead_spoke());
    assert!(Said::of([("user", "\u{9b9}\u{9cd}\u{9af}\u{9be}\u{981}")]).lead_spoke());
    assert_eq!(spoken("user", "yes\nagent: no"), "user: yes agent: no");
}

#[test]
fn of_several_pieces_the_later_counts_and_a_stop_counts_anywhere() {
    let piece = |answer: Value| held(answer);
    let first = piece(
        json!({"summary": "A.", "outcome": "do_not_call", "score_change": -20, "sentiment": "negative",
        "wishes": [{"kind": "callback", "at": "2026-11-26T15:00"}], "language": "hi",
        "evidence": ["I want that"], "collected": [{"name": "budget", "value": "1", "quote": "my budget is"}]}),
    );
    let second = piece(json!({"summary": "B.", "outcome": "interested", "score_change": -20,
        "wishes": [{"kind": "callback", "at": "2026-11-27T15:00"}], "sentiment": "neutral",
        "evidence": ["i want THAT", "too expensive"], "collected": [{"name": "budget", "value": "2", "quote": "my budget is"}]}));
    let whole = Reading::merged(vec![first, second, piece(json!({"summary": "C."}))]);
    assert_eq!((whole.summary.as_str(), whole.outcome), ("A. B. C.", Outcome::DoNotCall));
    assert_eq!(
        (whole.score_change, whole.sentiment, whole.language.as_str()),
        (-30, Sentiment::Negative, "hi")
    );
    assert_eq!(whole.callback_at().unwrap().to_string(), "2026-11-27T15:00:00Z");
    assert_eq!((whole.wishes.len(), whole.evidence.len()), (1, 2));
    assert_eq!(whole.collected[0].value, json!(2));
}

proptest! {
    #[test]
    fn every_turn_is_read_until_there_are_too_many(lengths in prop::collection::vec(1usize..6_000, 0..400)) {
        let Pieces { turns, left_out } = split(&lengths);
        prop_assert!(turns.len() <= 12);
        let mut read = vec![false; lengths.len()];
        for piece in &turns {
            prop_assert!(lengths[piece.clone()].iter().sum::<usize>() <= 25_000);
            read[piece.clone()].fill(true);
        }
        prop_assert_eq!(read.iter().filter(|read| !**read).count(), left_out);
        prop_assert!(left_out == 0 || turns.len() == 12);
        for pair in turns.windows(2) {
            prop_assert!(pair[0].start < pair[1].start && pair[0].end < pair[1].end, "each has something new");
        }
        prop_assert_eq!(turns.first().map(|piece| piece.start), (!lengths.is_empty()).then_some(0));
        prop_assert_eq!(turns.last().map_or(0, |piece| piece.end), lengths.len());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_answer_breaks_the_bounds(text in "\\PC{0,40}", huge in 0usize..2_000, change in any::<f64>(), n in 0usize..30) {
        let long = format!("{text}{}", "\u{0}x".repeat(huge));
        let many = |item: Value| Value::Array(vec![item; n]);
        let answer = json!({"summary": format!("s{long}"), "score_change": change, "reasons": many(json!(long)),
            "wishes": many(json!({"kind": "callback", "at": long, "detail": long})),
            "objections": many(json!({"text": long, "quote": "I want that"})), "evidence": many(json!("budget"))});
        let reading = held(answer);
        prop_assert!(reading.summary.chars().count() <= 2_000 && (-30..=30).contains(&reading.score_change));
        prop_assert!(reading.reasons.len() <= 10 && reading.wishes.len() <= 10 && reading.evidence.len() <= 20);
        let bytes = serde_json::to_string(&reading).unwrap();
        prop_assert!(bytes.len() < 100_000 && !bytes.contains("\\u0000"));
    }
}
