//! What may be written to a person, and what is begun by it.

use super::{Content, Conversation, ConversationStatus, Message, MessageAuthor};
use crate::business::BusinessConfig;
use crate::contact::{Channel, Contact};
use jiff::Timestamp;

/// Whether a message begins something, instead of answering: then it needs consent, and counts as a contact.
pub fn starts(message: &Message, talk: &Conversation, now: Timestamp) -> bool {
    let answers = talk.channel == Channel::Whatsapp && talk.is_window_open(now) && !advertises(message);
    !answers && message.author != MessageAuthor::System
}

fn advertises(message: &Message) -> bool {
    matches!(message.content, Content::Template { marketing: true, .. })
}

/// Why a message may not go, if so: asked when it is written, and again when it goes.
pub fn refusal(
    message: &Message,
    talk: &Conversation,
    contact: &Contact,
    config: &BusinessConfig,
    now: Timestamp,
) -> Option<&'static str> {
    // That nothing more will come is the one thing that may still be said.
    let is_confirmation = message.author == MessageAuthor::System;
    // The bot's last word before a person answers may still go, until one does.
    let is_last_word = message.figures.hands_over && talk.assignee.is_none();
    if message.author == MessageAuthor::Bot && talk.status == ConversationStatus::Human && !is_last_word {
        return Some("taken_over");
    }
    if message.author == MessageAuthor::Bot && !config.chat.enabled {
        return Some("bot_off");
    }
    if contact.suppression.contains_key(&talk.channel) && !is_confirmation {
        return Some("suppressed");
    }
    let is_free = !matches!(message.content, Content::Template { .. });
    if talk.channel == Channel::Whatsapp && is_free && !talk.is_window_open(now) {
        return Some("window_closed");
    }
    if advertises(message) && talk.marketing_held_until.is_some_and(|until| now < until) {
        return Some("withheld_by_provider");
    }
    if !starts(message, talk, now) {
        return None;
    }
    let consent = contact.consent.get(&talk.channel);
    if !consent.map_or(!config.calling.consent_required, |consent| consent.granted) {
        return Some("no_consent");
    }
    let allowed = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let pressed = contact.touches_within(24, now) >= allowed(config.calling.max_contacts_per_day)
        || contact.touches_within(7 * 24, now) >= allowed(config.calling.max_contacts_per_week);
    pressed.then_some("contact_pressure")
}
