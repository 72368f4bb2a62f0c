//! The order of things in a conversation.

use super::*;
use crate::Ids;
use jiff::civil::date;
use proptest::prelude::*;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + secs).unwrap()
}

fn conversation() -> Conversation {
    let ids = Ids::default();
    Conversation::new(ids.next(at(0)), ids.next(at(0)), Channel::Whatsapp, at(0))
}

fn message(conversation: &Conversation, text: &str, written: Timestamp) -> Message {
    Message {
        id: MessageId { conversation: conversation.id, ulid: Ids::default().ulid(written) },
        contact_id: conversation.contact_id,
        channel: Channel::Whatsapp,
        direction: Direction::Inbound,
        author: MessageAuthor::Customer,
        content: Content::Text { text: text.to_owned() },
        at: written,
        day: date(2027, 1, 15),
        number: 0,
        provider_id: Some(format!("wamid.{text}")),
        reply_to: None,
        delivery: Delivery::begun(MessageStatus::Received, written),
        figures: FiguresOf::default(),
        created_at: written,
    }
}

fn hears(talk: &mut Conversation, text: &str, written: Timestamp, now: Timestamp) {
    let mut heard = message(talk, text, written);
    talk.hear(&mut heard, now);
    assert_eq!(heard.number, talk.received);
}

#[test]
fn what_comes_in_pieces_is_due_once_it_is_over() {
    let mut talk = conversation();
    assert!(!talk.is_due(0, at(10)), "nothing was said");
    hears(&mut talk, "Hi", at(0), at(1));
    hears(&mut talk, "are you there?", at(1), at(2));
    assert!(!talk.is_due(1, at(3)), "the second piece wakes the bot");
    assert!(talk.is_due(2, at(3)), "a queue may be early");
    let lease = talk.begin_answer(at(4));
    assert_eq!(lease.up_to, 2);
    assert!(!talk.is_due(2, at(5)), "somebody is at it");
    hears(&mut talk, "hello?", at(6), at(6));
    talk.end_answer(lease, at(8)).unwrap();
    assert!(talk.is_due(3, at(8)), "the third message is not answered");
    let lease = talk.begin_answer(at(8));
    assert!(talk.is_due(3, at(8) + LEASE), "whoever had it died");
    let other = talk.begin_answer(at(8) + LEASE);
    assert_eq!(talk.end_answer(lease, at(200)), None, "the lease is another's");
    talk.end_answer(other, at(200)).unwrap();
    assert!(!talk.awaits_bot());
}

#[test]
fn the_window_is_that_of_their_latest_message_in_whatever_order_they_come() {
    let mut talk = conversation();
    assert!(!talk.is_window_open(at(0)), "they never wrote");
    hears(&mut talk, "second", at(100), at(101));
    hears(&mut talk, "first", at(50), at(102));
    assert_eq!(talk.last_inbound_at, Some(at(100)));
    assert_eq!(talk.last_inbound_id.as_deref(), Some("wamid.second"));
    assert_eq!(talk.last_message.as_ref().unwrap().text, "second");
    assert!(talk.is_window_open(at(100 + 23 * 3600 + 54 * 60)));
    assert!(!talk.is_window_open(at(100 + 23 * 3600 + 55 * 60)));
}

#[test]
fn a_person_who_takes_over_answers_what_waited() {
    let mut talk = conversation();
    hears(&mut talk, "Hi", at(0), at(0));
    let lease = talk.begin_answer(at(2));
    talk.hand_over(Some("asha@acme.test".to_owned()), at(3));
    assert_eq!(talk.end_answer(lease, at(4)), None, "the bot is too late");
    hears(&mut talk, "thanks", at(5), at(5));
    assert!(!talk.is_due(2, at(60)));
    talk.release(at(60));
    assert!(!talk.is_due(2, at(70)), "what was said to the person is not the bot's");
    hears(&mut talk, "one more thing", at(80), at(80));
    assert!(talk.is_due(3, at(82)));
}

const STATUSES: [MessageStatus; 8] = [
    MessageStatus::Queued,
    MessageStatus::Sending,
    MessageStatus::Sent,
    MessageStatus::Delivered,
    MessageStatus::Read,
    MessageStatus::Failed,
    MessageStatus::Withheld,
    MessageStatus::Ambiguous,
];

proptest! {
    #[test]
    fn a_status_never_goes_backwards(news in proptest::collection::vec(0_usize..8, 0..20)) {
        let rank = |status| match status {
            MessageStatus::Queued => 0,
            MessageStatus::Sending | MessageStatus::Ambiguous => 1,
            MessageStatus::Sent => 2,
            MessageStatus::Delivered => 3,
            MessageStatus::Read => 4,
            _ => 5,
        };
        let mut delivery = Delivery::begun(MessageStatus::Queued, at(0));
        for index in news {
            let (before, next) = (delivery.status, STATUSES[index]);
            if delivery.advance(Place::at(next, at(1))).is_some() {
                prop_assert!(rank(delivery.status) >= rank(before), "{before:?} to {next:?}");
                prop_assert!(!matches!(before, MessageStatus::Failed | MessageStatus::Withheld));
                prop_assert!(next != MessageStatus::Failed || rank(before) < 3, "{before:?} failed");
            } else {
                prop_assert_eq!(delivery.status, before);
            }
        }
    }
}

#[test]
fn what_nobody_knew_of_is_settled_by_news() {
    let mut delivery = Delivery::begun(MessageStatus::Queued, at(0));
    for status in [MessageStatus::Sending, MessageStatus::Ambiguous, MessageStatus::Delivered] {
        delivery.advance(Place::at(status, at(1))).unwrap();
    }
    assert_eq!(delivery.advance(Place::at(MessageStatus::Sent, at(2))), None);
    assert_eq!(delivery.advance(Place::at(MessageStatus::Failed, at(2))), None);
}
