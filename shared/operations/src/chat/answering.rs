//! The bot's answers: one at a time for each conversation, made of the present record, reviewed before they go.

use super::happened;
use super::ingest::ASKED_IN_CHAT;
use super::prompt::{self, Answer, REPLY_MAX, WISHES_MAX, Wish, WishKind};
use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::leads::{self, Lead};
use crate::{business_config, integrations, messages, next_actions, tasks};
use contracts::Job;
use domain::action::Card;
use domain::analysis::WishKind as TaskWish;
use domain::business::BusinessConfig;
use domain::chat::{
    Brief, Content, Conversation, Direction, FiguresOf, Happening, Lease, Message, MessageAuthor, Phrase,
    phrase, review,
};
use domain::contact::{Channel, Contact};
use domain::task::{Task, TaskPriority};
use domain::text::{folded, tidied};
use domain::{Author, ConversationId};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::{BotStatus, ContactRecord, Page, Stored, Transaction};

/// How many messages the model is shown.
const SHOWN: usize = 30;
/// How often an answer is made with the model, and how often at all: what cannot be stored is not made for ever.
const MODEL_TRIES_MAX: u32 = 2;
const TRIES_MAX: u32 = 5;
/// Until when a task of the bot's is to be looked at.
const LOOKED_AT: SignedDuration = SignedDuration::from_hours(1);

/// Answers what a person wrote, if it is the bot's to answer. `up_to` is the number of the message that this is about.
///
/// The right to answer is taken first, under the conversation's version, and ends by itself where whoever had it died.
/// Whatever fails on the way, the person gets an honest word and a member a task.
pub async fn answer(ctx: &Context, id: ConversationId, up_to: u64) -> Result<()> {
    let Some((talk, lease)) = retrying!(begin(ctx, id, up_to).await)? else { return Ok(()) };
    if lease.tries > TRIES_MAX {
        return retrying!(give_up(ctx, id, lease).await);
    }
    show_typing(ctx, &talk).await;
    match make(ctx, &talk, lease).await? {
        Some(made) => retrying!(finish(ctx, id, lease, &made).await),
        None => retrying!(give_up(ctx, id, lease).await),
    }
}

/// Leaves what was received unanswered: the person's record is gone, or no answer could be stored, as often as it was
/// made.
async fn give_up(ctx: &Context, id: ConversationId, lease: Lease) -> Result<()> {
    let Some(old) = ctx.store().get::<Conversation>(&ctx.tenant, &id).await? else { return Ok(()) };
    let mut talk = old.value.clone();
    if talk.end_answer(lease, ctx.now()).is_none() {
        return Ok(());
    }
    tracing::error!(conversation = %id, tries = lease.tries, "a message is left unanswered");
    let last_error = "a message was left unanswered".to_owned();
    let mut step = ctx.step();
    step.replace(&old, &talk)?;
    step.put(&BotStatus { last_error, at: ctx.now() })?;
    Ok(ctx.store().commit(step).await?)
}

async fn begin(ctx: &Context, id: ConversationId, up_to: u64) -> Result<Option<(Conversation, Lease)>> {
    let Some(old) = ctx.store().get::<Conversation>(&ctx.tenant, &id).await? else { return Ok(None) };
    let now = ctx.now();
    if !old.is_due(up_to, now) {
        return Ok(None);
    }
    let mut talk = old.value.clone();
    let lease = talk.begin_answer(now);
    let mut step = ctx.step();
    step.replace(&old, &talk)?;
    ctx.store().commit(step).await?;
    Ok(Some((talk, lease)))
}

/// Marks their message read and shows that an answer is on its way. A courtesy: what comes of it does not matter.
async fn show_typing(ctx: &Context, talk: &Conversation) {
    let Some(id) = talk.last_inbound_id.as_deref().filter(|_| talk.channel == Channel::Whatsapp) else {
        return;
    };
    let shown = async {
        let (client, _) = integrations::whatsapp(&ctx.platform, &ctx.tenant).await?;
        client.mark_read(id, true).await.map_err(Error::whatsapp)
    };
    if let Err(error) = shown.await {
        tracing::warn!(%error, "the message was not marked read");
    }
}

/// An answer, ready to be stored.
struct Made {
    text: String,
    language: Option<String>,
    wishes: Vec<Wish>,
    figures: FiguresOf,
    /// What a person has to look at, because the answer does not hold it: why, and what about.
    left: Option<(&'static str, String)>,
    error: Option<String>,
    config: BusinessConfig,
}

/// Makes an answer of what is known at this instant; none if the person's record is gone.
async fn make(ctx: &Context, talk: &Conversation, lease: Lease) -> Result<Option<Made>> {
    let page = Page { limit: SHOWN, cursor: None };
    let (settings, record, messages) =
        tokio::try_join!(business_config::get(ctx), leads::known_record(ctx, talk.contact_id), async {
            Ok(ctx.store().messages_in(&ctx.tenant, talk.id, &page).await?)
        },)?;
    let Some(record) = record else { return Ok(None) };
    let (config, mut messages) = (settings.value.config, messages.items);
    // What came since the right to this answer was taken gets one of its own.
    messages.retain(|message| message.number <= lease.up_to);
    let is_new = |message: &Message| message.number > talk.answered;
    let new: Vec<&Stored<Message>> = messages.iter().filter(|message| is_new(message)).collect();
    let asked_at = new.iter().map(|message| message.created_at).min();
    let ContactRecord { contact, open, history, .. } = &record;
    let brief = Brief { contact, open, history, config: &config, now: ctx.now() };
    let status = contact.status.as_str();
    tracing::info!(contact = %contact.id, status, "loaded customer context");
    let figures = FiguresOf { known: brief.knows_something(), asked_at, ..FiguresOf::default() };
    tracing::info!(contact = %contact.id, status, messages = new.len(), "generating a reply");
    let language = talk.language.clone().unwrap_or_else(|| config.chat.language.clone());
    let asked = match lease.tries {
        ..=MODEL_TRIES_MAX => ask(ctx, &brief, &config, &messages, is_new).await,
        _ => Err(Error::Internal("the answer could not be stored")),
    };
    let made = match asked {
        Ok(answer) => reviewed(&brief, &config, &messages, answer, figures, &language),
        Err(error) => {
            let reason = error.to_string();
            tracing::error!(error = reason, "no answer could be made");
            let asked = new.first().map(|message| message.preview().text).unwrap_or_default();
            Made {
                text: phrase(Phrase::Fallback, &language).to_owned(),
                language: None,
                wishes: Vec::new(),
                figures: FiguresOf { fallback: true, ..figures },
                left: Some(("Answer a customer: the bot could not", asked)),
                error: Some(reason),
                config: config.clone(),
            }
        }
    };
    tracing::info!(
        contact = %contact.id, status, named = made.figures.named, fallback = made.figures.fallback,
        withheld = made.figures.withheld_sentences, "generated a reply"
    );
    Ok(Some(made))
}

async fn ask(
    ctx: &Context,
    brief: &Brief<'_>,
    config: &BusinessConfig,
    messages: &[Stored<Message>],
    is_new: impl Fn(&Message) -> bool,
) -> Result<Answer> {
    let model = integrations::model(&ctx.platform, &ctx.tenant).await?;
    let completion = model.complete_json(&prompt::request(brief, config, messages, is_new)).await?;
    let answer = Answer::deserialize(completion.json).map_err(|_| Error::Model(llm::LlmError::NotJson))?;
    let says_something = answer.reply.chars().any(char::is_alphanumeric);
    if says_something { Ok(answer) } else { Err(Error::Model(llm::LlmError::NotJson)) }
}

/// Takes out of an answer what nothing backs, and says so where something was.
fn reviewed(
    brief: &Brief<'_>,
    config: &BusinessConfig,
    messages: &[Stored<Message>],
    answer: Answer,
    mut figures: FiguresOf,
    spoken: &str,
) -> Made {
    let Answer { reply, language, sentiment, next_step, actions } = answer;
    let language = Some(language.to_lowercase())
        .filter(|code| (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase()));
    let wishes = chosen(actions);
    let wants = |kinds: &[WishKind]| wishes.iter().any(|wish| kinds.contains(&wish.kind));
    let mut ground = brief.ground();
    for message in messages {
        let Some(words) = message.content.words() else { continue };
        match (message.direction, &message.author) {
            (Direction::Inbound, _) => ground.said(words),
            // What a colleague promised is promised.
            (Direction::Outbound, MessageAuthor::Member { .. }) => ground.fact(words),
            (Direction::Outbound, _) => {}
        }
    }
    ground.follow_up |= wants(&[WishKind::HandOver, WishKind::Task, WishKind::BookingRequest]);
    ground.takes_request = wants(&[WishKind::Task, WishKind::BookingRequest]);
    // Nobody who is upset is offered a next step.
    let next_step = next_step.filter(|step| sentiment != "negative" && !reply.contains(step.as_str()));
    let written = match next_step {
        Some(next_step) if !next_step.trim().is_empty() => {
            format!("{}\n\n{}", reply.trim(), next_step.trim())
        }
        _ => reply.trim().to_owned(),
    };
    let kept = review(&readable(&written), &ground);
    figures.withheld_sentences = u32::try_from(kept.claims.len()).unwrap_or(u32::MAX);
    let (mut text, mut left) = (kept.text, None);
    if let Some(claim) = kept.claims.first() {
        let passed_on = phrase(Phrase::PassedOn, language.as_deref().unwrap_or(spoken));
        text = if text.is_empty() { passed_on.to_owned() } else { format!("{text}\n\n{passed_on}") };
        let kinds: Vec<&str> = kept.claims.iter().map(|claim| claim.kind.as_str()).collect();
        tracing::warn!(kinds = kinds.join(","), "the model claimed what no record backs");
        left = Some((
            "Answer a customer: no record has it",
            format!("Not said ({}): {}", kinds.join(", "), claim.sentence),
        ));
    }
    let first_name = folded(&brief.contact.details.first_name);
    figures.named = !first_name.is_empty() && folded(&text).contains(&first_name);
    Made { text, language, wishes, figures, left, error: None, config: config.clone() }
}

/// Which of a model's wishes count: one of each kind, a few at most, and where they want no more messages nothing else.
fn chosen(actions: Vec<Wish>) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = Vec::new();
    for wish in actions {
        let is_new = wishes.iter().all(|known| known.kind != wish.kind || wish.kind == WishKind::Preference);
        if wish.kind != WishKind::Nothing && is_new && wishes.len() < WISHES_MAX {
            wishes.push(wish);
        }
    }
    let ends = wishes.iter().position(|wish| wish.kind == WishKind::WithdrawConsent);
    match ends {
        Some(ends) => vec![wishes.swap_remove(ends)],
        None => wishes,
    }
}

/// A text as it may be sent: without control characters but for line breaks, and not too long.
fn readable(text: &str) -> String {
    let lines = text.lines().map(|line| tidied(line, REPLY_MAX)).collect::<Vec<_>>().join("\n");
    domain::text::shortened(lines.trim(), REPLY_MAX)
}

/// Stores the answer with all that it brings, unless the right to it is gone: somebody took over, or it took too long.
async fn finish(ctx: &Context, id: ConversationId, lease: Lease, made: &Made) -> Result<()> {
    let Some(old) = ctx.store().get::<Conversation>(&ctx.tenant, &id).await? else { return Ok(()) };
    let record = leads::known_record(ctx, old.contact_id).await?;
    let Some(record) = record else { return give_up(ctx, id, lease).await };
    let now = ctx.now();
    let mut talk = old.value.clone();
    if talk.end_answer(lease, now).is_none() {
        return Ok(());
    }
    let mut contact = record.contact.value.clone();
    let mut step = ctx.step();
    if made.language.is_some() {
        talk.language.clone_from(&made.language);
    }
    talk.describe(&contact);
    let mut text = made.text.clone();
    for wish in &made.wishes {
        let answered = fulfil(ctx, &mut step, (&mut talk, &mut contact), &record, wish, &made.config).await?;
        text = answered.unwrap_or(text);
    }
    if let Some((title, detail)) = &made.left {
        create_task(ctx, &mut step, &record, (title, detail), None)?;
    }
    if let Some(error) = &made.error {
        step.put(&BotStatus { last_error: error.clone(), at: now })?;
    }
    let author = if talk.stopped_at.is_some() { MessageAuthor::System } else { MessageAuthor::Bot };
    let mut message =
        messages::queue(ctx, &mut step, &mut talk, author, Content::Text { text }, &made.config)?;
    let hands_over = made.wishes.iter().any(|wish| wish.kind == WishKind::HandOver);
    message.figures = FiguresOf { hands_over, ..made.figures.clone() };
    step.create(&message)?;
    if talk.awaits_bot() {
        // What came meanwhile gets an answer of its own.
        step.enqueue(Job::AnswerMessages { conversation: id, up_to: talk.received });
    }
    if contact == record.contact.value {
        step.require(&record.contact);
    } else {
        step.replace(&record.contact, &contact)?;
        let (before, after) = (Lead::of(&record.contact), Lead::of(&contact));
        ctx.audited(&mut step, "lead.updated", contact.id, Some(&before), Some(&after))?;
    }
    step.replace(&old, &talk)?;
    ctx.changed(&mut step, "conversation", id, "answered")?;
    Ok(ctx.store().commit(step).await?)
}

/// Does what the model wants, as far as it may be wanted: on this person's own record and nothing else. Answers what is
/// said instead of its reply, if something is.
async fn fulfil(
    ctx: &Context,
    step: &mut Transaction,
    (talk, contact): (&mut Conversation, &mut Contact),
    record: &ContactRecord,
    wish: &Wish,
    config: &BusinessConfig,
) -> Result<Option<String>> {
    let now = ctx.now();
    let text = tidied(&wish.text, 500);
    match wish.kind {
        WishKind::BookingRequest => {
            let before = record.open.iter().find_map(|card| match card {
                Card::Task { task_id, .. } if card.is_appointment() => Some(*task_id),
                _ => None,
            });
            let before = match before {
                Some(id) => ctx.store().get::<Task>(&ctx.tenant, &id).await?,
                None => None,
            };
            match before {
                Some(old) => {
                    let mut task = old.value.clone();
                    task.description =
                        domain::text::shortened(&format!("{text}\n{}", task.description), 2_000);
                    task.updated_at = now;
                    step.replace(&old, &task)?;
                    ctx.changed(step, "task", task.id, "updated")?;
                }
                None => {
                    create_task(ctx, step, record, ("Booking request", &text), Some(TaskWish::Appointment))?;
                }
            }
        }
        WishKind::Task => create_task(ctx, step, record, ("A wish from the chat", &text), None)?,
        WishKind::Note => step.create(&happened(ctx, talk, Happening::Noted, text, config))?,
        WishKind::Preference => {
            let name = tidied(wish.name.as_deref().unwrap_or_default(), 60);
            let evidence = talk.last_message.as_ref().map(|last| last.id.to_string()).unwrap_or_default();
            if !name.is_empty() && contact.details.preferences.len() < 50 {
                contact.fill_preference(&name, &tidied(&wish.text, 200), &evidence, now);
            }
        }
        WishKind::WithdrawConsent => {
            for channel in Channel::ALL {
                contact.suppress(channel, ASKED_IN_CHAT, Author::Ai, now);
            }
            contact.next_follow_up_at = None;
            if talk.stopped_at.replace(now).is_none() {
                next_actions::block_waiting(ctx, step, &record.open_calls()).await?;
                step.create(&happened(ctx, talk, Happening::OptedOut, String::new(), config))?;
            }
            let language = talk.language.as_deref().unwrap_or(&config.chat.language);
            return Ok(Some(phrase(Phrase::Stopped, language).to_owned()));
        }
        WishKind::HandOver => {
            create_task(ctx, step, record, ("A customer asks for a person", &text), None)?;
            step.create(&happened(ctx, talk, Happening::TakenOver, "bot".to_owned(), config))?;
            talk.hand_over(None, now);
        }
        WishKind::Nothing => {}
    }
    Ok(None)
}

/// Leaves a task for a person, unless one of that title is open: an hour without a model is one task.
fn create_task(
    ctx: &Context,
    step: &mut Transaction,
    record: &ContactRecord,
    (title, detail): (&str, &str),
    wish: Option<TaskWish>,
) -> Result<()> {
    if record.open.iter().any(|card| matches!(card, Card::Task { title: open, .. } if open == title)) {
        return Ok(());
    }
    let due: Option<Timestamp> = Some(ctx.now() + LOOKED_AT);
    let mut task = tasks::for_contact(ctx, record.contact.id, title, detail, due, TaskPriority::High);
    task.wish = wish;
    step.create(&task)?;
    ctx.changed(step, "task", task.id, "created")
}
