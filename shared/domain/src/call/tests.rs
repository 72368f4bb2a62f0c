use super::*;
use crate::analysis::AnalysisStatus;
use crate::calling::CallingRules;
use crate::id::PrefixedId;
use proptest::prelude::*;
use ulid::Ulid;

pub(crate) fn queued(now: Timestamp) -> Call {
    let id = |n| Ulid::from_parts(1, n);
    let call = Call::queued(CallId::from_ulid(id(7)), ContactId::from_ulid(id(8)), now, now);
    Call { objective: "Qualify".to_owned(), ..call }
}

pub(crate) fn attempt(number: u32) -> Attempt {
    let mut call = claimed();
    Attempt { number, ..call.attempts.remove(0) }
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

pub(crate) fn claimed() -> Call {
    let mut call = queued(NOW);
    call.claim(AgentId::from_ulid(Ulid::from_parts(1, 9)), Slot { number: 0, lease_until: NOW }, NOW, NOW);
    call
}

fn retry() -> RetryRule {
    CallingRules::default().retry()
}

fn told(status: CallStatus) -> Ending {
    Ending::without_talk(status, Reason::Busy, true)
}

#[test]
fn an_attempt_is_dialed_once() {
    let mut call = claimed();
    assert!(call.begin_dialing(1, NOW, NOW).is_some());
    assert!(call.begin_dialing(1, NOW, NOW).is_none());
    assert!(call.begin_dialing(2, NOW, NOW).is_none());
}

#[test]
fn a_busy_line_is_tried_again_until_the_attempts_are_used() {
    let mut call = claimed();
    for number in 1..=3 {
        call.begin_dialing(number, NOW, NOW).unwrap();
        call.end(number, told(CallStatus::Busy), &retry(), NOW).unwrap();
        if number < 3 {
            assert_eq!((call.status, call.slot), (CallStatus::Queued, None));
            let wait = call.ready_at.duration_since(NOW).as_mins();
            assert!((15..=16).contains(&wait), "{wait}");
            call.claim(call.agent_id.unwrap(), Slot { number: 1, lease_until: NOW }, NOW, NOW);
        }
    }
    assert_eq!((call.status, call.reason), (CallStatus::Busy, Some(Reason::Busy)));
}

#[test]
fn a_confirmed_ending_replaces_a_concluded_one_only() {
    let mut call = claimed();
    call.begin_dialing(1, NOW, NOW).unwrap();
    call.end(
        1,
        Ending::without_talk(CallStatus::Failed, Reason::NeverPlaced, false),
        &RetryRule::never(),
        NOW,
    )
    .unwrap();
    assert!(call.end(1, told(CallStatus::Completed), &RetryRule::never(), NOW).is_some());
    assert!(call.end(1, told(CallStatus::Busy), &RetryRule::never(), NOW).is_none());
    assert_eq!(call.attempts[0].status, CallStatus::Completed);
}

#[test]
fn a_postponed_claim_never_was_an_attempt() {
    let mut call = claimed();
    call.postpone(NOW, Reason::OutsideWindow, NOW);
    assert_eq!((call.attempts.len(), call.slot, call.status), (0, None, CallStatus::Queued));
}

#[test]
fn an_analysis_is_pending_until_it_is_done_or_given_up() {
    let mut call = claimed();
    assert_eq!(call.analysis_status(NOW), None);
    call.end(1, told(CallStatus::Completed), &retry(), NOW).unwrap();
    assert_eq!(call.analysis_status(NOW), Some(AnalysisStatus::Pending));
    assert!(!call.analysis_failed(1, "not_json", false, 2, NOW));
    assert_eq!(call.analysis_status(NOW), Some(AnalysisStatus::Pending));
    assert!(call.analysis_failed(1, "not_json", false, 2, NOW), "given up");
    assert!(!call.analysis_failed(1, "not_json", false, 2, NOW), "once");
    assert_eq!(call.analysis_status(NOW), Some(AnalysisStatus::Failed));
    call.analyzed_attempt = Some(1);
    assert_eq!(call.analysis_status(NOW), Some(AnalysisStatus::Done));
    let mut lost = claimed();
    lost.end(1, told(CallStatus::Completed), &retry(), NOW).unwrap();
    assert_eq!(lost.analysis_status(NOW + SignedDuration::from_hours(7)), Some(AnalysisStatus::Failed));
}

#[test]
fn a_call_that_came_to_nothing_is_told_from_one_that_goes_on() {
    let mut call = claimed();
    call.end(1, told(CallStatus::Busy), &retry(), NOW).unwrap();
    assert!(!call.ended_unreached(1), "it is tried again");
    let mut call = claimed();
    call.end(1, told(CallStatus::Busy), &RetryRule::never(), NOW).unwrap();
    assert!(call.ended_unreached(1) && !call.ended_unreached(2));
    let mut call = claimed();
    call.end(1, told(CallStatus::Completed), &retry(), NOW).unwrap();
    assert!(!call.ended_unreached(1));
}

#[derive(Debug, Clone)]
enum Event {
    Dial,
    Accept,
    End(CallStatus, bool),
    Park,
}

fn event() -> impl Strategy<Value = Event> {
    let ending = prop::sample::select(vec![CallStatus::Completed, CallStatus::Busy, CallStatus::Failed]);
    prop_oneof![
        Just(Event::Dial),
        Just(Event::Accept),
        (ending, any::<bool>()).prop_map(|(status, told)| Event::End(status, told)),
        Just(Event::Park),
    ]
}

fn rank(attempt: &Attempt) -> u8 {
    match attempt.status {
        CallStatus::Claimed => 0,
        CallStatus::Dialing => 1,
        CallStatus::InProgress => 2,
        _ if !attempt.confirmed => 3,
        _ => 4,
    }
}

proptest! {
    #[test]
    fn an_attempt_never_goes_backwards(events in prop::collection::vec(event(), 0..12)) {
        let mut call = claimed();
        for event in events {
            let before = rank(&call.attempts[0]);
            let end = |status, told| Ending::without_talk(status, Reason::Busy, told);
            let _ = match event {
                Event::Dial => call.begin_dialing(1, NOW, NOW),
                Event::Accept => call.accepted(1, Some("conv".to_owned()), NOW, NOW),
                Event::End(status, told) => call.end(1, end(status, told), &RetryRule::never(), NOW),
                Event::Park => call.park(1, NOW),
            };
            prop_assert!(rank(&call.attempts[0]) >= before);
            prop_assert_eq!(call.slot.is_some(), call.status.is_active());
            prop_assert_eq!(call.check_at.is_some(), call.status.is_active());
        }
    }
}

#[test]
fn an_attempt_that_the_provider_took_no_notice_of_never_was() {
    let mut call = claimed();
    call.begin_dialing(1, NOW, NOW).unwrap();
    assert!(call.take_back(2, Reason::ProviderUnavailable, NOW).is_none(), "it is another attempt");
    call.take_back(1, Reason::ProviderUnavailable, NOW).unwrap();
    assert_eq!((call.status, call.attempts.len(), call.slot), (CallStatus::Queued, 0, None));
    let mut accepted = claimed();
    accepted.begin_dialing(1, NOW, NOW).unwrap();
    accepted.accepted(1, None, NOW, NOW).unwrap();
    assert!(accepted.take_back(1, Reason::ProviderUnavailable, NOW).is_none(), "it may be ringing");
}

#[test]
fn after_a_talk_that_is_heard_of_late_nobody_rings_again() {
    let lost = || Ending::without_talk(CallStatus::Failed, Reason::NeverPlaced, false);
    let slot = Slot { number: 0, lease_until: NOW };
    for is_claimed in [false, true] {
        let mut call = claimed();
        call.begin_dialing(1, NOW, NOW).unwrap();
        call.end(1, lost(), &retry(), NOW).unwrap();
        assert_eq!(call.status, CallStatus::Queued);
        if is_claimed {
            call.claim(call.agent_id.unwrap(), slot, NOW, NOW);
        }
        call.end(1, told(CallStatus::Completed), &retry(), NOW).unwrap();
        assert_eq!((call.status, call.attempts.len(), call.slot), (CallStatus::Completed, 1, None));
    }
    let mut rings = claimed();
    rings.end(1, lost(), &retry(), NOW).unwrap();
    rings.claim(rings.agent_id.unwrap(), slot, NOW, NOW);
    rings.begin_dialing(2, NOW, NOW).unwrap();
    rings.end(1, told(CallStatus::Completed), &retry(), NOW).unwrap();
    assert_eq!(rings.status, CallStatus::Dialing, "what rings already goes on");
}
