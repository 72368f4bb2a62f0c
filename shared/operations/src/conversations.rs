//! The inbox: what people and the business write to each other, for those who work here.

use crate::chat::happened;
use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::messages::{self, SMS_MAX};
use crate::{Listing, Page, business_config, leads, whatsapp_templates};
use domain::business::BusinessConfig;
use domain::chat::{
    Content, Conversation, ConversationStatus, Direction, Fault, Happening, Message, MessageAuthor,
    MessageStatus, Preview, StatusAt, refusal,
};
use domain::contact::{Channel, Contact};
use domain::{ContactId, ConversationId, Email, Invalid, MessageId, Phone, Role, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{ConversationFilter, Feedback, Stored};
use utoipa::{IntoParams, ToSchema};

/// How long a text may be, in characters: WhatsApp's own limit.
const TEXT_MAX: usize = 4_096;

/// Which conversations to show.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct ConversationSearch {
    /// Who answers.
    #[param(inline)]
    pub status: Option<ConversationStatus>,
    /// The member who answers, as `assignee` shows them.
    pub assignee: Option<String>,
    /// Where they are held: whatsapp, sms or email.
    #[param(value_type = Option<String>)]
    pub channel: Option<Channel>,
}

impl ConversationSearch {
    /// The parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 3] {
        [
            ("status", self.status.map(|status| status.as_str().to_owned())),
            ("assignee", self.assignee.clone()),
            ("channel", self.channel.map(|channel| channel.as_str().to_owned())),
        ]
    }
}

/// A conversation as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConversationView {
    /// Its id.
    pub id: ConversationId,
    /// With whom it is.
    pub contact_id: ContactId,
    /// What they are called.
    pub name: String,
    /// Their number, if it is known.
    #[schema(value_type = Option<String>, required)]
    pub phone: Option<Phone>,
    /// Where it is held.
    pub channel: Channel,
    /// Who answers.
    pub status: ConversationStatus,
    /// The member who answers, if one does.
    #[schema(required)]
    pub assignee: Option<String>,
    /// The latest message.
    #[schema(required)]
    pub last_message: Option<Preview>,
    /// When they last wrote.
    #[schema(value_type = Option<String>, required)]
    pub last_inbound_at: Option<Timestamp>,
    /// Whether free text may be sent now. If not, a template may.
    pub window_open: bool,
    /// Until when free text may be sent; null where it may not, or always.
    #[schema(value_type = Option<String>, required)]
    pub window_until: Option<Timestamp>,
    /// Since when they want no messages.
    #[schema(value_type = Option<String>, required)]
    pub opted_out_at: Option<Timestamp>,
    /// In which language they write, as far as it was noticed.
    #[schema(required)]
    pub language: Option<String>,
    /// When it began.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// A message as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// Who wrote to whom.
    pub direction: Direction,
    /// Who wrote it.
    pub author: MessageAuthor,
    /// What it says: `kind` and its parts.
    pub content: Content,
    /// The same in words.
    pub text: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// Where it stood, and when, oldest first.
    pub statuses: Vec<StatusAt>,
    /// Why it was held back or given up, if so.
    #[schema(required)]
    pub reason: Option<String>,
    /// What the provider found wrong, if it did.
    #[schema(required)]
    pub fault: Option<Fault>,
    /// The provider's id of it.
    #[schema(required)]
    pub provider_id: Option<String>,
    /// The provider's id of the message that it quotes.
    #[schema(required)]
    pub reply_to: Option<String>,
    /// When it was written.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// A conversation with its messages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConversationDetails {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: ConversationView,
    /// One page of its messages, the newest first.
    pub messages: Vec<MessageView>,
    /// Where the next page begins, for `?cursor=`, if there may be more.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// What a member wants to send: a text or a template.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MessageInput {
    /// The text, 4,096 characters at most, 1,600 of an SMS.
    pub text: Option<String>,
    /// Of an e-mail: its subject.
    pub subject: Option<String>,
    /// A template of the catalogue.
    pub template: Option<TemplateInput>,
}

/// A template, and what fills it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateInput {
    /// Its name.
    pub name: String,
    /// Its language, as the catalogue has it.
    pub language: String,
    /// What fills its places, in order.
    #[serde(default)]
    pub parameters: Vec<String>,
}

/// Whom to write to first, and what.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// To whom.
    pub contact_id: ContactId,
    /// Where: whatsapp, sms or email.
    #[serde(default = "whatsapp")]
    pub channel: Channel,
    /// The text, 4,096 characters at most, 1,600 of an SMS.
    #[serde(default)]
    pub text: Option<String>,
    /// Of an e-mail: its subject.
    #[serde(default)]
    pub subject: Option<String>,
    /// A template of the catalogue.
    #[serde(default)]
    pub template: Option<TemplateInput>,
}

fn whatsapp() -> Channel {
    Channel::Whatsapp
}

/// Who takes a conversation over.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TakeoverInput {
    /// The member who answers; whoever asks if not given.
    pub assignee: Option<Email>,
}

/// What somebody thinks of a conversation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackInput {
    /// From 1, bad, to 5, good.
    pub rating: u8,
    /// In words, 2,000 characters at most.
    #[serde(default)]
    pub comment: String,
    /// The message that it is about, if it is about one.
    #[serde(default)]
    pub message_id: Option<MessageId>,
}

/// Conversations, the one with the newest message first.
pub async fn list(
    ctx: &Context,
    search: &ConversationSearch,
    page: &Page,
) -> Result<Listing<ConversationView>> {
    ctx.require(Role::Viewer)?;
    let ConversationSearch { status, assignee, channel } = search.clone();
    let filter = ConversationFilter { status, assignee, channel };
    let listing = ctx.store().conversations(&ctx.tenant, &filter, page).await?;
    let now = ctx.now();
    let items = listing.items.iter().map(|talk| ConversationView::of(talk, now)).collect();
    Ok(Listing { items, next: listing.next })
}

/// One conversation with a page of its messages.
pub async fn get(ctx: &Context, id: ConversationId, page: &Page) -> Result<ConversationDetails> {
    ctx.require(Role::Viewer)?;
    let (talk, messages) = tokio::try_join!(find(ctx, id), said(ctx, id, page))?;
    Ok(ConversationDetails {
        conversation: ConversationView::of(&talk, ctx.now()),
        messages: messages.items.into_iter().map(|message| MessageView::of(message.value)).collect(),
        next_cursor: messages.next,
    })
}

/// Has a person answer from now on; the bot is silent at once, also where it is about to answer.
pub async fn take_over(ctx: &Context, id: ConversationId, input: TakeoverInput) -> Result<ConversationView> {
    ctx.require(Role::Member)?;
    let assignee = input.assignee.map_or_else(|| ctx.actor.name(), |email| email.to_string());
    let take_over = |talk: &mut Conversation| {
        let is_news = talk.status == ConversationStatus::Bot || talk.assignee.as_deref() != Some(&assignee);
        talk.hand_over(Some(assignee.clone()), ctx.now());
        is_news.then(|| (Happening::TakenOver, assignee.clone()))
    };
    change(ctx, id, "conversation.taken_over", take_over).await
}

/// Has the bot answer what comes from now on.
pub async fn release(ctx: &Context, id: ConversationId) -> Result<ConversationView> {
    ctx.require(Role::Member)?;
    let release = |talk: &mut Conversation| {
        let is_news = talk.status == ConversationStatus::Human;
        talk.release(ctx.now());
        is_news.then(|| (Happening::Released, ctx.actor.name()))
    };
    change(ctx, id, "conversation.released", release).await
}

/// Changes a conversation, and writes a line about it where that is news.
async fn change(
    ctx: &Context,
    id: ConversationId,
    action: &str,
    change: impl Fn(&mut Conversation) -> Option<(Happening, String)>,
) -> Result<ConversationView> {
    retrying!(
        async {
            let (settings, old) = tokio::try_join!(business_config::get(ctx), find(ctx, id))?;
            let mut talk = old.value.clone();
            let news = change(&mut talk);
            let view = ConversationView::of(&talk, ctx.now());
            let Some((event, detail)) = news else { return Ok(view) };
            let mut step = ctx.step();
            step.replace(&old, &talk)?;
            step.create(&happened(ctx, &talk, event, detail, &settings.config))?;
            let before = ConversationView::of(&old, ctx.now());
            ctx.audited(&mut step, action, id, Some(&before), Some(&view))?;
            ctx.store().commit(step).await?;
            Ok(view)
        }
        .await
    )
}

/// Queues a member's message, or says why it may not go. Whoever writes has the conversation from then on.
pub async fn send(ctx: &Context, id: ConversationId, input: MessageInput) -> Result<MessageView> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let (settings, old) = tokio::try_join!(business_config::get(ctx), find(ctx, id))?;
            let contact = leads::named(ctx, old.contact_id).await?;
            let content = content(ctx, old.channel, &input).await?;
            write(ctx, Some(&old), old.value.clone(), &contact, content, &settings.config).await
        }
        .await
    )
}

/// Queues a member's message to a contact with whom there may be no conversation yet, or says why it may not go.
pub async fn start(ctx: &Context, input: NewMessage) -> Result<MessageView> {
    ctx.require(Role::Member)?;
    let NewMessage { contact_id, channel, text, subject, template } = input;
    if channel == Channel::Voice {
        return Err(Invalid::at(
            "/channel",
            "must be whatsapp, sms or email; a call is asked for by POST /calls",
        )
        .into());
    }
    let input = MessageInput { text, subject, template };
    retrying!(
        async {
            let (settings, contact) =
                tokio::try_join!(business_config::get(ctx), leads::named(ctx, contact_id))?;
            let old = ctx.store().conversation_with(&ctx.tenant, contact.id, channel).await?;
            let content = content(ctx, channel, &input).await?;
            let talk = old.as_ref().map_or_else(
                || Conversation::new(ctx.new_id(), contact.id, channel, ctx.now()),
                |old| old.value.clone(),
            );
            match write(ctx, old.as_ref(), talk, &contact, content, &settings.config).await {
                // Somebody else began it at this moment.
                Err(Error::Store(store::Error::Taken { .. })) => Err(Error::Stale),
                other => other,
            }
        }
        .await
    )
}

async fn write(
    ctx: &Context,
    old: Option<&Stored<Conversation>>,
    mut talk: Conversation,
    contact: &Stored<Contact>,
    content: Content,
    config: &BusinessConfig,
) -> Result<MessageView> {
    talk.describe(contact);
    let author = MessageAuthor::Member { name: ctx.actor.name() };
    let mut step = ctx.step();
    let before = talk.clone();
    // The bot does not talk over a person.
    talk.hand_over(Some(ctx.actor.name()), ctx.now());
    if before.status == ConversationStatus::Bot && old.is_some() {
        step.create(&happened(ctx, &talk, Happening::TakenOver, ctx.actor.name(), config))?;
        let [bots, persons] = [&before, &talk].map(|talk| ConversationView::of(talk, ctx.now()));
        ctx.audited(&mut step, "conversation.taken_over", talk.id, Some(&bots), Some(&persons))?;
    }
    let message = messages::queue(ctx, &mut step, &mut talk, author, content, config)?;
    if let Some(reason) = refusal(&message, &before, contact, config, ctx.now()) {
        if reason == "window_closed" && old.is_some() {
            let mut refused = ctx.step();
            refused.create(&happened(ctx, &before, Happening::WindowRefused, ctx.actor.name(), config))?;
            ctx.store().commit(refused).await?;
        }
        return Err(Error::Withheld { reason, detail: advice(reason) });
    }
    step.create(&message)?;
    step.save(old, &talk)?;
    ctx.changed(&mut step, "conversation", talk.id, "updated")?;
    let view = MessageView::of(message);
    ctx.remember(&mut step, 202, &view)?;
    ctx.store().commit(step).await?;
    Ok(view)
}

/// What to do where a rule says no.
fn advice(reason: &str) -> &'static str {
    match reason {
        "window_closed" => {
            "They last wrote more than 24 hours ago, so that WhatsApp takes no free text; send an approved template."
        }
        "suppressed" => "They do not want to hear from us on this channel.",
        "no_consent" => "They have not agreed to be contacted on this channel.",
        "withheld_by_provider" => "WhatsApp keeps advertisements from them for now; try again in a day.",
        "contact_pressure" => "They were contacted as often as the rules permit; try again later.",
        _ => "It may not be sent now.",
    }
}

/// What a member wants to say, checked.
async fn content(ctx: &Context, channel: Channel, input: &MessageInput) -> Result<Content> {
    let MessageInput { text, subject, template } = input;
    let max = if channel == Channel::Sms { SMS_MAX } else { TEXT_MAX };
    let written = |text: &str| {
        let text = text::prose(text.trim(), max).map_err(|e| e.within("/text"))?;
        if text.is_empty() { Err(Invalid::at("/text", "must not be empty")) } else { Ok(text) }
    };
    if channel != Channel::Email && subject.is_some() {
        return Err(Invalid::at("/subject", "is of an e-mail only").into());
    }
    match (channel, text, template) {
        (_, Some(_), Some(_)) | (_, None, None) => {
            Err(Invalid::new("needs either a text or a template").into())
        }
        (Channel::Whatsapp, None, Some(template)) => whatsapp_templates::fill(ctx, template).await,
        (_, None, Some(_)) => Err(Invalid::at("/template", "is of WhatsApp only").into()),
        (Channel::Email, Some(text), None) => {
            let subject =
                text::line(subject.as_deref().unwrap_or_default(), 200).map_err(|e| e.within("/subject"))?;
            Ok(Content::Email { subject, text: written(text)? })
        }
        (_, Some(text), None) => Ok(Content::Text { text: written(text)? }),
    }
}

/// Keeps what somebody thinks of a conversation.
pub async fn give_feedback(ctx: &Context, id: ConversationId, input: FeedbackInput) -> Result<()> {
    ctx.require(Role::Member)?;
    if !(1..=5).contains(&input.rating) {
        return Err(Invalid::at("/rating", "must be from 1 to 5").into());
    }
    if input.message_id.is_some_and(|message| message.conversation != id) {
        return Err(Invalid::at("/message_id", "is no message of this conversation").into());
    }
    let comment = text::prose(&input.comment, 2_000).map_err(|e| e.within("/comment"))?;
    let at = ctx.now();
    let ulid = ctx.platform.ids.ulid(at);
    retrying!(
        async {
            let (settings, talk) = tokio::try_join!(business_config::get(ctx), find(ctx, id))?;
            let feedback = Feedback {
                conversation: id,
                ulid,
                rating: input.rating,
                comment: comment.clone(),
                message_id: input.message_id,
                by: ctx.actor.name(),
                day: settings.config.day_of(at),
                at,
            };
            let mut step = ctx.step();
            // It goes with the conversation, and so must not come after it.
            step.require(&talk);
            step.create(&feedback)?;
            ctx.changed(&mut step, "conversation", id, "rated")?;
            ctx.remember(&mut step, 204, &())?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

async fn said(ctx: &Context, id: ConversationId, page: &Page) -> Result<Listing<Stored<Message>>> {
    Ok(ctx.store().messages_in(&ctx.tenant, id, page).await?)
}

pub(crate) async fn find(ctx: &Context, id: ConversationId) -> Result<Stored<Conversation>> {
    ctx.store().get(&ctx.tenant, &id).await?.ok_or(Error::NotFound("conversation"))
}

impl ConversationView {
    fn of(talk: &Conversation, now: Timestamp) -> Self {
        let window_until =
            talk.window_until().filter(|until| talk.channel == Channel::Whatsapp && now < *until);
        let talk = talk.clone();
        Self {
            window_open: talk.is_window_open(now),
            window_until,
            id: talk.id,
            contact_id: talk.contact_id,
            name: talk.name,
            phone: talk.phone,
            channel: talk.channel,
            status: talk.status,
            assignee: talk.assignee,
            last_message: talk.last_message,
            last_inbound_at: talk.last_inbound_at,
            opted_out_at: talk.stopped_at,
            language: talk.language,
            created_at: talk.created_at,
            updated_at: talk.updated_at,
        }
    }
}

impl MessageView {
    fn of(message: Message) -> Self {
        Self {
            text: message.content.shown(),
            id: message.id,
            direction: message.direction,
            author: message.author,
            content: message.content,
            status: message.delivery.status,
            statuses: message.delivery.history,
            reason: message.delivery.reason,
            fault: message.delivery.fault,
            provider_id: message.provider_id,
            reply_to: message.reply_to,
            at: message.at,
        }
    }
}
