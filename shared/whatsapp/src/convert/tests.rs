//! What we send, word for word.

use super::*;
use serde_json::json;

fn sent(to: Recipient, content: Content) -> Value {
    sent_whole(&Outgoing { to, content, reply_to: None, callback_data: String::new() })
}

fn sent_whole(message: &Outgoing) -> Value {
    serde_json::to_value(wire::Message::from(message)).unwrap()
}

fn asha() -> Recipient {
    Recipient::Phone("+919876543210".to_owned())
}

fn text(body: &str) -> Content {
    Content::Text { body: body.to_owned(), preview_url: false }
}

fn template(header: Vec<Parameter>, body: &[&str], buttons: Vec<TemplateButton>) -> Content {
    Content::Template(Template {
        name: "visit_reminder".to_owned(),
        language: "en".to_owned(),
        header,
        body: body.iter().map(|text| Parameter::Text((*text).to_owned())).collect(),
        buttons,
    })
}

fn media(kind: MediaKind, source: MediaSource, caption: Option<&str>, filename: Option<&str>) -> Content {
    let (caption, filename) = (caption.map(str::to_owned), filename.map(str::to_owned));
    Content::Media { kind, source, caption, filename }
}

#[test]
fn a_text_goes_to_digits() {
    let expected = json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "919876543210",
        "type": "text", "text": {"body": "Hello", "preview_url": false}});
    for number in ["+919876543210", "919876543210", "+91 98765-43210"] {
        assert_eq!(sent(Recipient::Phone(number.to_owned()), text("Hello")), expected, "{number}");
    }
}

#[test]
fn a_user_id_has_its_own_field() {
    let user = Recipient::User("IN.13491208655302741918".to_owned());
    assert_eq!(
        sent(user, text("नमस्ते")),
        json!({"messaging_product": "whatsapp", "recipient_type": "individual",
            "recipient": "IN.13491208655302741918", "type": "text",
            "text": {"body": "नमस्ते", "preview_url": false}})
    );
}

#[test]
fn a_message_may_quote_and_be_named() {
    let message = Outgoing {
        to: asha(),
        content: Content::Text { body: "https://acme.test".to_owned(), preview_url: true },
        reply_to: Some("wamid.A".to_owned()),
        callback_data: "msg_1".to_owned(),
    };
    assert_eq!(
        sent_whole(&message),
        json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "919876543210",
            "context": {"message_id": "wamid.A"}, "biz_opaque_callback_data": "msg_1",
            "type": "text", "text": {"body": "https://acme.test", "preview_url": true}})
    );
}

#[test]
fn a_template_has_its_parameters() {
    let button = TemplateButton::QuickReply { index: 0, payload: "CONFIRM:42".to_owned() };
    assert_eq!(
        sent(asha(), template(vec![], &["Asha"], vec![button])),
        json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "919876543210",
            "type": "template", "template": {"name": "visit_reminder", "language": {"code": "en"}, "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "Asha"}]},
                {"type": "button", "sub_type": "quick_reply", "index": "0",
                    "parameters": [{"type": "payload", "payload": "CONFIRM:42"}]}]}})
    );
    let plain = sent(asha(), template(vec![], &[], vec![]));
    assert_eq!(plain["template"], json!({"name": "visit_reminder", "language": {"code": "en"}}));
}

#[test]
fn a_templates_header_may_be_a_file() {
    let components = |parameter| {
        let url = TemplateButton::Url { index: 1, suffix: "42".to_owned() };
        sent(asha(), template(vec![parameter], &[], vec![url]))["template"]["components"].clone()
    };
    let link = || MediaSource::Link("https://acme.test/plan.pdf".to_owned());
    let id = || MediaSource::Id("1003".to_owned());
    let filename = Some("plan.pdf".to_owned());
    let linked = json!({"link": "https://acme.test/plan.pdf", "filename": "plan.pdf"});
    for (parameter, expected) in [
        (Parameter::Text("Acme".to_owned()), json!({"type": "text", "text": "Acme"})),
        (Parameter::Image(id()), json!({"type": "image", "image": {"id": "1003"}})),
        (Parameter::Video(id()), json!({"type": "video", "video": {"id": "1003"}})),
        (Parameter::Document { source: link(), filename }, json!({"type": "document", "document": linked})),
    ] {
        assert_eq!(
            components(parameter),
            json!([{"type": "header", "parameters": [expected]},
                {"type": "button", "sub_type": "url", "index": "1",
                    "parameters": [{"type": "text", "text": "42"}]}])
        );
    }
}

#[test]
fn a_question_has_buttons_or_a_list() {
    let buttons = Content::Buttons {
        body: "Pick".to_owned(),
        header: None,
        footer: None,
        buttons: vec![Button { id: "yes".to_owned(), title: "Yes".to_owned() }],
    };
    assert_eq!(
        sent(asha(), buttons),
        json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "919876543210",
            "type": "interactive", "interactive": {"type": "button", "body": {"text": "Pick"},
                "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]}}})
    );
    let row = |description: Option<&str>| Row {
        id: "s1".to_owned(),
        title: "4 pm".to_owned(),
        description: description.map(str::to_owned),
    };
    let list = |header: Option<&str>, row| Content::List {
        body: "Slots".to_owned(),
        header: header.map(str::to_owned),
        footer: header.map(str::to_owned),
        button: "See slots".to_owned(),
        sections: vec![Section { title: Some("Today".to_owned()), rows: vec![row] }],
    };
    assert_eq!(
        sent(asha(), list(None, row(None))),
        json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "919876543210",
            "type": "interactive", "interactive": {"type": "list", "body": {"text": "Slots"},
                "action": {"button": "See slots",
                    "sections": [{"title": "Today", "rows": [{"id": "s1", "title": "4 pm"}]}]}}})
    );
    assert_eq!(
        sent(asha(), list(Some("Acme"), row(Some("With Ravi"))))["interactive"],
        json!({"type": "list", "header": {"type": "text", "text": "Acme"}, "body": {"text": "Slots"},
            "footer": {"text": "Acme"}, "action": {"button": "See slots", "sections": [{"title": "Today",
                "rows": [{"id": "s1", "title": "4 pm", "description": "With Ravi"}]}]}})
    );
}

#[test]
fn a_reaction_and_a_file_have_their_own_fields() {
    let reaction =
        |emoji: &str| Content::Reaction { message_id: "wamid.A".to_owned(), emoji: emoji.to_owned() };
    let common = |kind: &str, body: Value| {
        let mut json = json!({"messaging_product": "whatsapp", "recipient_type": "individual",
            "to": "919876543210", "type": kind});
        json[kind] = body;
        json
    };
    let reacted = |emoji: &str| common("reaction", json!({"message_id": "wamid.A", "emoji": emoji}));
    assert_eq!([sent(asha(), reaction("👍")), sent(asha(), reaction(""))], [reacted("👍"), reacted("")]);

    let id = || MediaSource::Id("1003".to_owned());
    let link = MediaSource::Link("https://acme.test/plan.pdf".to_owned());
    for (kind, name) in [
        (MediaKind::Image, "image"),
        (MediaKind::Video, "video"),
        (MediaKind::Audio, "audio"),
        (MediaKind::Document, "document"),
        (MediaKind::Sticker, "sticker"),
    ] {
        assert_eq!(sent(asha(), media(kind, id(), None, None)), common(name, json!({"id": "1003"})));
    }
    assert_eq!(
        sent(asha(), media(MediaKind::Document, link, Some("Pianta"), Some("plan.pdf"))),
        common(
            "document",
            json!({"link": "https://acme.test/plan.pdf", "caption": "Pianta", "filename": "plan.pdf"})
        )
    );
}

#[test]
fn a_mark_may_show_that_somebody_types() {
    let marked = |typing| serde_json::to_value(read("wamid.A", typing)).unwrap();
    assert_eq!(
        marked(true),
        json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A",
            "typing_indicator": {"type": "text"}})
    );
    assert_eq!(
        marked(false),
        json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A"})
    );
}
