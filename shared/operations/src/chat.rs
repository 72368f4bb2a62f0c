//! Conversations in writing: what comes in is kept and answered, in order, once.
//!
//! [`ingest`] takes in what the provider tells and wakes [`answering`], which makes one answer at a time for each
//! conversation and leaves the sending to [`crate::messages`].

pub mod answering;
pub mod ingest;
mod people;
mod prompt;
mod statuses;

use crate::context::Context;
use domain::MessageId;
use domain::business::BusinessConfig;
use domain::chat::{
    Content, Conversation, Delivery, Direction, FiguresOf, Happening, Message, MessageAuthor, MessageStatus,
};
use jiff::Timestamp;

/// A message of ours that is to be sent.
pub(crate) fn outgoing(
    ctx: &Context,
    conversation: &Conversation,
    author: MessageAuthor,
    content: Content,
    config: &BusinessConfig,
) -> Message {
    let now = ctx.now();
    written(ctx, conversation, (Direction::Outbound, author), content, config, now, MessageStatus::Queued)
}

/// A line about what happened.
pub(crate) fn happened(
    ctx: &Context,
    conversation: &Conversation,
    event: Happening,
    detail: String,
    config: &BusinessConfig,
) -> Message {
    let content = Content::Event { event, detail };
    let by = (Direction::Outbound, MessageAuthor::System);
    written(ctx, conversation, by, content, config, ctx.now(), MessageStatus::Noted)
}

/// A message that was written at an instant.
pub(crate) fn written(
    ctx: &Context,
    conversation: &Conversation,
    (direction, author): (Direction, MessageAuthor),
    content: Content,
    config: &BusinessConfig,
    at: Timestamp,
    status: MessageStatus,
) -> Message {
    Message {
        id: MessageId { conversation: conversation.id, ulid: ctx.platform.ids.ulid(at) },
        contact_id: conversation.contact_id,
        channel: conversation.channel,
        direction,
        author,
        content,
        at,
        day: config.day_of(at),
        number: 0,
        provider_id: None,
        reply_to: None,
        delivery: Delivery::begun(status, at),
        figures: FiguresOf::default(),
        created_at: ctx.now(),
    }
}
