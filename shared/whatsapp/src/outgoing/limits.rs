//! What Meta takes and what it does not.

use super::{Button, Content, Outgoing, Recipient, Section, TemplateButton};
use crate::MediaKind;
use std::ops::RangeInclusive;

const TEXT: RangeInclusive<usize> = 1..=4096;
const INTERACTIVE_BODY: RangeInclusive<usize> = 1..=1024;
const HEADER_OR_FOOTER: RangeInclusive<usize> = 1..=60;
const CAPTION: RangeInclusive<usize> = 0..=1024;
const CALLBACK_DATA: RangeInclusive<usize> = 0..=512;
const BUTTONS: RangeInclusive<usize> = 1..=3;
const BUTTON_TITLE: RangeInclusive<usize> = 1..=20;
const BUTTON_ID: RangeInclusive<usize> = 1..=256;
const ROWS: RangeInclusive<usize> = 1..=10;
const ROW_TITLE: RangeInclusive<usize> = 1..=24;
const ROW_DESCRIPTION: RangeInclusive<usize> = 0..=72;
const ROW_ID: RangeInclusive<usize> = 1..=200;
/// E.164 has 15 digits at most.
const PHONE_DIGITS: RangeInclusive<usize> = 1..=15;
/// The country, a point, perhaps `ENT.`, and up to 128 letters and digits.
const USER_ID: RangeInclusive<usize> = 1..=135;
/// Longer than any that Meta makes.
const MESSAGE_ID: RangeInclusive<usize> = 1..=512;
const TEMPLATE_BUTTON_INDEX: RangeInclusive<usize> = 0..=9;

/// A part of a message that Meta would refuse: it is too long, too short, or there are too many or too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {part} is {actual}, and may be {least} to {most}")]
pub struct LimitError {
    /// Which part, in words: `text`, `button title`, `number of rows`.
    pub part: &'static str,
    /// How much it is: characters, or how many there are.
    pub actual: usize,
    /// The least that goes.
    pub least: usize,
    /// The most that goes.
    pub most: usize,
}

impl Outgoing {
    /// Whether the message keeps the limits of Meta's documents; the first part that does not is named. Texts are
    /// counted in characters. What an approved template allows is known to Meta alone.
    pub fn check(&self) -> Result<(), LimitError> {
        match &self.to {
            Recipient::Phone(number) => {
                let digits = number.bytes().filter(u8::is_ascii_digit).count();
                within("digits of the number", digits, PHONE_DIGITS)?;
            }
            Recipient::User(id) => characters("user id", id, USER_ID)?,
        }
        characters("callback data", &self.callback_data, CALLBACK_DATA)?;
        self.content.check()
    }
}

impl Content {
    fn check(&self) -> Result<(), LimitError> {
        match self {
            Self::Text { body, .. } => characters("text", body, TEXT),
            Self::Template(template) => template.buttons.iter().try_for_each(|button| {
                let (TemplateButton::QuickReply { index, .. } | TemplateButton::Url { index, .. }) = button;
                within("index of the template's button", usize::from(*index), TEMPLATE_BUTTON_INDEX)
            }),
            Self::Buttons { body, header, footer, buttons } => {
                question(body, header.as_deref(), footer.as_deref())?;
                within("number of buttons", buttons.len(), BUTTONS)?;
                buttons.iter().try_for_each(Button::check)
            }
            Self::List { body, header, footer, button, sections } => {
                question(body, header.as_deref(), footer.as_deref())?;
                characters("button of the list", button, BUTTON_TITLE)?;
                list(sections)
            }
            Self::Reaction { message_id, .. } => characters("message id", message_id, MESSAGE_ID),
            Self::Media { kind, caption, filename, .. } => {
                let captioned = !matches!(kind, MediaKind::Audio | MediaKind::Sticker);
                let allowed = if captioned { CAPTION } else { 0..=0 };
                characters("caption", caption.as_deref().unwrap_or_default(), allowed)?;
                let allowed = if *kind == MediaKind::Document { 0..=usize::MAX } else { 0..=0 };
                characters("file name", filename.as_deref().unwrap_or_default(), allowed)
            }
        }
    }
}

impl Button {
    fn check(&self) -> Result<(), LimitError> {
        characters("button title", &self.title, BUTTON_TITLE)?;
        characters("button id", &self.id, BUTTON_ID)
    }
}

fn question(body: &str, header: Option<&str>, footer: Option<&str>) -> Result<(), LimitError> {
    characters("body", body, INTERACTIVE_BODY)?;
    header.map_or(Ok(()), |header| characters("header", header, HEADER_OR_FOOTER))?;
    footer.map_or(Ok(()), |footer| characters("footer", footer, HEADER_OR_FOOTER))
}

fn list(sections: &[Section]) -> Result<(), LimitError> {
    within("number of rows", sections.iter().map(|section| section.rows.len()).sum(), ROWS)?;
    for section in sections {
        within("number of rows", section.rows.len(), ROWS)?;
        let title = section.title.as_deref().unwrap_or_default();
        let least = usize::from(sections.len() > 1);
        characters("section title", title, least..=*ROW_TITLE.end())?;
        for row in &section.rows {
            characters("row title", &row.title, ROW_TITLE)?;
            characters("row id", &row.id, ROW_ID)?;
            let description = row.description.as_deref().unwrap_or_default();
            characters("row description", description, ROW_DESCRIPTION)?;
        }
    }
    Ok(())
}

fn characters(part: &'static str, text: &str, allowed: RangeInclusive<usize>) -> Result<(), LimitError> {
    within(part, text.chars().count(), allowed)
}

fn within(part: &'static str, actual: usize, allowed: RangeInclusive<usize>) -> Result<(), LimitError> {
    if allowed.contains(&actual) {
        return Ok(());
    }
    let (least, most) = allowed.into_inner();
    Err(LimitError { part, actual, least, most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MediaSource, Row, Template};

    fn outgoing(content: Content) -> Outgoing {
        Outgoing {
            to: Recipient::Phone("+919876543210".to_owned()),
            content,
            reply_to: None,
            callback_data: String::new(),
        }
    }

    fn text(body: &str) -> Content {
        Content::Text { body: body.to_owned(), preview_url: false }
    }

    /// The part that is refused, with how much it is.
    fn refused(content: Content) -> Option<(&'static str, usize)> {
        outgoing(content).check().err().map(|error| (error.part, error.actual))
    }

    fn buttons(titles: &[&str]) -> Content {
        let button = |title: &&str| Button { id: format!("id {title}"), title: (*title).to_owned() };
        Content::Buttons {
            body: "Pick".to_owned(),
            header: None,
            footer: None,
            buttons: titles.iter().map(button).collect(),
        }
    }

    fn row(title: &str) -> Row {
        Row { id: title.to_owned(), title: title.to_owned(), description: None }
    }

    fn rows(count: usize) -> Vec<Row> {
        (0..count).map(|n| row(&n.to_string())).collect()
    }

    fn picks(sections: Vec<Section>) -> Content {
        let button = "See slots".to_owned();
        Content::List { body: "Slots".to_owned(), header: None, footer: None, button, sections }
    }

    fn section(title: Option<&str>, rows: Vec<Row>) -> Section {
        Section { title: title.map(str::to_owned), rows }
    }

    fn media(kind: MediaKind, caption: Option<&str>, filename: Option<&str>) -> Content {
        let source = MediaSource::Id("1".to_owned());
        let (caption, filename) = (caption.map(str::to_owned), filename.map(str::to_owned));
        Content::Media { kind, source, caption, filename }
    }

    /// Devanagari takes three bytes a letter, and an emoji two units of UTF-16: neither is what Meta counts.
    #[test]
    fn texts_are_counted_in_characters() {
        assert_eq!(refused(text(&"ह".repeat(4096))), None);
        assert_eq!(refused(text(&"😀".repeat(4096))), None);
        assert_eq!(refused(text(&"ह".repeat(4097))), Some(("text", 4097)));
        assert_eq!(refused(text("")), Some(("text", 0)));
        let error = outgoing(text("")).check().unwrap_err();
        assert_eq!(error.to_string(), "the text is 0, and may be 1 to 4096");
    }

    #[test]
    fn buttons_are_few_and_short() {
        assert_eq!(refused(buttons(&["a", "b", &"ा".repeat(20)])), None);
        assert_eq!(refused(buttons(&[])), Some(("number of buttons", 0)));
        assert_eq!(refused(buttons(&["a", "b", "c", "d"])), Some(("number of buttons", 4)));
        assert_eq!(refused(buttons(&["a", ""])), Some(("button title", 0)));
        assert_eq!(refused(buttons(&[&"a".repeat(21)])), Some(("button title", 21)));
        for (id, actual) in [(String::new(), 0), ("a".repeat(257), 257)] {
            let button = Button { id, title: "a".to_owned() };
            let content =
                |buttons| Content::Buttons { body: "Pick".to_owned(), header: None, footer: None, buttons };
            assert_eq!(refused(content(vec![button])), Some(("button id", actual)));
        }
        let question = |body: usize, header: Option<usize>, footer: Option<usize>| Content::Buttons {
            body: "a".repeat(body),
            header: header.map(|length| "a".repeat(length)),
            footer: footer.map(|length| "a".repeat(length)),
            buttons: vec![Button { id: "a".to_owned(), title: "a".to_owned() }],
        };
        assert_eq!(refused(question(1024, Some(60), Some(60))), None);
        assert_eq!(refused(question(1025, None, None)), Some(("body", 1025)));
        assert_eq!(refused(question(0, None, None)), Some(("body", 0)));
        assert_eq!(refused(question(1, Some(61), None)), Some(("header", 61)));
        assert_eq!(refused(question(1, Some(1), Some(0))), Some(("footer", 0)));
    }

    #[test]
    fn a_list_has_ten_rows_in_all() {
        assert_eq!(refused(picks(vec![section(None, rows(10))])), None);
        let halves = |first, second| vec![section(Some("a"), rows(first)), section(Some("b"), rows(second))];
        assert_eq!(refused(picks(halves(5, 5))), None);
        assert_eq!(refused(picks(halves(6, 5))), Some(("number of rows", 11)));
        assert_eq!(refused(picks(halves(6, 0))), Some(("number of rows", 0)));
        assert_eq!(refused(picks(vec![])), Some(("number of rows", 0)));
        let untitled = vec![section(Some("a"), rows(1)), section(None, rows(1))];
        assert_eq!(refused(picks(untitled)), Some(("section title", 0)));
        let long = "a".repeat(25);
        assert_eq!(refused(picks(vec![section(Some(&long), rows(1))])), Some(("section title", 25)));
        assert_eq!(refused(picks(vec![section(None, vec![row(&long)])])), Some(("row title", 25)));
        let wordy = Row { description: Some("a".repeat(73)), ..row("a") };
        assert_eq!(refused(picks(vec![section(None, vec![wordy])])), Some(("row description", 73)));
        let named = Row { id: "a".repeat(201), ..row("a") };
        assert_eq!(refused(picks(vec![section(None, vec![named])])), Some(("row id", 201)));
        let Content::List { body, header, footer, sections, .. } = picks(vec![section(None, rows(1))]) else {
            panic!("a list")
        };
        let content = Content::List { body, header, footer, button: "a".repeat(21), sections };
        assert_eq!(refused(content), Some(("button of the list", 21)));
    }

    #[test]
    fn only_what_can_be_read_below_a_file_has_words() {
        assert_eq!(refused(media(MediaKind::Image, Some(&"a".repeat(1024)), None)), None);
        assert_eq!(refused(media(MediaKind::Document, Some("Plan"), Some("plan.pdf"))), None);
        assert_eq!(refused(media(MediaKind::Sticker, None, None)), None);
        let wordy = media(MediaKind::Video, Some(&"a".repeat(1025)), None);
        assert_eq!(refused(wordy), Some(("caption", 1025)));
        assert_eq!(refused(media(MediaKind::Audio, Some("Hi"), None)), Some(("caption", 2)));
        assert_eq!(refused(media(MediaKind::Image, None, Some("a.jpg"))), Some(("file name", 5)));
    }

    #[test]
    fn a_message_needs_a_recipient_and_a_short_name() {
        let to = |to| Outgoing { to, ..outgoing(text("Hi")) }.check().err().map(|error| error.part);
        assert_eq!(to(Recipient::User("IN.13491208655302741918".to_owned())), None);
        assert_eq!(to(Recipient::User(String::new())), Some("user id"));
        for number in ["", "+", "anonymous", "+9198765432109876"] {
            assert_eq!(to(Recipient::Phone(number.to_owned())), Some("digits of the number"), "{number}");
        }
        let named = |length| Outgoing { callback_data: "a".repeat(length), ..outgoing(text("Hi")) }.check();
        assert_eq!(named(512), Ok(()));
        assert_eq!(named(513).unwrap_err().part, "callback data");
        let reaction = Content::Reaction { message_id: String::new(), emoji: "👍".to_owned() };
        assert_eq!(refused(reaction), Some(("message id", 0)));
        let template = |index| {
            Content::Template(Template {
                name: "visit_reminder".to_owned(),
                language: "en".to_owned(),
                header: vec![],
                body: vec![],
                buttons: vec![TemplateButton::Url { index, suffix: "42".to_owned() }],
            })
        };
        assert_eq!(refused(template(9)), None);
        assert_eq!(refused(template(10)), Some(("index of the template's button", 10)));
    }
}
