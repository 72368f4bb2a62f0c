//! Messages of ours on their way: one effect for each, and what became of it.

mod request;
mod turn;

use crate::chat::{happened, outgoing};
use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::{business_config, integrations, leads, tasks};
use contracts::Job;
use domain::business::BusinessConfig;
use domain::chat::{
    Content, Conversation, Fault, Happening, Message, MessageAuthor, MessageStatus, Place, refusal, starts,
};
use domain::contact::Channel;
use domain::task::TaskPriority;
use domain::{MessageId, text};
use jiff::{SignedDuration, Timestamp};
use provider::ProviderError;
use request::{Prepared, Request};
use store::{BotStatus, Halt, Integration, Stored, Transaction};
use whatsapp::Consequence;

/// How long WhatsApp may keep silent about a message whose sending it did not answer: its statuses come within
/// seconds, and repeated for days.
const SILENCE: SignedDuration = SignedDuration::from_mins(10);
/// How far off a message may be put at a time: a queue delays no longer than a quarter of an hour.
const LOOKED_AT: SignedDuration = SignedDuration::from_mins(10);
/// How long nothing is sent after the provider said that it must stop.
const HALT: SignedDuration = SignedDuration::from_hours(1);
/// How long nobody is sent an advertisement again from whom Meta held one back.
const MARKETING_HOLD: SignedDuration = SignedDuration::from_hours(24);
/// How long an SMS may be, in characters: the limit of AWS End User Messaging.
pub(crate) const SMS_MAX: usize = 1_600;
/// How often a message is put off before it is given up.
const PUT_OFF_MAX: u32 = 8;

/// What is known of a message's fate.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// It stands here now.
    Stands(Place),
    /// The provider has taken it, and knows it by this id.
    Taken {
        /// Where it stands.
        place: Place,
        /// The person's number as the provider spells it, if it said so.
        wa_id: Option<String>,
    },
    /// The provider took no notice of it.
    NeverWas {
        /// When to try again.
        until: Timestamp,
        /// Whether the person gets too much for now, and nothing else of ours either.
        is_pause: bool,
    },
    /// It did not get there.
    Failed {
        /// Where it stands.
        place: Place,
        /// What the provider's code asks for.
        consequence: Consequence,
    },
}

/// Sends a message that waits, or looks after one of which nothing was heard. The intent is stored before the request
/// leaves: whoever comes second finds the message on its way and does nothing.
pub async fn send(ctx: &Context, id: MessageId) -> Result<()> {
    let Some(ready) = retrying!(prepare(ctx, id).await)? else { return Ok(()) };
    let Ready { message, config, request } = ready;
    let known = match request.send(ctx.now()).await {
        Ok(taken) => {
            let place = Place::at(MessageStatus::Sent, ctx.now());
            Some((Outcome::Taken { place, wa_id: taken.wa_id }, Some(taken.id)))
        }
        Err(error) if error.effect_unknown() => None,
        Err(error) => Some((refused(ctx, &message, &error), None)),
    };
    let Some((outcome, provider_id)) = known else {
        tracing::warn!(message = %id, "nobody knows whether the message was sent");
        return Ok(());
    };
    conclude(ctx, message, outcome, provider_id.as_deref(), &config).await
}

/// A message whose intent is stored, and all that its one request needs.
struct Ready {
    message: Stored<Message>,
    config: BusinessConfig,
    request: Request,
}

/// Asks the rules once more and stores the intent; none if the message is not to be sent now.
async fn prepare(ctx: &Context, id: MessageId) -> Result<Option<Ready>> {
    let Some(old) = ctx.store().get::<Message>(&ctx.tenant, &id).await? else { return Ok(None) };
    let now = ctx.now();
    let is_time = old.delivery.check_at.is_none_or(|at| at <= now);
    match old.delivery.status {
        MessageStatus::Queued if is_time => {}
        MessageStatus::Sending if is_time => return silent(ctx, old).await.map(|()| None),
        _ => return Ok(None),
    }
    let (settings, talk, contact, halt) = tokio::try_join!(
        business_config::get(ctx),
        async { Ok(ctx.store().get::<Conversation>(&ctx.tenant, &id.conversation).await?) },
        leads::known(ctx, old.contact_id),
        async { Ok(ctx.store().get::<Halt>(&ctx.tenant, &old.channel).await?) },
    )?;
    let config = settings.value.config;
    let Some(talk) = talk else { return Ok(None) };
    // Who has another number since is written to there, and has not written from it.
    let mut present = talk.value.clone();
    if let Some(contact) = &contact {
        present.describe(contact);
    }
    let refusal = match &contact {
        Some(contact) => refusal(&old, &present, contact, &config, now),
        None => Some("no_contact"),
    };
    let found = match (&contact, refusal) {
        (Some(contact), None) => request::of(ctx, &old, &present, contact).await?,
        (_, refusal) => Err(refusal.unwrap_or("no_contact")),
    };
    let (contact, Prepared { request, line }) = match (contact, found) {
        (Some(contact), Ok(prepared)) => (contact, prepared),
        (_, found) => {
            let reason = found.err().unwrap_or("no_contact");
            let withheld = Outcome::Stands(Place::because(MessageStatus::Withheld, now, reason));
            return conclude(ctx, old, withheld, None, &config).await.map(|()| None);
        }
    };
    let mut message = old.value.clone();
    let mut step = ctx.step();
    if let Some(until) = turn::waits_until(ctx, halt.as_deref(), &present, id, line).await? {
        message.delivery.wait(until);
        step.replace(&old, &message)?;
        step.enqueue_at(Job::SendMessage { message: id }, until.min(now + LOOKED_AT));
        ctx.store().commit(step).await?;
        return Ok(None);
    }
    if message.delivery.advance(Place::at(MessageStatus::Sending, now)).is_none() {
        return Ok(None);
    }
    message.delivery.wait(now + SILENCE);
    step.replace(&old, &message)?;
    let mut left = present.clone();
    left.line.leave(id, now);
    if talk.channel == Channel::Whatsapp {
        left.pace.count(now);
    }
    step.replace(&talk, &left)?;
    if starts(&message, &present, now) {
        let mut touched = contact.value.clone();
        touched.touch(now);
        step.replace(&contact, &touched)?;
    } else {
        // What they shut between the question and the sending holds.
        step.require(&contact);
    }
    ctx.store().commit(step).await?;
    let message = Stored { value: message, version: old.version + 1 };
    Ok(Some(Ready { message, config, request }))
}

/// What follows from a refusal: what the provider took no notice of is tried again, all else failed.
fn refused(ctx: &Context, message: &Message, error: &ProviderError) -> Outcome {
    let now = ctx.now();
    tracing::warn!(message = %message.id, %error, "the message was not sent");
    let put_off = message.delivery.put_off;
    let consequence = request::consequence(message.channel, error);
    let wait = match consequence {
        // WhatsApp's own rule: 4^n seconds for a person who gets too much.
        Consequence::WaitForPair => Some(4_i64.saturating_pow(put_off + 1)),
        Consequence::BackOff | Consequence::Retry => Some(2_i64.saturating_pow(put_off + 1)),
        _ if matches!(error, ProviderError::Unreachable) => Some(2_i64.saturating_pow(put_off + 1)),
        _ => None,
    };
    if let Some(secs) = wait.filter(|_| put_off < PUT_OFF_MAX) {
        let asked =
            error.retry_after().and_then(|after| i64::try_from(after.as_secs()).ok()).unwrap_or_default();
        let until = now + SignedDuration::from_secs(secs.max(asked)).min(LOOKED_AT);
        return Outcome::NeverWas { until, is_pause: consequence == Consequence::WaitForPair };
    }
    let fault = match error {
        ProviderError::Rejected { code, message, .. } => {
            Some(Fault { code: code.clone(), detail: text::tidied(message, 200) })
        }
        _ => None,
    };
    let place = Place { fault, ..Place::because(MessageStatus::Failed, now, reason_of(consequence)) };
    Outcome::Failed { place, consequence }
}

/// Why a message failed, in a word of ours.
pub(crate) fn reason_of(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Alarm => "account",
        Consequence::BackOff | Consequence::WaitForPair | Consequence::Retry => "provider_busy",
        Consequence::Undeliverable => "undeliverable",
        Consequence::WindowClosed => "window_closed",
        Consequence::Stop => "blocked_by_provider",
        Consequence::Withheld => "withheld_by_provider",
        Consequence::OptedOut => "opted_out_of_marketing",
        Consequence::UsePhone => "phone_needed",
        Consequence::FixTemplate => "template",
        Consequence::NoRetry | Consequence::Unknown => "rejected",
    }
}

/// Nothing was heard of a message: nobody knows whether it was sent, so nobody sends it again. A person looks.
async fn silent(ctx: &Context, old: Stored<Message>) -> Result<()> {
    let mut message = old.value.clone();
    let place = Place::because(MessageStatus::Ambiguous, ctx.now(), "no_answer");
    if message.delivery.advance(place).is_none() {
        return Ok(());
    }
    let mut step = ctx.step();
    step.replace(&old, &message)?;
    let detail = format!("The provider did not say whether it took this message: {}", message.preview().text);
    for_person(ctx, &mut step, &message, "Check whether a message was sent", &detail)?;
    ctx.changed(&mut step, "message", message.id, message.delivery.status.as_str())?;
    ctx.store().commit(step).await?;
    tracing::error!(target: "metric", metric = "message", outcome = "ambiguous", duration_ms = 0_u64, "ambiguous");
    Ok(())
}

/// Leaves a task about a message.
fn for_person(
    ctx: &Context,
    step: &mut Transaction,
    message: &Message,
    title: &str,
    detail: &str,
) -> Result<()> {
    let due = Some(ctx.now() + SignedDuration::from_hours(1));
    let task = tasks::for_contact(ctx, message.contact_id, title, detail, due, TaskPriority::High);
    step.create(&task)?;
    ctx.changed(step, "task", task.id, "created")
}

/// Stores what is known of a message's fate, with all that follows from it. News that is older than what is known
/// changes nothing but the provider's id, where that was not known. `known` is the message as it was read last.
pub(crate) async fn conclude(
    ctx: &Context,
    known: Stored<Message>,
    outcome: Outcome,
    provider_id: Option<&str>,
    config: &BusinessConfig,
) -> Result<()> {
    let id = known.id;
    let mut known = Some(known);
    retrying!(async {
        let old = match known.take() {
            Some(message) => message,
            None => match ctx.store().get::<Message>(&ctx.tenant, &id).await? {
                Some(message) => message,
                None => return Ok(()),
            },
        };
        let mut message = old.value.clone();
        if message.provider_id.is_none() {
            message.provider_id = provider_id.map(str::to_owned);
        }
        let mut step = ctx.step();
        let mut learned = false;
        match &outcome {
            Outcome::Stands(place) => advance(ctx, &mut step, &mut message, place, config).await?,
            Outcome::Taken { place, wa_id } => {
                advance(ctx, &mut step, &mut message, place, config).await?;
                // The number by which WhatsApp knows the person, where it is told for the first time.
                let learn = |talk: &mut Conversation| talk.wa_id = talk.wa_id.take().or_else(|| wa_id.clone());
                learned = tell_talk(ctx, &mut step, &old, learn).await?;
            }
            Outcome::NeverWas { until, is_pause } => {
                if message.delivery.take_back(*until).is_some() {
                    step.enqueue_at(Job::SendMessage { message: id }, *until);
                    tell_contact(ctx, &mut step, &old, false).await?;
                    let come_back = |talk: &mut Conversation| {
                        talk.line.come_back(id);
                        if *is_pause {
                            talk.pace.pause(*until);
                        }
                    };
                    tell_talk(ctx, &mut step, &old, come_back).await?;
                }
            }
            Outcome::Failed { place, consequence } => {
                advance(ctx, &mut step, &mut message, place, config).await?;
                let is_failed = |message: &Message| message.delivery.status == MessageStatus::Failed;
                if is_failed(&message) && !is_failed(&old) {
                    failed(ctx, &mut step, &message, *consequence, config).await?;
                }
            }
        }
        if message == old.value && !learned {
            return Ok(());
        }
        step.replace(&old, &message)?;
        if message.delivery.status != old.delivery.status {
            ctx.changed(&mut step, "message", id, message.delivery.status.as_str())?;
        }
        ctx.store().commit(step).await?;
        let outcome = message.delivery.status.as_str();
        tracing::info!(target: "metric", metric = "message", outcome, duration_ms = 0_u64, "a message moved on");
        Ok(())
    }
    .await)
}

async fn advance(
    ctx: &Context,
    step: &mut Transaction,
    message: &mut Message,
    place: &Place,
    config: &BusinessConfig,
) -> Result<()> {
    if message.delivery.advance(place.clone()).is_none() || place.status != MessageStatus::Withheld {
        return Ok(());
    }
    // What was held back is a person's to look at, unless a person holds it back.
    match place.reason {
        Some("taken_over" | "suppressed") => Ok(()),
        reason => {
            if reason == Some("window_closed")
                && let Some(talk) =
                    ctx.store().get::<Conversation>(&ctx.tenant, &message.id.conversation).await?
            {
                step.create(&happened(ctx, &talk, Happening::WindowRefused, String::new(), config))?;
            }
            let detail = format!("{}: {}", reason.unwrap_or("withheld"), message.preview().text);
            for_person(ctx, step, message, "A message was not sent", &detail)
        }
    }
}

/// Changes a message's conversation, where that changes anything; whether it did.
async fn tell_talk(
    ctx: &Context,
    step: &mut Transaction,
    message: &Message,
    change: impl Fn(&mut Conversation),
) -> Result<bool> {
    let Some(old) = ctx.store().get::<Conversation>(&ctx.tenant, &message.id.conversation).await? else {
        return Ok(false);
    };
    let mut talk = old.value.clone();
    change(&mut talk);
    let changed = talk != old.value;
    if changed {
        step.replace(&old, &talk)?;
    }
    Ok(changed)
}

/// What follows from a message that did not get there.
async fn failed(
    ctx: &Context,
    step: &mut Transaction,
    message: &Message,
    consequence: Consequence,
    config: &BusinessConfig,
) -> Result<()> {
    tell_contact(ctx, step, message, consequence == Consequence::OptedOut).await?;
    if matches!(consequence, Consequence::Alarm | Consequence::Stop) {
        let code = message.delivery.fault.as_ref().map(|fault| fault.code.clone()).unwrap_or_default();
        let channel = message.channel;
        tracing::error!(
            target: "metric", metric = "message", outcome = "refused", duration_ms = 0_u64, code,
            "the provider lets nothing of this business through"
        );
        let last_error = format!("{} refused a message (code {code})", channel.as_str());
        step.put(&BotStatus { last_error, at: ctx.now() })?;
        if consequence == Consequence::Stop {
            step.put(&Halt { channel, until: ctx.now() + HALT, code })?;
        }
    }
    if consequence == Consequence::Withheld {
        let until = Some(ctx.now() + MARKETING_HOLD);
        tell_talk(ctx, step, message, |talk| talk.marketing_held_until = until).await?;
    }
    if consequence == Consequence::Undeliverable && fall_to_sms(ctx, step, message, config).await? {
        return Ok(());
    }
    let reason = message.delivery.reason.as_deref().unwrap_or_default();
    let detail = format!("{reason}: {}", message.preview().text);
    for_person(ctx, step, message, "A message did not get through", &detail)
}

/// Sends the words of a message that WhatsApp cannot deliver as a text message, where the business sends such and the
/// person permits it; whether it does. The rules are asked as of any message that begins something.
async fn fall_to_sms(
    ctx: &Context,
    step: &mut Transaction,
    message: &Message,
    config: &BusinessConfig,
) -> Result<bool> {
    let Some(words) = message.content.words().filter(|_| message.channel == Channel::Whatsapp) else {
        return Ok(false);
    };
    let provider = integrations::Provider::Sms.as_str();
    let (settings, contact, old) = tokio::try_join!(
        async { Ok::<_, Error>(ctx.store().get::<Integration>(&ctx.tenant, provider).await?) },
        leads::known(ctx, message.contact_id),
        async { Ok(ctx.store().conversation_with(&ctx.tenant, message.contact_id, Channel::Sms).await?) },
    )?;
    let (Some(_), Some(contact)) = (settings, contact) else { return Ok(false) };
    let mut talk = match &old {
        Some(old) => old.value.clone(),
        None => Conversation::new(ctx.new_id(), contact.id, Channel::Sms, ctx.now()),
    };
    talk.describe(&contact);
    let content = Content::Text { text: text::shortened(words, SMS_MAX) };
    let sms = outgoing(ctx, &talk, message.author.clone(), content.clone(), config);
    if talk.phone.is_none() || refusal(&sms, &talk, &contact, config, ctx.now()).is_some() {
        return Ok(false);
    }
    let sms = queue(ctx, step, &mut talk, message.author.clone(), content, config)?;
    step.create(&sms)?;
    step.save(old.as_ref(), &talk)?;
    Ok(true)
}

/// Notes at the contact that a message of ours did not reach them, so that it is no contact, and, if so, that they want
/// none of the kind.
async fn tell_contact(ctx: &Context, step: &mut Transaction, message: &Message, refused: bool) -> Result<()> {
    let Some(old) = leads::known(ctx, message.contact_id).await? else {
        return Ok(());
    };
    let mut contact = old.value.clone();
    if let Some(at) = message.delivery.since(MessageStatus::Sending) {
        contact.untouch(at);
    }
    if refused {
        contact.agree(message.channel, false, message.channel.as_str(), ctx.now());
    }
    if contact != old.value {
        step.replace(&old, &contact)?;
    }
    Ok(())
}

/// Puts a message of ours into its conversation, to be sent. Nothing is sent before the step is stored.
pub(crate) fn queue(
    ctx: &Context,
    step: &mut Transaction,
    talk: &mut Conversation,
    author: MessageAuthor,
    content: Content,
    config: &BusinessConfig,
) -> Result<Message> {
    let message = outgoing(ctx, talk, author, content, config);
    join(ctx, step, talk, &message)?;
    Ok(message)
}

/// Puts a message that was written into its conversation's line, to be sent.
pub(crate) fn join(
    ctx: &Context,
    step: &mut Transaction,
    talk: &mut Conversation,
    message: &Message,
) -> Result<()> {
    talk.show(message);
    talk.line.join(message.id);
    talk.updated_at = ctx.now();
    step.enqueue(Job::SendMessage { message: message.id });
    ctx.changed(step, "message", message.id, message.delivery.status.as_str())
}
