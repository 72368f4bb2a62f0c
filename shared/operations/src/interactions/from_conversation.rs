//! Noting a conversation as an interaction, once.

use super::{InteractionView, spoke};
use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::{Page, conversations, leads};
use domain::chat::{Direction, Message};
use domain::contact::Channel;
use domain::interaction::{Interaction, InteractionChannel, InteractionType};
use domain::saved::SavedMessage;
use domain::{ContactId, ConversationId, Email, InteractionId, Invalid, Role, SavedConversationId, text};
use jiff::Timestamp;
use serde::Deserialize;
use store::Stored;
use utoipa::ToSchema;

/// How much of a conversation its summary holds where nobody wrote one: its end, in messages and in characters.
const MESSAGES: usize = 20;
const SUMMARY_MAX: usize = 4_000;

/// A conversation to note.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FromConversationInput {
    /// A saved conversation (`sav_…`), or one of the inbox (`cnv_…`).
    pub conversation_id: String,
    /// The client; whose conversation it is if not given.
    #[serde(default)]
    pub client_email: Option<Email>,
    /// Who of the business took part; who led the conversation if not given.
    #[serde(default)]
    pub team_member: Option<Email>,
    /// What was said, 10,000 characters at most; the end of the conversation if not given.
    #[serde(default)]
    pub summary: Option<String>,
}

/// What is known of a conversation.
struct Told {
    contact: Option<ContactId>,
    user_email: Option<Email>,
    kind: InteractionType,
    channel: InteractionChannel,
    team_member: Option<Email>,
    words: String,
    at: Timestamp,
}

/// Notes a conversation; whether it was noted now, or before.
pub async fn from_conversation(
    ctx: &Context,
    input: FromConversationInput,
) -> Result<(Stored<InteractionView>, bool)> {
    ctx.require(Role::Member)?;
    let summary = input.summary.as_deref().map(str::trim).filter(|summary| !summary.is_empty());
    let summary = summary.map(|summary| text::prose(summary, 10_000)).transpose();
    let summary = summary.map_err(|error| error.within("/summary"))?;
    let told = told(ctx, &input.conversation_id).await?;
    let email = input.client_email.clone().or(told.user_email);
    let client = match (&input.client_email, told.contact) {
        (None, Some(contact)) => Some(contact),
        _ => match &email {
            Some(email) => ctx.store().contact_with_email(&ctx.tenant, email).await?,
            None => None,
        },
    };
    let client = client.ok_or(Error::NotFound("client"))?;
    let now = ctx.now();
    retrying!(
        async {
            let noted = ctx.store().interaction_of(&ctx.tenant, &input.conversation_id).await?;
            if let Some(noted) = noted {
                let (value, version) = (InteractionView::of(&noted), noted.version);
                return Ok((Stored { value, version }, false));
            }
            let client = leads::find(ctx, client).await?;
            let id: InteractionId = ctx.new_id();
            let interaction = Interaction {
                conversation: Some(input.conversation_id.clone()),
                channel: Some(told.channel),
                subject: "Conversation".to_owned(),
                summary: summary.clone().unwrap_or_else(|| told.words.clone()),
                team_member: input.team_member.clone().or_else(|| told.team_member.clone()),
                at: told.at,
                ..Interaction::new(id, client.id, told.kind, ctx.actor.name(), now)
            };
            let view = InteractionView::of(&interaction);
            let mut step = ctx.step();
            spoke(&mut step, &client, &interaction)?;
            step.create(&interaction)?;
            ctx.audited(&mut step, "interaction.created", id, None, Some(&view))?;
            match ctx.store().commit(step).await {
                // It was noted beside us.
                Err(store::Error::Taken { .. }) => Err(Error::Stale),
                other => Ok(other.map(|()| (Stored { value: view, version: 1 }, true))?),
            }
        }
        .await
    )
}

async fn told(ctx: &Context, id: &str) -> Result<Told> {
    if let Ok(id) = id.parse::<SavedConversationId>() {
        let found = ctx.store().saved_conversation(&ctx.tenant, id).await?;
        let (saved, messages) = found.ok_or(Error::NotFound("saved conversation"))?;
        let lines = messages.iter().rev().take(MESSAGES).rev();
        let lines = lines.map(|SavedMessage { role, content }| format!("{role}: {content}"));
        return Ok(Told {
            contact: None,
            user_email: Some(saved.user_email.clone()),
            kind: InteractionType::Chat,
            channel: InteractionChannel::Web,
            team_member: saved.team_member.clone(),
            words: ended(lines.collect()),
            at: saved.updated_at,
        });
    }
    let Ok(id) = id.parse::<ConversationId>() else {
        let message = "is neither a saved conversation (sav_…) nor one of the inbox (cnv_…)";
        return Err(Invalid::at("/conversation_id", message).into());
    };
    let latest = Page { limit: MESSAGES, cursor: None };
    let (talk, messages) = tokio::try_join!(conversations::find(ctx, id), async {
        Ok(ctx.store().messages_in(&ctx.tenant, id, &latest).await?)
    })?;
    let (kind, channel) = match talk.channel {
        Channel::Whatsapp => (InteractionType::Whatsapp, InteractionChannel::Whatsapp),
        Channel::Email => (InteractionType::Email, InteractionChannel::Email),
        Channel::Sms | Channel::Voice => (InteractionType::Chat, InteractionChannel::Phone),
    };
    Ok(Told {
        contact: Some(talk.contact_id),
        user_email: None,
        kind,
        channel,
        team_member: talk.assignee.as_deref().and_then(|assignee| assignee.parse().ok()),
        words: ended(messages.items.iter().rev().map(|message| line_of(message)).collect()),
        at: messages.items.first().map_or(talk.updated_at, |message| message.at),
    })
}

fn line_of(message: &Message) -> String {
    let who = if message.direction == Direction::Inbound { "user" } else { message.author.as_str() };
    format!("{who}: {}", message.content.shown())
}

/// The end of a conversation, whole lines of it.
fn ended(lines: Vec<String>) -> String {
    let mut kept = Vec::new();
    let mut room = SUMMARY_MAX;
    for line in lines.iter().rev() {
        let line = text::shortened(line, SUMMARY_MAX / 2);
        let length = line.chars().count() + 1;
        if length > room {
            break;
        }
        room -= length;
        kept.push(line);
    }
    kept.reverse();
    kept.join("\n")
}
