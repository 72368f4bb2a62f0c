//! The stored form of every kind of record, and what the store promises about steps.

#![expect(clippy::unwrap_used, reason = "tests")]

use contracts::Job;
use domain::action::{Action, Step};
use domain::agent::template::{AgentTemplate, TemplateContent};
use domain::agent::{Agent, AgentVersion, Profile, Sync};
use domain::analysis::{Analysis, ProviderNotes, Reading, WishKind};
use domain::call::{Call, CallStatus, Ending, Slot};
use domain::calling::Reason;
use domain::campaign::Campaign;
use domain::contact::{Contact, Details, LeadStatus};
use domain::context::{ContextTemplate, HistoryEntry, Meaning, Packet, TemplateUsed, Wording};
use domain::conversion::Talk;
use domain::deal::{Deal, StageChange};
use domain::id::PrefixedId;
use domain::import::columns::{Column, Field};
use domain::import::{Export, ExportStatus, Header, Import, Options, Outcome, RowError};
use domain::score::Signal;
use domain::task::{Task, TaskPriority, TaskStatus};
use domain::{
    AgentId, AttemptId, Author, CallId, CampaignId, Currency, Ids, Money, Phone, Provenance, Role, TenantId,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{
    AnalysisRecord, ApiKey, AuditEntry, Change, ContextRecord, Entity, Error, HistoryRecord, ImportErrors,
    ImportStep, ImportedLead, Integration, JwtIssuer, MeaningRecord, Page, PieceRecord, Planner, Rate,
    RawEvent, SavedAnswer, Settings, StoredAction, TenantRecord, Transaction, Transcript, TranscriptTurn,
    Undone, WrappedKey,
};
use testkit::{Database, Fault};
use ulid::Ulid;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn id<T: PrefixedId>(n: u128) -> T {
    T::from_ulid(Ulid::from_parts(1_800_000_000_000, n))
}

fn contact(n: u128, phone: &str) -> Contact {
    let details = Details {
        first_name: "Asha".to_owned(),
        phone: Phone::parse(phone, None).ok(),
        ..Details::default()
    };
    Contact::new(id(n), details, Author::Human, NOW)
}

fn step() -> Transaction {
    Transaction::new(tenant(), "req_1", &Ids::default(), NOW)
}

fn put<E: Entity>(step: &mut Transaction, entity: &E) {
    step.create(entity).unwrap();
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one record of every kind")]
async fn every_record_is_stored_as_it_was() {
    let database = Database::start().await;
    let mut step = step();
    let attempt = AttemptId { call: id(2), number: 1 };
    let slot = Slot { number: 0, lease_until: NOW };
    let mut call = Call::queued(id(2), id(1), NOW, NOW);
    call.claim(id(3), slot, NOW, NOW);
    call.begin_dialing(1, NOW, NOW).unwrap();
    call.count_under(1, |_| "2027-01-15".parse().unwrap());
    let ending =
        Ending { cost_credits: Some(1.5), ..Ending::without_talk(CallStatus::Completed, Reason::Busy, true) };
    call.end(1, ending, &domain::calling::RetryRule::never(), NOW).unwrap();
    call.claim(id(3), slot, NOW, NOW);
    let mut lead = contact(1, "+919876543210");
    lead.created_on = Some("2027-01-15".parse().unwrap());
    lead.talked(Talk::of(&call, 1).unwrap());
    lead.set_status(LeadStatus::Customer, Provenance::new(Author::Human, NOW));
    put(&mut step, &lead);
    let started = json!({"id": id::<CampaignId>(9), "name": "Spring", "source": "Trade Fair", "status": "running",
        "agents": [{"agent_id": id::<AgentId>(3), "weight": 2}], "rules": {"max_attempts": 2},
        "started_at": NOW, "created_at": NOW, "updated_at": NOW});
    put(&mut step, &serde_json::from_value::<Campaign>(started).unwrap());
    put(&mut step, &call);
    put(
        &mut step,
        &Agent {
            id: id(3),
            profile: Profile { name: "Maya".to_owned(), ..Profile::default() },
            is_default: true,
            elevenlabs_agent_id: Some("agent_1".to_owned()),
            version: 1,
            sync: Sync::Pending,
            check_at: Some(NOW),
            created_at: NOW,
            updated_at: NOW,
        },
    );
    let profile = Profile { name: "Maya".to_owned(), ..Profile::default() };
    put(&mut step, &AgentVersion { agent: id(3), version: 12, at: NOW, by: "system".to_owned(), profile });
    let content = TemplateContent { name: "Reminder".to_owned(), ..TemplateContent::default() };
    put(&mut step, &AgentTemplate { id: id(9), content, created_at: NOW });
    let entry = HistoryEntry { at: NOW, summary: "Talked.".to_owned(), outcome: "interested".to_owned() };
    let signal = Some(Signal::of(&Reading::default(), NOW));
    put(&mut step, &HistoryRecord { contact: id(1), attempt, entry: entry.clone(), signal });
    let meaning = Meaning { model: "m".to_owned(), numbers: vec![127, 0, -127] };
    let meaning = MeaningRecord { contact: id(1), attempt, entry, meaning };
    put(&mut step, &meaning);
    let wording =
        Wording { name: "Web".to_owned(), instructions: "Be kind.".to_owned(), ..Wording::default() };
    put(&mut step, &ContextTemplate { id: id(10), wording, version: 1, created_at: NOW, updated_at: NOW });
    let action = Action {
        id: id(4),
        contact_id: id(1),
        call_id: id(2),
        step: Step::FollowUpCall { new_call_id: id(5), due_at: NOW, objective: "Again".to_owned() },
        reason: "Asked.".to_owned(),
        created_at: NOW,
    };
    put(&mut step, &StoredAction(action));
    put(
        &mut step,
        &Task {
            id: id(6),
            contact_id: id(1),
            title: "Call".to_owned(),
            description: String::new(),
            due_at: Some(NOW),
            priority: TaskPriority::Medium,
            status: TaskStatus::InProgress,
            assignee: "Mira@Example.com".parse().ok(),
            call_id: Some(id(2)),
            wish: Some(WishKind::Appointment),
            completed_at: None,
            created_at: NOW,
            updated_at: NOW,
        },
    );
    let moved = StageChange {
        from: domain::deal::Stage::default(),
        to: "proposal".parse().unwrap(),
        at: NOW,
        by: "system".to_owned(),
    };
    put(
        &mut step,
        &Deal {
            id: id(14),
            contact_id: id(1),
            title: "Enterprise Software License".to_owned(),
            value: Money { minor: 5_000_000, currency: Currency::default() },
            stage: moved.to.clone(),
            probability: 75,
            stage_history: vec![moved],
            created_at: NOW,
            updated_at: NOW,
            closed_at: None,
        },
    );
    let reading = Reading { summary: "Talked.".to_owned(), ..Reading::default() };
    let (model, input_tokens, output_tokens) = ("m".to_owned(), 1, 2);
    let analysis = Analysis {
        reading: reading.clone(),
        model: model.clone(),
        input_tokens,
        output_tokens,
        ..Analysis::of_silence(1, NOW)
    };
    put(&mut step, &AnalysisRecord { call: id(2), analysis });
    put(
        &mut step,
        &PieceRecord { attempt, piece: 0, turns: 9, reading, model, input_tokens, output_tokens, at: NOW },
    );
    let packet = Packet {
        version: Packet::VERSION,
        prompt: "P".to_owned(),
        first_message: "Hi".to_owned(),
        templates: vec![TemplateUsed { id: id(10), version: 1, faults: Vec::new() }],
        built_at: Some(NOW),
        ..Packet::default()
    };
    put(&mut step, &ContextRecord { attempt, packet });
    let turn = TranscriptTurn {
        role: "user".to_owned(),
        message: "\u{9b9}\u{9cd}\u{9af}\u{9be}\u{981}".to_owned(),
        at_secs: 1,
    };
    let collected = [("budget".to_owned(), json!(5))].into();
    let notes = ProviderNotes { collected, ..ProviderNotes::default() };
    put(&mut step, &Transcript { attempt, turns: vec![turn], turns_left_out: 0, notes });
    put(&mut step, &TenantRecord { name: "Acme".to_owned(), created_at: NOW });
    put(&mut step, &Settings::default());
    put(
        &mut step,
        &ApiKey {
            id: id(7),
            name: "Key".to_owned(),
            role: Role::Viewer,
            platform_owner: false,
            hint: "abcd".to_owned(),
            hash: "00".to_owned(),
            rate: Some(Rate::default()),
            created_at: NOW,
            revoked_at: None,
        },
    );
    put(
        &mut step,
        &Integration { provider: "openai".to_owned(), sealed: "AA==".to_owned(), updated_at: NOW },
    );
    put(&mut step, &WrappedKey { wrapped: "AA==".to_owned() });
    let text = |text: &str| text.to_owned();
    put(
        &mut step,
        &JwtIssuer {
            issuer: text("https://id.example"),
            jwks_url: text("https://id.example/keys"),
            audience: text("frontdesk"),
            role_claim: text("role"),
        },
    );
    put(&mut step, &Planner { wake_at: Some(NOW), ..Planner::default() });
    put(&mut step, &RawEvent::parts("elevenlabs", "x:1", b"{}", NOW).remove(0));
    let ulid = Ulid::from_parts(1_800_000_000_000, 8);
    put(
        &mut step,
        &AuditEntry {
            id: ulid,
            at: NOW,
            actor: text("system"),
            action: text("lead.updated"),
            subject: text("x"),
            contact: Some(id(7)),
            outcome: text("done"),
            before: Value::Null,
            after: json!({"score": 5}),
            request: text("req_1"),
        },
    );
    put(
        &mut step,
        &Change { id: ulid, at: NOW, kind: text("lead"), subject: text("x"), what: text("updated") },
    );
    put(
        &mut step,
        &SavedAnswer { key: text("k"), request_hash: text("h"), status: 201, body: text("{}"), at: NOW },
    );
    let mut import = Import::new(id(12), text("leads.csv"), Options::default(), NOW);
    import.header = Some(Header {
        delimiter: ';',
        columns: vec![Column { column: text("Tel"), field: Some(Field::Phone) }],
    });
    put(&mut step, &import);
    let error = RowError { row: 2, field: text("phone"), column: Some(text("Tel")), detail: text("is none") };
    put(
        &mut step,
        &ImportErrors {
            import: id(12),
            row: 2,
            errors: vec![error],
            until: NOW + SignedDuration::from_hours(1),
        },
    );
    let imported = ImportedLead {
        lead: id(1),
        rows: vec![(1, Outcome::Updated)],
        before: Some(contact(1, "+919876543210")),
        after: text("00"),
        undone: Some(Undone::Kept),
    };
    let until = NOW + SignedDuration::from_hours(1);
    put(
        &mut step,
        &ImportStep { import: id(12), row: 1, leads: vec![imported], campaigns: [id(10)].into(), until },
    );
    put(
        &mut step,
        &Export {
            id: id(13),
            status: ExportStatus::Running,
            filter: [(text("status"), text("hot"))].into(),
            custom_fields: vec![text("rooms")],
            cursor: Some(text("c")),
            rows: 5,
            upload: Some(text("u")),
            parts: vec![text("p")],
            rest: None,
            failure: None,
            created_at: NOW,
            updated_at: NOW,
            finished_at: None,
        },
    );
    step.enqueue(Job::PlanCalls);
    database.store().commit(step).await.unwrap();

    let mut items = database.engine.dump().unwrap();
    for item in &mut items {
        // What is drawn anew each time says nothing of the form.
        item["write"] = json!({"S": "(write)"});
        if item["envelope"].is_object() {
            item["envelope"] = json!({"S": "(envelope)"});
            item["pk"] = json!({"S": "sys#out#(shard)"});
            item["sk"] = json!({"S": "(instant)#(job)"});
        }
    }
    items.sort_by_key(|item| format!("{} {}", item["pk"]["S"], item["sk"]["S"]));
    insta::assert_json_snapshot!(items);

    let store = database.store();
    assert_eq!(store.get::<Contact>(&tenant(), &id(1)).await.unwrap().unwrap().value, lead);
    assert_eq!(store.get::<Call>(&tenant(), &id(2)).await.unwrap().unwrap().value, call);
    let read = store.meanings(&tenant(), id(1)).await.unwrap();
    assert_eq!(read, [(meaning.entry, meaning.meaning)]);
    assert_eq!(store.get::<Call>(&"other".parse().unwrap(), &id::<CallId>(2)).await.unwrap(), None);
}

#[tokio::test]
async fn a_transcript_of_any_length_is_stored_with_its_beginning_and_its_end() {
    let database = Database::start().await;
    let ids = Ids::default();
    // Noise does not compress.
    let noise = |n: u64| TranscriptTurn {
        role: "user".to_owned(),
        message: (0..40).map(|_| ids.ulid(NOW).to_string()).collect(),
        at_secs: n,
    };
    let attempt = AttemptId { call: id(2), number: 1 };
    let notes = ProviderNotes::default();
    let whole = Transcript { attempt, turns: (0..2_000).map(noise).collect(), turns_left_out: 0, notes };
    let fitted = whole.clone().fitted();
    assert_eq!((fitted.turns.first(), fitted.turns.last()), (whole.turns.first(), whole.turns.last()));
    assert_eq!(usize::try_from(fitted.turns_left_out).unwrap() + fitted.turns.len(), whole.turns.len());
    let mut step = step();
    step.put(&fitted).unwrap();
    database.store().commit(step).await.unwrap();
    let stored = database.store().get::<Transcript>(&tenant(), &attempt).await.unwrap().unwrap();
    assert_eq!(stored.value, fitted);
}

#[tokio::test]
async fn a_step_is_stored_whole_or_not_at_all() {
    let database = Database::start().await;
    let store = database.store();
    let mut first = step();
    put(&mut first, &contact(1, "+919876543210"));
    store.commit(first).await.unwrap();
    let mut second = step();
    put(&mut second, &contact(2, "+919876543211"));
    put(&mut second, &contact(3, "+919876543210"));
    let refused = store.commit(second).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Taken { name: "lead#phone", owner } if *owner == contact(1, "").id.to_string())
    );
    assert_eq!(store.get::<Contact>(&tenant(), &id(2)).await.unwrap(), None);
    assert_eq!(store.counts(&tenant(), "lead").await.unwrap()["all"], 1);
}

#[tokio::test]
async fn a_claim_moves_within_a_step_and_an_old_version_changes_nothing() {
    let database = Database::start().await;
    let store = database.store();
    let mut both = step();
    put(&mut both, &contact(1, "+919876543210"));
    put(&mut both, &contact(2, "+919876543211"));
    store.commit(both).await.unwrap();
    let read = async |n| store.get::<Contact>(&tenant(), &id(n)).await.unwrap().unwrap();
    let (one, two) = (read(1).await, read(2).await);
    let mut swap = step();
    swap.replace(&one, &contact(1, "+919876543211")).unwrap();
    swap.replace(&two, &contact(2, "+919876543210")).unwrap();
    store.commit(swap).await.unwrap();
    let owner =
        store.contact_with_phone(&tenant(), &Phone::parse("+919876543210", None).unwrap()).await.unwrap();
    assert_eq!(owner, Some(id(2)));
    let mut stale = step();
    stale.replace(&one, &contact(1, "+919876543219")).unwrap();
    assert!(matches!(store.commit(stale).await, Err(Error::Stale { kind: "lead" })));
}

#[tokio::test]
async fn a_lost_answer_is_known_by_its_write_even_where_the_token_is_forgotten() {
    for fault in [Fault::SuccessThenTimeout, Fault::Conflict, Fault::Throttle, Fault::InternalError] {
        let database = Database::start().await;
        let store = database.store();
        database.faults.next([fault, fault]);
        let mut first = step();
        put(&mut first, &contact(1, "+919876543210"));
        store.commit(first).await.unwrap();
        assert_eq!(store.counts(&tenant(), "lead").await.unwrap()["all"], 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_slot_is_taken_once_and_given_back_by_its_holder_only() {
    let database = Database::start().await;
    let store = database.store();
    let later = NOW + SignedDuration::from_hours(24 * 365 * 50);
    let claimed = |n: u128, until| {
        let mut call = Call::queued(id(n), id(1), NOW, NOW);
        call.claim(id(9), Slot { number: 0, lease_until: until }, later, NOW);
        call
    };
    let mut first = step();
    put(&mut first, &claimed(1, later));
    store.commit(first).await.unwrap();
    let mut second = step();
    put(&mut second, &claimed(2, later));
    assert!(matches!(store.commit(second).await, Err(Error::SlotTaken)));
    // A lease that has lapsed is taken over, and its old holder's end does not free the new holder's line.
    let holder = store.get::<Call>(&tenant(), &id(1)).await.unwrap().unwrap();
    let mut lapsed = step();
    let past = NOW - SignedDuration::from_hours(1);
    let mut shorter = holder.value.clone();
    shorter.slot = Some(Slot { number: 0, lease_until: past });
    lapsed.replace(&holder, &shorter).unwrap();
    store.commit(lapsed).await.unwrap();
    let mut third = step();
    put(&mut third, &claimed(3, later));
    store.commit(third).await.unwrap();
    let old = store.get::<Call>(&tenant(), &id(1)).await.unwrap().unwrap();
    let mut over = old.value.clone();
    over.slot = None;
    let mut end = step();
    end.replace(&old, &over).unwrap();
    store.commit(end).await.unwrap();
    let slots = store.slots(&tenant(), store::VOICE_ACCOUNT).await.unwrap();
    assert_eq!(slots.len(), 1);
    assert_eq!(slots[0].until, later);
}

/// A call with these attempts, each by its ending, its day and its credits.
fn attempted(n: u128, attempts: &[(CallStatus, &str, f64)]) -> Call {
    let mut call = Call::queued(id(n), id(1), NOW, NOW);
    let never = domain::calling::RetryRule::never();
    for (status, day, credits) in attempts {
        let attempt = call.claim(id(3), Slot { number: 0, lease_until: NOW }, NOW, NOW);
        call.begin_dialing(attempt.number, NOW, NOW).unwrap();
        call.count_under(attempt.number, |_| day.parse().unwrap());
        let mut ending = Ending::without_talk(*status, Reason::Busy, false);
        (ending.cost_credits, ending.duration_secs) = (Some(*credits), Some(60));
        call.end(attempt.number, ending, &never, NOW).unwrap();
    }
    call
}

#[tokio::test]
async fn sums_follow_their_record_however_often_it_counts() {
    let database = Database::start().await;
    let store = database.store();
    let (busy, done) = (CallStatus::Busy, CallStatus::Completed);
    let mut first = step();
    put(
        &mut first,
        &attempted(2, &[(busy, "2027-01-14", 0.0), (busy, "2027-01-14", 0.0), (done, "2027-01-15", 10.5)]),
    );
    store.commit(first).await.unwrap();
    for n in 10..30 {
        let mut one = step();
        put(&mut one, &attempted(n, &[(done, "2027-01-15", 1.0)]));
        store.commit(one).await.unwrap();
    }
    let told = async |from: &str, to: &str| {
        let tallies = store.tallies_between(&tenant(), "attempt", from, to).await.unwrap();
        tallies
            .into_iter()
            .map(|(dimension, sums)| {
                let [day, _, _, status] = dimension.split('#').collect::<Vec<_>>().try_into().unwrap();
                format!(
                    "{day} {status}: {}, {} s, {} credits",
                    sums.count(),
                    sums.of("secs"),
                    sums.of("credits")
                )
            })
            .collect::<Vec<_>>()
    };
    let both = ["2027-01-14 busy: 2, 0 s, 0 credits", "2027-01-15 completed: 21, 1260 s, 30500 credits"];
    assert_eq!(told("2027-01-01", "2027-01-31").await, both);
    assert_eq!(told("2027-01-14", "2027-01-14").await, both[..1]);
    assert_eq!(told("2027-01-15", "2027-01-15").await, both[1..]);
    assert!(told("2027-01-16", "2027-12-31").await.is_empty());
    let counts = store.counts_between(&tenant(), "attempt", "2027-01-15", "2027-01-15").await.unwrap();
    assert_eq!(counts.values().sum::<i64>(), 21);
    database.faults.take_requests();
    let month = store.month_figures(&tenant(), "2027-01").await.unwrap();
    assert_eq!(database.faults.take_requests(), ["Query"; 8]);
    assert_eq!((month.calls, month.so_far.attempts, month.so_far.spending.credits), (21, 23, 30_500));

    // One of two like attempts turns out to have been a talk; the step is sent twice, and counts once.
    let old = store.get::<Call>(&tenant(), &id(2)).await.unwrap().unwrap();
    let mut new = old.value.clone();
    let mut told_late = Ending::without_talk(done, Reason::Busy, true);
    (told_late.cost_credits, told_late.duration_secs) = (Some(2.0), Some(30));
    new.end(1, told_late, &domain::calling::RetryRule::never(), NOW).unwrap();
    let mut late = step();
    late.replace(&old, &new).unwrap();
    database.faults.next([Fault::SuccessThenTimeout]);
    store.commit(late).await.unwrap();
    assert_eq!(
        told("2027-01-01", "2027-01-31").await,
        [
            "2027-01-14 busy: 1, 0 s, 0 credits",
            "2027-01-14 completed: 1, 30 s, 2000 credits",
            "2027-01-15 completed: 21, 1260 s, 30500 credits"
        ]
    );
    let stored = store.get::<Call>(&tenant(), &id(2)).await.unwrap().unwrap();
    let mut gone = step();
    gone.delete(&stored);
    store.commit(gone).await.unwrap();
    assert_eq!(told("2027-01-01", "2027-01-31").await, ["2027-01-15 completed: 20, 1200 s, 20000 credits"]);
}

#[tokio::test]
async fn a_list_costs_its_page() {
    let database = Database::start().await;
    let store = database.store();
    for n in 0..30_u128 {
        let mut one = step();
        put(&mut one, &contact(n, &format!("+9198765432{n:02}")));
        store.commit(one).await.unwrap();
    }
    database.faults.take_requests();
    let page = Page { limit: 10, cursor: None };
    let listing = store.list::<Contact>(&tenant(), store::LEADS, &page).await.unwrap();
    assert_eq!(listing.items.len(), 10);
    assert_eq!(database.faults.take_requests(), ["Query", "BatchGetItem"]);
    store.contact(&tenant(), id(3)).await.unwrap();
    assert_eq!(database.faults.take_requests(), ["Query", "Query"]);
    let forged = Page { limit: 10, cursor: Some("%%%".to_owned()) };
    assert!(matches!(store.list::<Contact>(&tenant(), store::LEADS, &forged).await, Err(Error::BadCursor)));
}

#[tokio::test]
async fn however_much_is_open_a_contact_comes_with_its_history() {
    let database = Database::start().await;
    let store = database.store();
    let mut all = step();
    let known = contact(1, "+919876543210");
    put(&mut all, &known);
    let attempt = AttemptId { call: id(7), number: 1 };
    let entry = HistoryEntry { at: NOW, outcome: "completed".to_owned(), summary: "Rooms.".to_owned() };
    let signal = Some(Signal::of(&Reading::default(), NOW));
    put(&mut all, &HistoryRecord { contact: known.id, attempt, entry: entry.clone(), signal });
    store.commit(all).await.unwrap();
    for n in 0..100 {
        let mut one = step();
        put(&mut one, &Call::queued(id(n), known.id, NOW, NOW));
        store.commit(one).await.unwrap();
    }
    let record = store.contact(&tenant(), known.id).await.unwrap().unwrap();
    assert_eq!((record.open_calls().len(), record.history, record.signals.len()), (79, vec![entry], 1));
    assert_eq!(record.contact.value, known);
    assert!(store.contact(&tenant(), id(2)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_context_template_too_many_is_read_with_the_others() {
    let database = Database::start().await;
    for first in [0_u128, 100, 200] {
        let mut some = step();
        for n in first..(first + 100).min(201) {
            let wording = Wording { name: format!("Template {n}"), ..Wording::default() };
            put(
                &mut some,
                &ContextTemplate { id: id(n), wording, version: 1, created_at: NOW, updated_at: NOW },
            );
        }
        database.store().commit(some).await.unwrap();
    }
    assert_eq!(database.store().context_templates(&tenant()).await.unwrap().len(), 201);
}

#[tokio::test]
async fn versions_come_newest_first_and_templates_oldest_first() {
    let database = Database::start().await;
    let store = database.store();
    let mut all = step();
    for version in 1..=7 {
        let by = "system".to_owned();
        put(&mut all, &AgentVersion { agent: id(3), version, at: NOW, by, profile: Profile::default() });
        let content = TemplateContent::default();
        put(&mut all, &AgentTemplate { id: id(u128::from(version)), content, created_at: NOW });
    }
    store.commit(all).await.unwrap();
    let versions = async |before, limit| {
        let versions = store.agent_versions(&tenant(), id(3), before, limit).await.unwrap();
        versions.into_iter().map(|version| version.version).collect::<Vec<_>>()
    };
    assert_eq!(versions(None, 3).await, [7, 6, 5]);
    assert_eq!(versions(Some(5), 3).await, [4, 3, 2]);
    assert_eq!(versions(Some(2), 3).await, [1]);
    assert!(versions(Some(1), 3).await.is_empty() && versions(Some(0), 3).await.is_empty());
    assert!(store.agent_versions(&"other".parse().unwrap(), id(3), None, 3).await.unwrap().is_empty());

    let page = |cursor| Page { limit: 4, cursor };
    let first = store.agent_templates(&tenant(), &page(None)).await.unwrap();
    let second = store.agent_templates(&tenant(), &page(first.next)).await.unwrap();
    let ids: Vec<_> = first.items.iter().chain(&second.items).map(|template| template.id).collect();
    assert_eq!((ids, second.next), ((1..=7).map(id).collect(), None));
}
