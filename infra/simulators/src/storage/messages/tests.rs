use super::*;
use jiff::Timestamp;
use serde_json::json;

/// Sends one message at an instant; answers the limit that it would exceed.
fn send(storage: &Storage, to: &str, now_ms: i64) -> Option<Limit> {
    let mut met = None;
    let sent = storage.accept::<Error>("pn", to, now_ms, |scene| {
        met = scene.limit;
        if met.is_some() {
            return Err(Error::NotAMessage("limited"));
        }
        let at = Timestamp::from_millisecond(now_ms).unwrap();
        let sent = Sent {
            channel: Channel::WhatsApp,
            account: "pn".to_owned(),
            to: to.to_owned(),
            body: json!({}),
            text: String::new(),
            id: crate::random_hex::<8>(),
            at,
        };
        Ok((sent, Vec::new()))
    });
    assert_eq!(sent.is_err(), met.is_some());
    met
}

#[test]
fn a_user_takes_45_messages_at_once_and_then_one_every_six_seconds() {
    let storage = Storage::open(None).unwrap();
    for n in 0..45 {
        assert_eq!(send(&storage, "919876543210", 1_000_000 + n * 20), None, "{n}");
    }
    let now = 1_000_000 + 44 * 20;
    assert_eq!(send(&storage, "919876543210", now), Some(Limit::Pair));
    assert_eq!(send(&storage, "919876543211", now), None, "another user");
    assert_eq!(send(&storage, "919876543210", 1_006_000), None, "one is repaid");
    assert_eq!(send(&storage, "919876543210", 1_006_100), Some(Limit::Pair));
    assert_eq!(send(&storage, "919876543210", 1_018_000), None);
    assert_eq!(send(&storage, "919876543210", 1_018_000), None);
    assert_eq!(send(&storage, "919876543210", 1_018_100), Some(Limit::Pair));
}

#[test]
fn a_number_sends_80_messages_a_second() {
    let storage = Storage::open(None).unwrap();
    for n in 0..80 {
        assert_eq!(send(&storage, &format!("9198765{n:05}"), 1_000_000 + n), None, "{n}");
    }
    assert_eq!(send(&storage, "919000000000", 1_000_500), Some(Limit::Number));
    assert_eq!(send(&storage, "919000000000", 1_001_000), None, "the first has left the second");
    assert_eq!(send(&storage, "919000000000", 1_001_000), Some(Limit::Number));
    assert_eq!(send(&storage, "919000000000", 1_001_001), None);
}

#[test]
fn who_is_known_by_two_names_is_one_person() {
    let storage = Storage::open(None).unwrap();
    let person = |phone: Option<&str>, user_id: Option<&str>, name: Option<&str>| Person {
        phone: phone.map(ToOwned::to_owned),
        user_id: user_id.map(ToOwned::to_owned),
        name: name.map(ToOwned::to_owned),
    };
    let wrote = |person, id: &str| Received { person, id: id.to_owned(), opens_window: true };
    let both = wrote(person(Some("91"), Some("IN.1"), Some("Asha")), "a");
    storage.receive("pn", 1000, &[both], &[]).unwrap();
    storage.receive("pn", 2000, &[wrote(person(None, Some("IN.1"), None), "b")], &[]).unwrap();
    let user = user_in(&storage.lock(), "pn", "91").unwrap().unwrap();
    assert_eq!(user.last_inbound_ms, Some(2000));
    assert_eq!(user.person, person(Some("91"), Some("IN.1"), Some("Asha")));
    assert!(user_in(&storage.lock(), "other", "91").unwrap().is_none());
}
