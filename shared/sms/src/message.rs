//! A text message that we send.

/// Of the words, in characters; there must be one that is no space.
const BODY_MAX: usize = 1600;
const FROM_MAX: usize = 256;
/// Of an id in India's registry.
const REGISTERED_MAX: usize = 64;
const CONTEXT_NAME_MAX: usize = 100;
const CONTEXT_VALUE_MAX: usize = 800;

/// A text message to one number. [`TextMessage::check`] says whether it keeps the service's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMessage {
    /// Who gets it: E.164 with `+`.
    pub to: String,
    /// Who sends it: a number, a sender id or a pool, by its id or its ARN.
    pub from: String,
    /// What it says, 1 to 1600 characters.
    pub body: String,
    /// What it is for.
    pub kind: Kind,
    /// The business in India's DLT registry. Sent with messages to `+91` only.
    pub in_entity_id: Option<String>,
    /// The registered template that the words follow, in India's DLT registry. Sent with messages to `+91` only.
    pub in_template_id: Option<String>,
    /// A name and a value that come back in the service's events, such as our id of the message, and so find a message
    /// whose sending had no answer. The name has 1 to 100 characters without spaces, the value 1 to 800.
    pub context: Option<(String, String)>,
}

/// What a text message is for: carriers treat the two differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something that the receiver needs to know, such as a reminder.
    Transactional,
    /// Advertising.
    Promotional,
}

/// A part of a message that the service would refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {part} of the text message is empty, too long, or has a character that does not go there")]
pub struct LimitError {
    /// Which part, in words: `recipient`, `body`, `context`.
    pub part: &'static str,
}

impl TextMessage {
    /// Whether the message keeps the limits of the service's documents; the first part that does not is named.
    pub fn check(&self) -> Result<(), LimitError> {
        let Self { to, from, body, kind: _, in_entity_id, in_template_id, context } = self;
        let registered = |id: &Option<String>| id.as_deref().is_none_or(|id| is_word(id, REGISTERED_MAX));
        let parts = [
            ("recipient", is_number(to)),
            ("sender", is_identity(from)),
            ("body", body.chars().count() <= BODY_MAX && !body.trim().is_empty()),
            ("id of the business", registered(in_entity_id)),
            ("id of the template", registered(in_template_id)),
            ("context", context.as_ref().is_none_or(|(name, value)| is_context(name, value))),
        ];
        parts.iter().find(|(_, fits)| !fits).map_or(Ok(()), |(part, _)| Err(LimitError { part }))
    }

    pub(crate) fn is_to_india(&self) -> bool {
        self.to.starts_with("+91")
    }
}

fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (2..=19).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

fn is_identity(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_:/+-".contains(&byte);
    (1..=FROM_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_context(name: &str, value: &str) -> bool {
    let length = value.chars().count();
    is_word(name, CONTEXT_NAME_MAX) && (1..=CONTEXT_VALUE_MAX).contains(&length) && value.trim() == value
}

fn is_word(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> TextMessage {
        TextMessage {
            to: "+14155550100".to_owned(),
            from: "ACME".to_owned(),
            body: "Hi".to_owned(),
            kind: Kind::Transactional,
            in_entity_id: None,
            in_template_id: None,
            context: None,
        }
    }

    fn refused(message: TextMessage) -> Option<&'static str> {
        message.check().err().map(|error| error.part)
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_message_within_the_limits_is_fine() {
        assert_eq!(refused(message()), None);
        let longest = TextMessage {
            from: "arn:aws:sms-voice:eu-west-1:111122223333:pool/pool-1_A".to_owned(),
            body: "न".repeat(1600),
            in_entity_id: Some("1".repeat(64)),
            in_template_id: Some("1".repeat(64)),
            context: Some(pair(&"a".repeat(100), &format!("a {}", "é".repeat(798)))),
            ..message()
        };
        assert_eq!(refused(longest), None);
    }

    #[test]
    fn what_does_not_go_is_named() {
        for to in ["", "+", "+1", "+0123", "14155550100", "+1415555O100", "+१२३", "+12345678901234567890"]
        {
            assert_eq!(refused(TextMessage { to: to.to_owned(), ..message() }), Some("recipient"), "{to}");
        }
        for from in ["", "Acme Dental", "é", &"a".repeat(257)] {
            assert_eq!(refused(TextMessage { from: from.to_owned(), ..message() }), Some("sender"), "{from}");
        }
        for body in ["", " \n", &"a".repeat(1601)] {
            assert_eq!(refused(TextMessage { body: body.to_owned(), ..message() }), Some("body"));
        }
        for id in ["", "1 2", &"1".repeat(65)] {
            let id = Some(id.to_owned());
            let business = TextMessage { in_entity_id: id.clone(), ..message() };
            assert_eq!(refused(business), Some("id of the business"));
            assert_eq!(refused(TextMessage { in_template_id: id, ..message() }), Some("id of the template"));
        }
        for context in
            [pair("", "a"), pair("a b", "a"), pair("a", ""), pair("a", "b "), pair("a", &"b".repeat(801))]
        {
            assert_eq!(refused(TextMessage { context: Some(context), ..message() }), Some("context"));
        }
        let error = TextMessage { body: String::new(), ..message() }.check().unwrap_err();
        assert!(error.to_string().starts_with("the body of the text message is empty"));
    }
}
