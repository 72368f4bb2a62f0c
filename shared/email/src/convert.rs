//! Between our types and the JSON of SES.

use crate::mail::Mail;
use crate::wire;

impl<'a> From<&'a Mail> for wire::SendEmail<'a> {
    fn from(mail: &'a Mail) -> Self {
        let simple = wire::Simple {
            subject: text(&mail.subject),
            body: wire::Body { text: text(&mail.text) },
            headers: mail.list_unsubscribe.as_deref().map(unsubscribe).unwrap_or_default(),
        };
        let tag = |(name, value): &'a (String, String)| [wire::Pair { name, value: value.clone() }];
        Self {
            from_email_address: &mail.from,
            destination: wire::Destination { to_addresses: [&mail.to] },
            reply_to_addresses: mail.reply_to.as_deref().map(|address| [address]),
            content: wire::Content { simple },
            email_tags: mail.tag.as_ref().map(tag),
            configuration_set_name: mail.configuration_set.as_deref(),
        }
    }
}

fn text(data: &str) -> wire::Text<'_> {
    wire::Text { data, charset: "UTF-8" }
}

/// The headers by which a mail program offers to end such mails. Doing so with one click is for `https` alone.
fn unsubscribe(address: &str) -> Vec<wire::Pair<'static>> {
    let mut headers = vec![wire::Pair { name: "List-Unsubscribe", value: format!("<{address}>") }];
    if address.starts_with("https://") {
        let value = "List-Unsubscribe=One-Click".to_owned();
        headers.push(wire::Pair { name: "List-Unsubscribe-Post", value });
    }
    headers
}
