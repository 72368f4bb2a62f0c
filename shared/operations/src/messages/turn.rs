//! Whether it is a message's turn.

use crate::context::Context;
use crate::error::Result;
use domain::MessageId;
use domain::chat::{Conversation, Message, MessageStatus};
use jiff::{SignedDuration, Timestamp};
use store::{Halt, Rate};

/// When a message looks again whether it is its turn.
const IN_TURN: SignedDuration = SignedDuration::from_secs(1);

/// Until when a message waits: for the provider, for those that were written before it, for its line, or for the person,
/// who has had enough for now. None if it may go.
pub(super) async fn waits_until(
    ctx: &Context,
    halt: Option<&Halt>,
    talk: &Conversation,
    id: MessageId,
    line: Option<(String, Rate)>,
) -> Result<Option<Timestamp>> {
    let now = ctx.now();
    if let Some(halt) = halt.filter(|halt| halt.until > now) {
        return Ok(Some(halt.until));
    }
    if let Some(until) = held_up_until(ctx, talk, id, now).await? {
        return Ok(Some(until));
    }
    busy_until(ctx, talk, line, now).await
}

/// Until when a message waits for those that were written before it; none if it waits for nobody.
async fn held_up_until(
    ctx: &Context,
    talk: &Conversation,
    id: MessageId,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let ahead = talk.line.ahead_of(id, now);
    if ahead.is_empty() {
        return Ok(None);
    }
    let ahead = ctx.store().get_many::<Message>(&ctx.tenant, &ahead).await?;
    let soonest = now + IN_TURN;
    let until = ahead.iter().filter_map(|message| match message.delivery.status {
        MessageStatus::Queued => Some(message.delivery.check_at.map_or(soonest, |at| at.max(soonest))),
        MessageStatus::Sending => Some(soonest),
        _ => None,
    });
    Ok(until.max())
}

/// Until when the line, or the person, has had enough; none if the message may go.
async fn busy_until(
    ctx: &Context,
    talk: &Conversation,
    line: Option<(String, Rate)>,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let Some((line, rate)) = line else { return Ok(None) };
    let next = talk.pace.next(now);
    if next > now {
        return Ok(Some(next));
    }
    let wait = ctx.store().count_use(&ctx.tenant, &line, rate, now).await?;
    Ok(wait.map(|secs| now + SignedDuration::from_secs(i64::from(secs))))
}
