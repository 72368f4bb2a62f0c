//! An e-mail that we send.

/// The most bytes of text that are sent. It is our own limit: SES takes 40 MB with everything.
const TEXT_MAX: usize = 1024 * 1024;
/// Of a tag's name and of its value, in characters.
const TAG_MAX: usize = 256;
/// Of the address for ending the mails: a header has 996 characters at most, of which its name and `<>` take 18.
const UNSUBSCRIBE_MAX: usize = 978;

/// An e-mail of plain text to one person. [`Mail::check`] says whether it keeps the limits of SES.
///
/// Addresses are `name@domain` or `Name <name@domain>`, in ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Who sends it: an address that SES has verified, or one of a domain that it has.
    pub from: String,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// Who gets it.
    pub to: String,
    /// What it is about, one line.
    pub subject: String,
    /// What it says: plain text of at most 1 MiB.
    pub text: String,
    /// The configuration set, by whose rules SES tells what becomes of it.
    pub configuration_set: Option<String>,
    /// A name and a value that come back in SES's events, such as our id of the message, and so find a mail whose
    /// sending had no answer. Each has 1 to 256 letters, digits, `_` and `-`.
    pub tag: Option<(String, String)>,
    /// The address at which the receiver ends such mails: `mailto:…`, or `https://…` that does it when it gets a
    /// `POST`. Printable ASCII without spaces and `<>`, at most 978 characters.
    pub list_unsubscribe: Option<String>,
}

/// A part of a mail that SES would refuse, or that would become another header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {part} of the mail is empty, too long, or has a character that does not go there")]
pub struct LimitError {
    /// Which part, in words: `recipient`, `text`, `tag`.
    pub part: &'static str,
}

impl Mail {
    /// Whether the mail keeps the limits; the first part that does not is named. Whether addresses exist, and whether
    /// the sender is verified, is known to SES alone.
    pub fn check(&self) -> Result<(), LimitError> {
        let Self { from, reply_to, to, subject, text, configuration_set: _, tag, list_unsubscribe } = self;
        let parts = [
            ("sender", is_address(from)),
            ("address for answers", reply_to.as_deref().is_none_or(is_address)),
            ("recipient", is_address(to)),
            ("subject", is_line(subject)),
            ("text", (1..=TEXT_MAX).contains(&text.len())),
            ("tag", tag.as_ref().is_none_or(|(name, value)| is_tag(name) && is_tag(value))),
            ("address for ending the mails", list_unsubscribe.as_deref().is_none_or(is_unsubscribe)),
        ];
        parts.iter().find(|(_, fits)| !fits).map_or(Ok(()), |(part, _)| Err(LimitError { part }))
    }
}

fn is_address(text: &str) -> bool {
    text.contains('@') && text.is_ascii() && is_line(text)
}

/// A subject may be empty.
fn is_line(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=TAG_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_unsubscribe(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>');
    (1..=UNSUBSCRIBE_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            from: "Acme <hello@acme.example>".to_owned(),
            reply_to: None,
            to: "ana@example.com".to_owned(),
            subject: String::new(),
            text: "Hi".to_owned(),
            configuration_set: None,
            tag: None,
            list_unsubscribe: None,
        }
    }

    fn refused(mail: Mail) -> Option<&'static str> {
        mail.check().err().map(|error| error.part)
    }

    #[test]
    fn a_mail_within_the_limits_is_fine() {
        assert_eq!(refused(mail()), None);
        let longest = Mail {
            subject: "नमस्ते, é & 🙂".to_owned(),
            text: "a\r\n".to_owned() + &"a".repeat(TEXT_MAX - 3),
            tag: Some(("a".repeat(256), "msg_1-A".to_owned())),
            list_unsubscribe: Some(format!("https://{}", "a".repeat(970))),
            ..mail()
        };
        assert_eq!(refused(longest), None);
    }

    #[test]
    fn no_part_can_become_another_header() {
        for end in ["\r\nBcc: eve@example.com", "\n", "\u{85}", "\0", "\u{2028}"] {
            let with = |text: &str| format!("{text}{end}");
            let base = mail();
            assert_eq!(refused(Mail { from: with(&base.from), ..mail() }), Some("sender"));
            assert_eq!(
                refused(Mail { reply_to: Some(with("a@b.c")), ..mail() }),
                Some("address for answers")
            );
            assert_eq!(refused(Mail { to: with(&base.to), ..mail() }), Some("recipient"));
            assert_eq!(refused(Mail { subject: with("Hi"), ..mail() }), Some("subject"));
            let list_unsubscribe = Some(with("mailto:out@acme.example"));
            assert_eq!(refused(Mail { list_unsubscribe, ..mail() }), Some("address for ending the mails"));
        }
    }

    #[test]
    fn what_does_not_go_is_named() {
        for to in ["", "ana", "añа@example.com"] {
            assert_eq!(refused(Mail { to: to.to_owned(), ..mail() }), Some("recipient"), "{to}");
        }
        for text in [String::new(), "a".repeat(TEXT_MAX + 1)] {
            assert_eq!(refused(Mail { text, ..mail() }), Some("text"));
        }
        for tag in [("", "a"), ("a", ""), ("message id", "a"), ("a", "é"), ("a", &"a".repeat(257))] {
            let tag = Some((tag.0.to_owned(), tag.1.to_owned()));
            assert_eq!(refused(Mail { tag, ..mail() }), Some("tag"));
        }
        for address in
            ["", "https://acme.example/a b", "<https://acme.example>", "https://é", &"a".repeat(979)]
        {
            let list_unsubscribe = Some(address.to_owned());
            assert_eq!(refused(Mail { list_unsubscribe, ..mail() }), Some("address for ending the mails"));
        }
        let error = Mail { to: "ana".to_owned(), ..mail() }.check().unwrap_err();
        assert!(error.to_string().starts_with("the recipient of the mail is empty"));
    }
}
