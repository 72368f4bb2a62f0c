//! Whatever is told of a call, in whatever order and however often, nothing goes backwards.

use super::tests::queued;
use super::*;
use crate::calling::CallingRules;
use crate::id::PrefixedId;
use proptest::prelude::*;
use ulid::Ulid;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Something that is told of a call, or done to it.
#[derive(Debug, Clone, Copy)]
enum News {
    /// The planner claims it, if it waits: there is no other way to the next attempt.
    Claim,
    Dial(u32),
    Accepted(u32),
    End(u32, CallStatus, bool),
    Park(u32),
    Watch,
    Machine(u32),
    Cancel,
}

const ENDINGS: [CallStatus; 5] = [
    CallStatus::NoAnswer,
    CallStatus::Busy,
    CallStatus::Voicemail,
    CallStatus::Failed,
    CallStatus::Completed,
];

/// Everything that may be told of a call's first attempts, each twice.
fn all() -> Vec<News> {
    let mut all = vec![News::Cancel, News::Watch, News::Watch];
    for number in 1..=3 {
        for _ in 0..2 {
            all.extend([News::Claim, News::Dial(number), News::Accepted(number), News::Machine(number)]);
            all.push(News::Park(number));
            for status in ENDINGS {
                all.extend([News::End(number, status, false), News::End(number, status, true)]);
            }
        }
    }
    all
}

fn ending(status: CallStatus, confirmed: bool) -> Ending {
    Ending {
        conversation_id: confirmed.then(|| "conv".to_owned()),
        ..Ending::without_talk(status, Reason::ProviderFailed, confirmed)
    }
}

fn tell(call: &mut Call, news: News, retry: &RetryRule) {
    let slot = Slot { number: 0, lease_until: NOW };
    let agent = AgentId::from_ulid(Ulid::from_parts(1, 9));
    let _ = match news {
        News::Claim if call.status == CallStatus::Queued => {
            call.claim(agent, slot, NOW, NOW);
            None
        }
        News::Claim => None,
        News::Dial(number) => call.begin_dialing(number, NOW, NOW),
        News::Accepted(number) => call.accepted(number, Some("conv".to_owned()), NOW, NOW),
        News::End(number, status, confirmed) => call.end(number, ending(status, confirmed), retry, NOW),
        News::Park(number) => call.park(number, NOW),
        News::Watch => {
            call.watch(NOW, NOW);
            None
        }
        News::Machine(number) => call.machine_answered(number, NOW),
        News::Cancel => call.cancel(Reason::Cancelled, NOW),
    };
}

/// How far an attempt has come.
fn stage(attempt: &Attempt) -> u8 {
    match attempt.status {
        CallStatus::Claimed => 0,
        CallStatus::Dialing => 1,
        CallStatus::InProgress => 2,
        _ if !attempt.confirmed => 3,
        _ => 4,
    }
}

/// How far a call has come: through its attempts one after another, and then to its end.
fn distance(call: &Call) -> usize {
    let begun = call.attempts.len() * 4;
    match call.status {
        CallStatus::Claimed => begun + 1,
        CallStatus::Dialing => begun + 2,
        CallStatus::InProgress => begun + 3,
        CallStatus::Queued => begun + 4,
        _ => usize::MAX,
    }
}

fn check(before: &Call, after: &Call) -> Result<(), TestCaseError> {
    for (index, old) in before.attempts.iter().enumerate() {
        let Some(new) = after.attempts.get(index) else {
            // A claim that was taken back never was an attempt; whatever left the house stays.
            prop_assert_eq!(old.status, CallStatus::Claimed);
            prop_assert!(matches!(after.status, CallStatus::Cancelled | CallStatus::Completed));
            continue;
        };
        prop_assert!(stage(new) >= stage(old), "an attempt went backwards: {:?} {:?}", old, new);
        prop_assert!(new.machine || !old.machine);
        if old.confirmed {
            prop_assert_eq!(old, new, "what the provider told was replaced");
        }
    }
    prop_assert!(distance(after) >= distance(before), "{:?} after {:?}", after.status, before.status);
    prop_assert_eq!(after.slot.is_some(), after.status.is_active(), "a line is held by whoever uses it");
    prop_assert_eq!(after.check_at.is_some(), after.status.is_active());
    let numbers: Vec<u32> = after.attempts.iter().map(|attempt| attempt.number).collect();
    prop_assert!(numbers.iter().copied().eq(1..=u32::try_from(numbers.len()).unwrap_or_default()));
    let under_way = after.attempts.iter().filter(|attempt| attempt.status.is_active()).count();
    prop_assert_eq!(under_way, usize::from(after.status.is_active()), "one attempt at a time");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_goes_backwards_in_any_order(order in Just(all()).prop_shuffle()) {
        let retry = CallingRules::default().retry();
        let mut call = queued(NOW);
        for news in order {
            let before = call.clone();
            tell(&mut call, news, &retry);
            check(&before, &call)?;
        }
    }

    /// The same with an attempt that is surely under way, so that its news is not told too early to count.
    #[test]
    fn nothing_goes_backwards_once_the_telephone_rings(
        order in Just(all()).prop_shuffle(),
        from in 0..3_u8,
    ) {
        let retry = CallingRules::default().retry();
        let mut call = queued(NOW);
        for news in [News::Claim, News::Dial(1), News::Accepted(1)].into_iter().take(1 + usize::from(from)) {
            tell(&mut call, news, &retry);
        }
        for news in order {
            let before = call.clone();
            tell(&mut call, news, &retry);
            check(&before, &call)?;
        }
    }

    /// What the provider told decides, whatever was concluded from its silence before or after.
    #[test]
    fn the_order_of_the_news_does_not_decide_the_end(
        told in prop::sample::select(ENDINGS.to_vec()),
        concluded in prop::sample::select(ENDINGS.to_vec()),
        order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let news = [
            News::Accepted(1),
            News::End(1, told, true),
            News::End(1, told, true),
            News::End(1, concluded, false),
            News::Park(1),
            News::Watch,
        ];
        let mut call = queued(NOW);
        tell(&mut call, News::Claim, &RetryRule::never());
        tell(&mut call, News::Dial(1), &RetryRule::never());
        for index in order {
            tell(&mut call, news[index], &RetryRule::never());
        }
        prop_assert_eq!((call.status, call.attempts[0].status), (told, told));
        prop_assert!(call.attempts[0].confirmed && call.slot.is_none());
        prop_assert_eq!(call.attempts[0].conversation_id.as_deref(), Some("conv"));
    }
}
