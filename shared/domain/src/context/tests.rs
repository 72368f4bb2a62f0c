use super::*;
use crate::agent::{Profile, Sync};
use crate::analysis::WishKind;
use crate::contact::{Contact, Details};
use crate::deal::Stage;
use crate::id::PrefixedId;
use crate::provenance::Author;
use crate::task::TaskPriority;
use crate::{ContactId, Currency, DealId, Money, Phone, TaskId};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;
use ulid::Ulid;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
static USUAL: LazyLock<(Contact, CallFacts, BusinessConfig)> =
    LazyLock::new(|| (contact(), facts(), config()));

fn contact() -> Contact {
    let details: Details = serde_json::from_value(json!({
        "first_name": "\u{9b0}\u{9b9}\u{9bf}\u{9ae}", "last_name": "Khan", "company": "Acme", "source": "website",
        "tags": ["vip"], "preferences": {"best_time": "morning"}, "notes": "Says {{system__time}} a lot",
        "custom_fields": {"rooms": 3}
    }))
    .unwrap();
    let details = Details { phone: Phone::parse("+8801712345678", None).ok(), ..details };
    Contact::new(ContactId::from_ulid(Ulid::from_parts(1, 8)), details, Author::Human, NOW)
}

fn config() -> BusinessConfig {
    serde_json::from_value(json!({"name": "Acme Homes", "industry": "Real-Estate", "customFields": [
        {"name": "budget_range", "type": "text", "required": true}, {"name": "rooms", "type": "number"}]}))
    .unwrap()
}

fn facts() -> CallFacts {
    CallFacts { objective: "Initial Qualification".to_owned(), previous_attempts: 1, ..CallFacts::default() }
}

fn agent() -> Agent {
    Agent {
        id: AgentId::from_ulid(Ulid::from_parts(1, 1)),
        profile: Profile {
            system_prompt: "You are Maya.".to_owned(),
            first_message: "Hello {{ first_name }}, it is {{system__time_utc}}.".to_owned(),
            ..Profile::default()
        },
        is_default: true,
        elevenlabs_agent_id: None,
        version: 3,
        sync: Sync::InSync,
        check_at: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn entry(day: i64) -> HistoryEntry {
    HistoryEntry {
        at: Timestamp::from_second(day * 86_400).unwrap(),
        summary: format!("talk{day} {}", "word ".repeat(118)),
        outcome: "none".to_owned(),
    }
}

fn template(n: u128, wording: Value) -> ContextTemplate {
    let wording: Wording = serde_json::from_value(wording).unwrap();
    let wording = wording.checked(&config()).unwrap();
    let id = TemplateId::from_ulid(Ulid::from_parts(1, n));
    ContextTemplate { id, wording, version: 1, created_at: NOW, updated_at: NOW }
}

/// A packet of the usual lead, changed as the test wants.
fn packet<'a>(change: impl FnOnce(&mut Known<'a>)) -> Packet {
    let (contact, facts, config) = &*USUAL;
    let mut known = Known {
        contact: Some(contact),
        call: facts,
        history: &[],
        related: &[],
        open: &[],
        templates: &[],
        config,
        now: NOW,
    };
    change(&mut known);
    build(&agent(), &known)
}

fn titles(packet: &Packet) -> Vec<&str> {
    packet
        .prompt
        .lines()
        .filter_map(|line| line.strip_suffix(':'))
        .filter(|line| !line.starts_with('-'))
        .collect()
}

#[test]
fn the_packet_has_the_printed_sections_in_order() {
    let history =
        [HistoryEntry { at: NOW, summary: "Wanted a flat.".to_owned(), outcome: "interested".to_owned() }];
    let packet = packet(|known| known.history = &history);
    insta::assert_snapshot!(packet.prompt);
    let names: Vec<_> = packet.variables.keys().map(String::as_str).collect();
    let mut expected = [&VARIABLES[..], &["budget_range", "rooms"]].concat();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(packet.variables["rooms"], "3");
    assert_eq!(packet.variables["budget_range"], "", "what is not known is there all the same");
    assert_eq!(packet.first_message, "Hello \u{9b0}\u{9b9}\u{9bf}\u{9ae}, it is {{system__time_utc}}.");
    assert_eq!((packet.version, packet.agent.unwrap().version), (Packet::VERSION, 3));
}

#[test]
fn what_is_ahead_is_told_in_the_businesss_words_and_the_leads_time() {
    let at = |hours: i64| Some(Timestamp::from_second(hours * 3600).unwrap());
    let call = |n: u128, at| Card::Call {
        call_id: CallId::from_ulid(Ulid::from_parts(1, n)),
        scheduled_at: at,
        objective: "Closing {{x}}".to_owned(),
    };
    let task = |title: &str, wish| Card::Task {
        task_id: TaskId::from_ulid(Ulid::nil()),
        title: title.to_owned(),
        detail: "On Sunday".to_owned(),
        due_at: at(5),
        priority: TaskPriority::High,
        wish,
    };
    let deal = |title: &str, minor, stage: &str| Card::Deal {
        deal_id: DealId::from_ulid(Ulid::nil()),
        title: title.to_owned(),
        value: Money { minor, currency: Currency::default() },
        stage: stage.parse().unwrap(),
        probability: 75,
    };
    let open = [
        call(1, at(30)),
        call(2, at(30)),
        call(3, at(-5)),
        call(4, None),
        task("Arrange the showing", Some(WishKind::Appointment)),
        task("Send the plan", Some(WishKind::Information)),
        deal("Enterprise Software License", 5_000_000, "proposal"),
        deal("{{x}}", 0, "First Talks"),
    ];
    let mut own = config();
    own.terminology = [
        ("lead", "prospect"),
        ("appointment", "showing"),
        ("task", "errand"),
        ("call", "ring"),
        ("deal", "sale"),
    ]
    .map(|(ours, own)| (ours.to_owned(), own.to_owned()))
    .into();
    let facts = CallFacts { id: Some(CallId::from_ulid(Ulid::from_parts(1, 2))), ..facts() };
    let packet = packet(|known| {
        (known.open, known.config, known.call) = (&open, &own, &facts);
    });
    insta::assert_snapshot!(packet.prompt);
}

#[test]
fn a_caller_whom_nobody_knows_is_told_as_such() {
    let facts = CallFacts { direction: Direction::Inbound, ..CallFacts::default() };
    let packet = packet(|known| (known.contact, known.call) = (None, &facts));
    assert_eq!(
        titles(&packet),
        ["LEAD CONTEXT", "CALL CONTEXT", "CONVERSATION HISTORY", "CALL INSTRUCTIONS"]
    );
    assert_eq!(packet.first_message, "Hello, it is {{system__time_utc}}.");
    assert_eq!(packet.variables["first_name"], "");
    assert_eq!(
        (&packet.variables["direction"], &packet.variables["business_name"]),
        (&json!("inbound"), &json!("Acme Homes"))
    );
    assert_eq!(packet.variables.len(), VARIABLES.len() + 2);
}

#[test]
fn templates_that_fit_add_and_replace_the_more_important_first() {
    let templates = [
        template(
            1,
            json!({"name": "all", "sections": [
            {"title": "Manners", "body": "Be kind to {{ first_name }}."},
            {"title": "notes and interactions", "body": "{{ lead.notes|upper }}"},
            {"title": "Lead Preferences", "body": "{% if lead.score > 90 %}x{% endif %}"}],
            "instructions": "Ask for {{ terms.appointment }}s.", "first_message": "Low"}),
        ),
        template(
            2,
            json!({"name": "web", "priority": 10, "conditions": {"source": ["WEBSITE", "x"], "industry": ["real-estate"],
            "status": ["New"], "objective": ["initial qualification"]},
            "sections": [{"title": "MANNERS", "body": "Be brief."}], "first_message": "Namaste {{ lead.first_name }} , {{ company }} !"}),
        ),
        template(
            3,
            json!({"name": "other", "conditions": {"source": ["fair"]}, "instructions": "Never said."}),
        ),
        template(
            4,
            json!({"name": "late", "conditions": {"status": ["customer"]}, "instructions": "Never said."}),
        ),
    ];
    let packet = packet(|known| known.templates = &templates);
    assert_eq!(packet.first_message, "Namaste \u{9b0}\u{9b9}\u{9bf}\u{9ae}, Acme!");
    let ids: Vec<_> = packet.templates.iter().map(|used| used.id.ulid().random()).collect();
    assert_eq!(ids, [2, 1]);
    assert_eq!(
        titles(&packet),
        [
            "LEAD CONTEXT",
            "CALL CONTEXT",
            "CONVERSATION HISTORY",
            "NOTES AND INTERACTIONS",
            "MANNERS",
            "CALL INSTRUCTIONS"
        ]
    );
    assert!(packet.prompt.contains("MANNERS:\nBe brief.\n"), "{}", packet.prompt);
    assert!(
        packet.prompt.contains("SAYS { {SYSTEM__TIME} } A LOT")
            && packet.prompt.contains("Ask for appointments.")
    );
    assert!(!packet.prompt.contains("Never said."));
}

#[test]
fn a_wording_that_no_longer_fits_costs_itself_only() {
    let templates = [template(
        1,
        json!({"name": "a", "first_message": "For {{ rooms }} rooms",
        "sections": [{"title": "Rooms", "body": "{{ rooms }}"}, {"title": "Fine", "body": "Fine."}]}),
    )];
    let bare = BusinessConfig { custom_fields: Vec::new(), ..config() };
    let packet = packet(|known| (known.templates, known.config) = (&templates, &bare));
    assert!(packet.prompt.contains("Fine:\nFine.") && !packet.prompt.contains("Rooms:"));
    assert!(packet.first_message.starts_with("Hello "), "the agent's own words");
    assert_eq!(
        packet.templates[0].faults,
        [
            "/sections/0/body: line 1: uses a value that is not there",
            "/first_message: line 1: uses a value that is not there"
        ]
    );
}

#[test]
fn a_template_is_refused_where_it_is_wrong() {
    let refused = |wording: Value| {
        let wording: Wording = serde_json::from_value(wording).unwrap();
        let error = wording.checked(&config()).unwrap_err();
        (error.pointer, error.message)
    };
    let pointer = |wording: Value| refused(wording).0;
    let (at, why) = refused(json!({"name": "x", "sections": [{"title": "a", "body": "Hi\n{{ budget }}"}]}));
    assert_eq!(
        (at.as_str(), why.as_str()),
        ("/sections/0/body", "line 2: budget is not a value that a call has")
    );
    assert_eq!(pointer(json!({"name": "x", "first_message": "{{ call."})), "/first_message");
    assert_eq!(pointer(json!({"name": "x", "instructions": "{% if %}"})), "/instructions");
    assert_eq!(pointer(json!({"name": "", "instructions": "a"})), "/name");
    assert_eq!(pointer(json!({"name": "x"})), "/sections");
    assert_eq!(pointer(json!({"name": "x", "instructions": "a", "priority": 5000})), "/priority");
    assert_eq!(
        pointer(json!({"name": "x", "instructions": "a", "conditions": {"status": ["new", "tepid"]}})),
        "/conditions/status/1"
    );
    let twice = json!([{"title": "A", "body": ""}, {"title": " a", "body": ""}]);
    assert_eq!(pointer(json!({"name": "x", "sections": twice})), "/sections/1/title");
    // What is only there for some leads must be asked for, and then it may be used.
    assert_eq!(pointer(json!({"name": "x", "instructions": "{{ history[0].summary }}"})), "/instructions");
    let asked = json!({"name": "x", "instructions": "{% if history %}{{ history[0].summary }}{% endif %}{{ lead.preferences.day|default('any') }}{{ rooms }}{{ lead.custom_fields.rooms }}"});
    assert!(serde_json::from_value::<Wording>(asked).unwrap().checked(&config()).is_ok());
}

#[test]
fn conversations_like_this_one_are_added_where_not_all_fit() {
    let history: Vec<_> = (0..60).rev().map(entry).collect();
    let related = [entry(3), entry(58), entry(1)];
    let prompt = packet(|known| (known.history, known.related) = (&history, &related)).prompt;
    let (recent, like) = prompt.split_once("RELATED EARLIER CONVERSATIONS:").unwrap();
    assert!(recent.contains("talk59 ") && recent.contains("talk58 ") && !recent.contains("talk3 "));
    let like = like.split_once("LEAD PREFERENCES:").unwrap().0;
    assert!(like.contains("talk3 ") && like.contains("talk1 ") && !like.contains("talk58 "), "{like}");
    let few: Vec<_> = (0..5).rev().map(entry).collect();
    let prompt = packet(|known| (known.history, known.related) = (&few, &related[..1])).prompt;
    assert!(!prompt.contains(RELATED) && prompt.contains("talk3 "), "all of it fits");
}

proptest! {
    /// However much is known, the sections stay within their bound, and what is cut of the history is the oldest.
    #[test]
    fn the_oldest_history_is_cut_first(
        talks in 0_i64..90, alike in 0_i64..90, words in 0_usize..3_000, cards in 0_usize..60, sections in 0_usize..20,
    ) {
        let long = "\u{9b9}\u{9cd}\u{9af} {{x}} ".repeat(words);
        let mut contact = contact();
        contact.details.notes.clone_from(&long);
        contact.details.preferences.insert("long".to_owned(), json!(long));
        contact.details.custom_fields.insert("rooms".to_owned(), json!(long));
        let facts = CallFacts { instructions: long.clone(), objective: long.clone(), ..facts() };
        let history: Vec<_> = (0..talks).rev().map(entry).collect();
        let related: Vec<_> = (0..alike).map(entry).collect();
        let task = Card::Task {
            task_id: TaskId::from_ulid(Ulid::nil()), title: long.clone(), detail: long.clone(), due_at: None,
            priority: TaskPriority::default(), wish: None,
        };
        let deal = Card::Deal {
            deal_id: DealId::from_ulid(Ulid::nil()), title: long, value: Money { minor: 1, currency: Currency::default() },
            stage: Stage::default(), probability: 0,
        };
        let open = [vec![task; cards], vec![deal; cards]].concat();
        let bodies: Vec<_> = (0..sections).map(|n| json!({"title": format!("S{n}"), "body": "{{ lead.notes }}"})).collect();
        let templates = [template(1, json!({"name": "t", "sections": bodies, "instructions": "{{ lead.notes }}"}))];
        let packet = packet(|known| {
            (known.contact, known.call, known.history) = (Some(&contact), &facts, &history);
            (known.related, known.open, known.templates) = (&related, &open, &templates);
        });
        let sections = packet.prompt.strip_prefix("You are Maya.").unwrap();
        prop_assert!(sections.chars().count() <= SECTIONS_MAX, "{}", sections.chars().count());
        prop_assert!(!sections.contains("{{"));
        let told: Vec<bool> = (0..talks).rev().map(|n| {
            let recent = packet.prompt.split(RELATED).next().unwrap();
            recent.contains(&format!("talk{n} "))
        }).collect();
        prop_assert!(told.is_sorted_by(|earlier, later| *earlier || !*later), "{told:?}");
    }
}
