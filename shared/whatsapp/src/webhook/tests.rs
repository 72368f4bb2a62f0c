//! The recorded shapes.

mod odd;

use super::*;
use crate::{Consequence, MediaKind};
use serde_json::json;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../fixtures/", $name, ".json"))
    };
}

const ASHA: &str = "919876543210";
const ASHA_ID: &str = "IN.13491208655302741918";

fn parse(body: &[u8]) -> Result<Notification, NotANotification> {
    Notification::parse(&Verified::assert_stored(Bytes::copy_from_slice(body)))
}

fn updates(body: &[u8]) -> Vec<Update> {
    parse(body).unwrap().updates
}

fn bodies(body: &[u8]) -> Vec<UpdateBody> {
    updates(body).into_iter().map(|update| update.body).collect()
}

fn inbound(body: UpdateBody) -> Inbound {
    match body {
        UpdateBody::Message(message) => *message,
        other => panic!("{other:?}"),
    }
}

fn messages(body: &[u8]) -> Vec<Inbound> {
    bodies(body).into_iter().map(inbound).collect()
}

fn contents(body: &[u8]) -> Vec<InboundContent> {
    messages(body).into_iter().map(|message| message.content).collect()
}

fn statuses(body: &[u8]) -> Vec<Status> {
    let status = |body| match body {
        UpdateBody::Status(status) => status,
        other => panic!("{other:?}"),
    };
    bodies(body).into_iter().map(status).collect()
}

/// One change of this field and value in its envelope.
fn of_change(field: &str, value: Value) -> Vec<UpdateBody> {
    let change = json!({"field": field, "value": value});
    let body = json!({"object": OBJECT, "entry": [{"id": "1", "changes": [change]}]});
    bodies(body.to_string().as_bytes())
}

/// One message that Asha sends.
fn of_message(mut message: Value) -> Inbound {
    message["id"] = json!("wamid.A");
    message["from"] = json!(ASHA);
    let [body] = of_change("messages", json!({"messages": [message]})).try_into().unwrap();
    inbound(body)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where a text may be missing")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn at(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[test]
fn a_text_is_read_whole() {
    let [update] = updates(fixture!("text")).try_into().unwrap();
    assert_eq!(update.waba_id, "102290129340398");
    assert_eq!(update.phone_number_id.as_deref(), Some("106540352242922"));
    assert_eq!(update.display_phone_number.as_deref(), Some("15550001111"));
    let message = inbound(update.body);
    assert_eq!(
        message,
        Inbound {
            id: "wamid.HBgMOTE5ODc2NTQzMjEwFQIAEhgUM0E001AA==".to_owned(),
            from: some(ASHA),
            user_id: some(ASHA_ID),
            wa_id: some(ASHA),
            parent_user_id: None,
            profile_name: some("आशा वर्मा"),
            username: some("@asha"),
            sent_at: at("2026-11-21T10:00:01Z"),
            group_id: None,
            context: Some(Quoted { id: some("wamid.OURS"), from: some("15550001111"), forwarded: false }),
            referral: Some(Referral {
                source_url: some("https://fb.me/3cr4Wqqkv"),
                source_type: some("ad"),
                source_id: some("120226305854810726"),
                headline: some("3 BHK, Baner"),
                body: some("Visite questo fine settimana"),
                ctwa_clid: some("Aff-n8ZTODiE79d22KtAwQKj9e"),
            }),
            content: InboundContent::Text("नमस्ते! क्या शनिवार 10/11 बजे साइट देख सकते हैं? 🙂".to_owned()),
            errors: vec![],
        }
    );
}

#[test]
fn answers_are_read() {
    let contents = contents(fixture!("replies"));
    let [button, tapped, picked, form, permission, reaction, taken] = &contents[..] else {
        panic!("{contents:?}")
    };
    let (payload, text) = ("CONFIRM:42".to_owned(), "হ্যাঁ, আসব".to_owned());
    assert_eq!(*button, InboundContent::Button { payload, text });
    assert_eq!(*tapped, InboundContent::ButtonReply { id: "yes".to_owned(), title: "Sì, grazie".to_owned() });
    let expected = InboundContent::ListReply {
        id: "s1".to_owned(),
        title: "4 pm".to_owned(),
        description: some("শনিবার, ২১ নভেম্বর"),
    };
    assert_eq!(*picked, expected);
    let response = r#"{"budget":"80 लाख","flow_token":"t1"}"#.to_owned();
    assert_eq!(*form, InboundContent::FlowReply { name: some("flow"), body: some("Sent"), response });
    let InboundContent::Other { kind, raw } = permission else { panic!("{permission:?}") };
    assert_eq!(
        (kind.as_str(), &raw["interactive"]["type"]),
        ("interactive", &json!("call_permission_reply"))
    );
    let reacted = |emoji| InboundContent::Reaction { message_id: "wamid.OURS".to_owned(), emoji };
    assert_eq!([reaction, taken], [&reacted(some("👍🏽")), &reacted(None)]);

    let said: Vec<_> = contents.iter().map(InboundContent::text).collect();
    let words = [Some("হ্যাঁ, আসব"), Some("Sì, grazie"), Some("4 pm"), None, None, None, None];
    assert_eq!(said, words);
}

#[test]
fn files_are_read() {
    let contents = contents(fixture!("media"));
    let file = |kind, id: &str, mime_type| InboundContent::Media {
        kind,
        id: id.to_owned(),
        mime_type: some(mime_type),
        sha256: some("SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI="),
        caption: None,
        filename: None,
        voice: false,
        animated: false,
        url: None,
    };
    let with = |mut content: InboundContent, change: fn(&mut InboundContent)| {
        change(&mut content);
        content
    };
    let image = with(file(MediaKind::Image, "1003383421387256", "image/jpeg"), |content| {
        let InboundContent::Media { caption, url, .. } = content else { return };
        *caption = some("এই ফ্ল্যাটটা?");
        *url = some("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1003383421387256");
    });
    let audio = with(file(MediaKind::Audio, "1003383421387258", "audio/ogg; codecs=opus"), |content| {
        let InboundContent::Media { voice, .. } = content else { return };
        *voice = true;
    });
    let document = with(file(MediaKind::Document, "1003383421387259", "application/pdf"), |content| {
        let InboundContent::Media { caption, filename, .. } = content else { return };
        *caption = some("Ecco la planimetria, più tardi il contratto");
        *filename = some("planimetria è pronta.pdf");
    });
    let sticker = with(file(MediaKind::Sticker, "1003383421387260", "image/webp"), |content| {
        let InboundContent::Media { animated, .. } = content else { return };
        *animated = true;
    });
    let video = file(MediaKind::Video, "1003383421387257", "video/mp4");
    assert_eq!(contents, [image, video, audio, document, sticker]);
    assert_eq!(contents[0].text(), Some("এই ফ্ল্যাটটা?"));
    assert_eq!(contents[1].text(), None);
}

#[test]
fn other_messages_are_read_or_kept() {
    let messages = messages(fixture!("objects"));
    let contents: Vec<_> = messages.iter().map(|message| &message.content).collect();
    let [location, contacts, order, edit, revoke, unsupported, unknown] = contents[..] else {
        panic!("{contents:?}")
    };
    let place = InboundContent::Location {
        latitude: 18.559,
        longitude: 73.7868,
        name: some("Baner"),
        address: some("Baner Road, Pune"),
    };
    assert_eq!(*location, place);
    assert!(matches!(contacts, InboundContent::Contacts(list) if list[0]["name"]["first_name"] == "Ravi"));
    assert!(matches!(order, InboundContent::Order(order) if order["product_items"][0]["quantity"] == 2));
    let InboundContent::Edit { message_id, content } = edit else { panic!("{edit:?}") };
    assert_eq!(message_id, "wamid.FIRST");
    assert_eq!((edit.text(), content.text()), (Some("शनिवार नहीं, रविवार"), Some("शनिवार नहीं, रविवार")));
    assert_eq!(*revoke, InboundContent::Revoke { message_id: "wamid.FIRST".to_owned() });
    let errors = &messages[5].errors;
    assert_eq!((errors[0].code, errors[0].consequence()), (131_051, Consequence::NoRetry));
    assert_eq!(
        *unsupported,
        InboundContent::Unsupported { kind: some("poll_creation"), errors: errors.clone() }
    );
    let InboundContent::Other { kind, raw } = unknown else { panic!("{unknown:?}") };
    assert_eq!((kind.as_str(), &raw["hologram"]["depth"]), ("hologram", &json!(3)));
    assert!(messages.iter().all(|message| message.profile_name.as_deref() == Some("आशा वर्मा")));
}

#[test]
fn people_change_their_numbers() {
    let messages = messages(fixture!("system"));
    let [number, user_id, other] = &messages[..] else { panic!("{messages:?}") };
    let changed = SystemChange::NumberChanged {
        new_wa_id: "919876500000".to_owned(),
        previous_user_id: some(ASHA_ID),
        user_id: some("IN.2222"),
    };
    let body = some("User Asha changed from 919876543210 to 919876500000");
    assert_eq!(number.content, InboundContent::System { change: changed, body });
    assert_eq!((number.from.as_deref(), number.content.text()), (Some(ASHA), None));
    let changed =
        SystemChange::UserIdChanged { previous: some("IN.3333"), current: "IN.4444".to_owned(), wa_id: None };
    assert!(matches!(&user_id.content, InboundContent::System { change, .. } if *change == changed));
    assert_eq!((&user_id.from, &user_id.user_id), (&None, &None));
    let InboundContent::System { change: SystemChange::Other { kind, raw }, .. } = &other.content else {
        panic!("{other:?}")
    };
    assert_eq!((kind.as_str(), &raw["identity"]), ("user_identity_changed", &json!("x")));

    let change = |system: Value| match of_message(json!({"type": "system", "system": system})).content {
        InboundContent::System { change, .. } => change,
        other => panic!("{other:?}"),
    };
    let old_words = json!({"type": "customer_changed_number", "new_wa_id": "4917", "wa_id": "4916"});
    assert!(
        matches!(change(old_words), SystemChange::NumberChanged { new_wa_id, .. } if new_wa_id == "4917")
    );
    for lacking in [
        json!({"type": "user_changed_number", "wa_id": "IN.5"}),
        json!({"type": "user_changed_user_id", "previous_user_id": "IN.5"}),
        json!({}),
    ] {
        assert!(matches!(change(lacking), SystemChange::Other { .. }));
    }
}

#[test]
fn a_person_need_not_have_a_number() {
    let [message, changed] = bodies(fixture!("user_id")).try_into().unwrap();
    let message = inbound(message);
    assert_eq!((message.from, message.wa_id), (None, None));
    assert_eq!((message.user_id, message.parent_user_id), (some("IT.8812"), some("IT.ENT.1181")));
    assert_eq!((message.profile_name, message.username), (some("Niccolò"), some("@nico")));
    assert_eq!(message.content.text(), Some("Buongiorno, è ancora libero?"));
    let expected = UpdateBody::UserId {
        previous: "IT.8812".to_owned(),
        current: "IT.9913".to_owned(),
        wa_id: some("393331234567"),
        at: at("2026-11-21T10:01:41Z"),
    };
    assert_eq!(changed, expected);
}

#[test]
fn statuses_of_every_kind_are_read() {
    let statuses = statuses(fixture!("statuses"));
    let kinds: Vec<_> = statuses.iter().map(|status| status.status.as_str()).collect();
    assert_eq!(kinds, ["sent", "delivered", "read", "failed", "failed", "played"]);
    assert_eq!(statuses[5].status, DeliveryStatus::Other("played".to_owned()));
    assert_eq!(
        statuses[0],
        Status {
            message_id: "wamid.OURS".to_owned(),
            status: DeliveryStatus::Sent,
            at: at("2026-11-21T10:03:20Z"),
            recipient_id: some(ASHA),
            recipient_user_id: some(ASHA_ID),
            callback_data: some("msg_01JD3Q8XKZ5V9T2M4N6P8R0SAB"),
            billable: Some(true),
            category: some("utility"),
            pricing_model: some("PMP"),
            errors: vec![],
        }
    );
    assert_eq!((statuses[2].billable, &statuses[3].billable), (Some(false), &None));
    let [error] = &statuses[3].errors[..] else { panic!("{statuses:?}") };
    assert_eq!((error.code, error.consequence()), (131_047, Consequence::WindowClosed));
    assert!(error.details.as_ref().unwrap().contains("24 hours"));
    assert_eq!((&statuses[3].recipient_id, &statuses[3].recipient_user_id), (&some(ASHA), &None));
    assert_eq!((&statuses[4].recipient_id, &statuses[4].recipient_user_id), (&None, &some(ASHA_ID)));
    assert_eq!((&statuses[4].callback_data, &statuses[4].errors[0].details), (&None, &None));
    assert_eq!(statuses[5].recipient_user_id, some(ASHA_ID), "from the contacts");
}

#[test]
fn a_batch_is_read_in_its_order() {
    let updates = updates(fixture!("batch"));
    let place = |update: &Update| (update.waba_id.clone(), update.phone_number_id.clone());
    let ours = ("102290129340398".to_owned(), some("106540352242922"));
    let theirs = ("202290129340399".to_owned(), some("206540352242923"));
    let [bengali, hindi, stranger, read, delivered, sent, lucia, account] = &updates[..] else {
        panic!("{updates:?}")
    };
    for update in [bengali, hindi, stranger, read, delivered, sent] {
        assert_eq!(place(update), ours);
    }
    assert_eq!((place(lucia), place(account)), (theirs, ("202290129340399".to_owned(), None)));

    let who = |update: &Update| {
        let message = inbound(update.body.clone());
        (message.profile_name, message.user_id, message.wa_id, message.content.text().map(str::to_owned))
    };
    assert_eq!(who(bengali), (some("মৌসুমী"), some("IN.2"), some("918822222222"), some("ভাড়া কত?")));
    // Known by the number, and by that the user id.
    assert_eq!(who(hindi), (some("राहुल"), some("IN.1"), some("919811111111"), some("किराया कितना है?")));
    assert_eq!(who(stranger), (None, some("IN.3"), None, some("who am I?")), "nobody else's name");
    // Argentina's 9 is at WhatsApp alone.
    assert_eq!(who(lucia), (some("Lucía"), None, some("5491122334455"), some("¿Sigue disponible?")));
    let fate = |update: &Update| match &update.body {
        UpdateBody::Status(status) => status.status.as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!([read, delivered, sent].map(fate), ["read", "delivered", "sent"]);
    let UpdateBody::Other { field, raw } = &account.body else { panic!("{account:?}") };
    assert_eq!((field.as_str(), &raw["event"]), ("account_update", &json!("VERIFIED_ACCOUNT")));
}

#[test]
fn the_only_contact_is_nobody_elses() {
    let message =
        |from: &str, user_id: Value| json!({"id": "wamid.A", "from": from, "from_user_id": user_id});
    let names = |messages: Value| -> Vec<Option<String>> {
        let contacts = json!([{"profile": {"name": "Asha"}, "wa_id": ASHA, "user_id": "IN.1"}]);
        of_change("messages", json!({"contacts": contacts, "messages": messages}))
            .into_iter()
            .map(|body| inbound(body).profile_name)
            .collect()
    };
    assert_eq!(names(json!([message("5411", json!(null))])), [some("Asha")]);
    assert_eq!(names(json!([message("5411", json!("IN.2"))])), [None]);
    assert_eq!(
        names(json!([message(ASHA, json!("IN.2"))])),
        [None],
        "the number has passed to somebody else"
    );
    assert_eq!(
        names(json!([message("5411", json!(null)), message("5412", json!(null))])),
        [None, None],
        "one of the two, and nobody knows which"
    );
    assert_eq!(
        names(json!([message("5412", json!(null)), message(ASHA, json!(null))])),
        [None, some("Asha")]
    );
}

#[test]
fn what_the_business_writes_is_echoed() {
    let echo = |body| match body {
        UpdateBody::Echo(echo) => *echo,
        other => panic!("{other:?}"),
    };
    let [text, image, revoke]: [Echo; 3] =
        bodies(fixture!("echoes")).into_iter().map(echo).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(
        (text.to, text.user_id, text.sent_at),
        (some(ASHA), some(ASHA_ID), at("2026-11-21T10:06:40Z"))
    );
    assert_eq!(text.content.text(), Some("জি, আমি আসছি"));
    assert_eq!((image.to, image.user_id), (None, some("IT.8812")));
    assert_eq!(image.content.text(), Some("La cucina è nuova"));
    assert_eq!(revoke.content, InboundContent::Revoke { message_id: "wamid.ECHO".to_owned() });
}

#[test]
fn people_stop_and_resume_marketing() {
    let [stop, resume, new] = bodies(fixture!("preferences")).try_into().unwrap();
    let preference = |wa_id, user_id: &str, stop, moment| UpdateBody::Preference {
        wa_id,
        user_id: some(user_id),
        category: "marketing_messages".to_owned(),
        stop,
        at: at(moment),
    };
    assert_eq!(stop, preference(some(ASHA), ASHA_ID, true, "2026-11-21T10:08:20Z"));
    assert_eq!(resume, preference(None, "IT.8812", false, "2026-11-21T10:08:21Z"));
    assert!(matches!(new, UpdateBody::Other { raw, .. } if raw["value"] == "less"), "neither of the two");
}

#[test]
fn templates_change() {
    let updates = updates(fixture!("template_status"));
    assert!(
        updates.iter().all(|update| update.waba_id == "102290129340398" && update.phone_number_id.is_none())
    );
    let expected = |name: &str, language: &str, id: &str, event, reason| UpdateBody::TemplateStatus {
        name: name.to_owned(),
        language: language.to_owned(),
        id: id.to_owned(),
        event,
        reason,
    };
    let reason = some("INVALID_FORMAT");
    let rejected = expected("visit_reminder", "hi", "1689556908129835", TemplateEvent::Rejected, reason);
    let going = expected("old_offer", "en_US", "1689556908129836", TemplateEvent::PendingDeletion, None);
    assert_eq!([&updates[0].body, &updates[1].body], [&rejected, &going]);
}

#[test]
fn who_rings_is_heard_and_what_comes_of_a_call_is_not() {
    let ringing = |part: Value| {
        let mut call = json!({"id": "wacid.A", "from": ASHA, "to": "15550001111", "event": "connect",
            "timestamp": "1795255200"});
        call.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        let people = json!([{"profile": {"name": "Asha"}, "wa_id": ASHA, "user_id": ASHA_ID}]);
        let mut bodies = of_change("calls", json!({"contacts": people, "calls": [call]}));
        assert_eq!(bodies.len(), 1);
        bodies.remove(0)
    };
    for offer in
        [json!({"direction": "USER_INITIATED"}), json!({"session": {"sdp_type": "offer", "sdp": "v=0"}})]
    {
        let call = inbound(ringing(offer));
        assert_eq!((call.id.as_str(), call.content), ("wacid.A", InboundContent::Call));
        assert_eq!((call.from, call.user_id, call.profile_name), (some(ASHA), some(ASHA_ID), some("Asha")));
        assert_eq!(call.sent_at, at("2026-11-21T10:00:00Z"));
    }
    for not_theirs in
        [json!({}), json!({"direction": "BUSINESS_INITIATED", "session": {"sdp_type": "offer"}})]
    {
        assert!(matches!(ringing(not_theirs), UpdateBody::Other { .. }));
    }
}
