//! The figures of chats: what conversations and messages declare, and how it is read back.

use super::Feedback;
use crate::Store;
use crate::entity::Row;
use crate::error::Result;
use domain::TenantId;
use domain::chat::{Content, Conversation, Direction, Happening, Message, MessageAuthor, MessageStatus};
use domain::contact::Contact;
use futures::try_join;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Figures by day.
const CHAT: &str = "chat";
/// How things stand now.
const NOW: &str = "chat_now";
const WAITING: &str = "waiting";

/// Upper bounds of the classes in which waiting times are counted, in milliseconds.
const WAITS: [i64; 15] = [
    500,
    1_000,
    1_500,
    2_000,
    3_000,
    4_000,
    5_000,
    7_500,
    10_000,
    15_000,
    30_000,
    60_000,
    300_000,
    1_800_000,
    i64::MAX,
];

/// What chats came to in a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChatFigures {
    /// Messages of theirs.
    pub received: i64,
    /// Those of people of whom something was known.
    pub received_known: i64,
    /// Answers of the bot's.
    pub replies: i64,
    /// Those before which it was told something of the person.
    pub replies_known: i64,
    /// Those that call the person by name.
    pub replies_named: i64,
    /// Those that say that no answer could be made.
    pub fallbacks: i64,
    /// Those of which something was taken out, because nothing backed it.
    pub reviewed: i64,
    /// Messages that members wrote.
    pub by_members: i64,
    /// Messages that did not get there.
    pub failed: i64,
    /// Messages that were held back, by reason.
    pub withheld: BTreeMap<String, i64>,
    /// What happened beside messages, by its word.
    pub happened: BTreeMap<String, i64>,
    /// Ratings, by their number.
    pub ratings: BTreeMap<u8, i64>,
    /// People who became customers after a chat.
    pub conversions: i64,
    /// Answers by how long they were waited for: upper bound in milliseconds, and how many.
    pub waits: BTreeMap<i64, i64>,
}

fn counted(day: Date, what: impl std::fmt::Display) -> Row {
    Row::Counted { stat: CHAT, dimension: format!("{day}#{what}") }
}

pub(super) fn of_conversation(conversation: &Conversation) -> Vec<Row> {
    let waits = conversation.awaits_bot().then(|| WAITING.to_owned());
    let status = format!("status#{}", conversation.status.as_str());
    waits.into_iter().chain([status]).map(|dimension| Row::Counted { stat: NOW, dimension }).collect()
}

pub(super) fn of_message(message: &Message) -> Vec<Row> {
    let day = message.day;
    let (figures, delivery) = (&message.figures, &message.delivery);
    let mut rows = Vec::new();
    let mut count = |what: &str| rows.push(counted(day, what));
    match (&message.content, message.direction, &message.author) {
        (Content::Event { event, .. }, ..) => count(&format!("event#{}", event.as_str())),
        (_, Direction::Inbound, _) => {
            count("in");
            if figures.known {
                count("in_known");
            }
        }
        (_, Direction::Outbound, MessageAuthor::Bot) if delivery.status == MessageStatus::Withheld => {}
        (_, Direction::Outbound, MessageAuthor::Bot) => {
            count("bot");
            let marks = [
                ("bot_known", figures.known),
                ("bot_named", figures.named),
                ("bot_fallback", figures.fallback),
                ("bot_reviewed", figures.withheld_sentences > 0),
            ];
            marks.into_iter().filter(|(_, is)| *is).for_each(|(what, _)| count(what));
            if let Some(waited) = message.waited() {
                let ms = i64::try_from(waited.as_millis()).unwrap_or(i64::MAX);
                let class = WAITS.into_iter().find(|bound| ms <= *bound).unwrap_or(i64::MAX);
                count(&format!("wait#{class}"));
            }
        }
        (_, Direction::Outbound, author) => count(author.as_str()),
    }
    match delivery.status {
        MessageStatus::Failed => count("failed"),
        MessageStatus::Withheld => {
            count(&format!("withheld#{}", delivery.reason.as_deref().unwrap_or("unknown")));
        }
        _ => {}
    }
    rows
}

pub(super) fn of_feedback(feedback: &Feedback) -> Vec<Row> {
    vec![counted(feedback.day, format_args!("rating#{}", feedback.rating))]
}

/// That a chat made somebody a customer.
pub(super) fn of_contact(contact: &Contact) -> Option<Row> {
    contact.converted_by_chat.map(|chat| counted(chat.day, "converted"))
}

impl Store {
    /// What chats came to from one day to another, both included.
    pub async fn chat_figures(&self, tenant: &TenantId, from: Date, to: Date) -> Result<ChatFigures> {
        let counts = self.counts_between(tenant, CHAT, &from.to_string(), &format!("{to}#")).await?;
        let mut figures = ChatFigures::default();
        for (dimension, n) in counts {
            if let Some((_, what)) = dimension.split_once('#') {
                figures.add(what, n);
            }
        }
        Ok(figures)
    }

    /// What chats came to on one day, and how many conversations wait for the bot now.
    pub async fn chat_today(&self, tenant: &TenantId, day: Date) -> Result<(ChatFigures, i64)> {
        let (figures, now) = try_join!(self.chat_figures(tenant, day, day), self.counts(tenant, NOW))?;
        Ok((figures, now.get(WAITING).copied().unwrap_or_default()))
    }
}

impl ChatFigures {
    fn add(&mut self, what: &str, n: i64) {
        let (kind, rest) = what.split_once('#').unwrap_or((what, ""));
        match kind {
            "in" => self.received += n,
            "in_known" => self.received_known += n,
            "bot" => self.replies += n,
            "bot_known" => self.replies_known += n,
            "bot_named" => self.replies_named += n,
            "bot_fallback" => self.fallbacks += n,
            "bot_reviewed" => self.reviewed += n,
            "member" => self.by_members += n,
            "failed" => self.failed += n,
            "converted" => self.conversions += n,
            "withheld" => *self.withheld.entry(rest.to_owned()).or_default() += n,
            "event" => *self.happened.entry(rest.to_owned()).or_default() += n,
            "rating" => {
                if let Ok(rating) = rest.parse() {
                    *self.ratings.entry(rating).or_default() += n;
                }
            }
            "wait" => {
                if let Ok(wait) = rest.parse() {
                    *self.waits.entry(wait).or_default() += n;
                }
            }
            _ => {}
        }
    }

    /// How often something happened.
    pub fn times(&self, event: Happening) -> i64 {
        self.happened.get(event.as_str()).copied().unwrap_or_default()
    }
}
