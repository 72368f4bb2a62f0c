//! Taking in what WhatsApp told: messages, their fate, changes of people and templates.

use super::people::{self, Known, Sender};
use super::{happened, statuses, written};
use crate::context::Context;
use crate::error::{Error, RACES, Result};
use crate::leads::suppression;
use crate::whatsapp_events::WHATSAPP;
use crate::{business_config, integrations, messages, next_actions, raw_events, whatsapp_templates};
use contracts::Job;
use domain::business::BusinessConfig;
use domain::chat::{
    Brief, Content, ConversationStatus, Direction, Happening, Keyword, MessageAuthor, MessageStatus, PAUSE,
    Phrase, keyword, phrase,
};
use domain::contact::{Channel, Suppression};
use domain::conversion::Chat;
use domain::text::{shortened, tidied};
use domain::{Author, ContactId};
use futures::StreamExt;
use futures::stream;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use store::{BotStatus, EventTrace, Transaction};
use whatsapp::webhook::{Echo, Inbound, InboundContent, Notification, SystemChange, Update, UpdateBody};

/// How many people's messages are taken in side by side.
const SIDE_BY_SIDE: usize = 8;
/// The reason of doors that a person shut with a word, and opens with another.
const OPTED_OUT: &str = "opted_out";
/// The reason of doors that were shut because a person asked for it in a sentence.
pub(super) const ASKED_IN_CHAT: &str = "asked_in_chat";
/// How long the first of several who want the same record waits for the others.
const RACE_WAIT: Duration = Duration::from_millis(30);
/// How much of what WhatsApp sends is kept with a message, in characters: the event itself is kept whole for a while.
const RAW_MAX: usize = 30_000;

/// What every update of an event is judged by.
pub(super) struct Scene<'a> {
    pub(super) ctx: &'a Context,
    pub(super) config: &'a BusinessConfig,
    event: &'a str,
    received_at: Timestamp,
}

/// Takes in a stored event. Updates of one person keep their order, those of several go side by side. What was taken in
/// before is known by its id, so that an event may come again, whole or in part.
pub async fn ingest(ctx: &Context, event: &str) -> Result<()> {
    let Some(raw) = raw_events::load(ctx, WHATSAPP, event).await? else { return Ok(()) };
    let Ok(notification) = Notification::parse(&raw.body) else { return Ok(()) };
    let (settings, line) = tokio::try_join!(
        business_config::get(ctx),
        integrations::whatsapp_settings(&ctx.platform, &ctx.tenant)
    )?;
    let Some(line) = line else { return Ok(()) };
    let scene = Scene { ctx, config: &settings.config, event, received_at: raw.received_at };
    let ids = notification.updates.iter().filter_map(|update| match &update.body {
        UpdateBody::Message(inbound) => Some(inbound.id.as_str()),
        UpdateBody::Echo(echo) => Some(echo.id.as_str()),
        _ => None,
    });
    let taken_in = ctx.store().messages_known_as(&ctx.tenant, ids).await?;
    let mut by_person: BTreeMap<String, Vec<(usize, Update)>> = BTreeMap::new();
    for (index, update) in notification.updates.into_iter().enumerate() {
        let is_new = match &update.body {
            UpdateBody::Message(inbound) => !taken_in.contains_key(&inbound.id),
            UpdateBody::Echo(echo) => !taken_in.contains_key(&echo.id),
            _ => true,
        };
        // The event is of an account, which may have other numbers than ours.
        let is_ours = update.phone_number_id.as_ref().is_none_or(|id| *id == line.phone_number_id);
        if is_new && is_ours {
            by_person.entry(person(&update)).or_default().push((index, update));
        }
    }
    let taken = stream::iter(by_person.into_values().map(|updates| scene.take_in_all(updates)));
    let outcomes: Vec<Result<()>> = taken.buffer_unordered(SIDE_BY_SIDE).collect().await;
    // What may go well later has the event come again; what was taken in is known then.
    outcomes.into_iter().collect()
}

/// Whom an update is about, or what: updates of one keep their order.
fn person(update: &Update) -> String {
    match &update.body {
        UpdateBody::Message(inbound) => sender(inbound).key(),
        UpdateBody::Status(status) => {
            status.callback_data.clone().unwrap_or_else(|| status.message_id.clone())
        }
        UpdateBody::Echo(echo) => echo.to.clone().or_else(|| echo.user_id.clone()).unwrap_or_default(),
        UpdateBody::UserId { current, .. } => current.clone(),
        UpdateBody::Preference { wa_id, user_id, .. } => {
            wa_id.clone().or_else(|| user_id.clone()).unwrap_or_default()
        }
        UpdateBody::TemplateStatus { name, .. } => name.clone(),
        UpdateBody::Other { .. } => String::new(),
    }
}

fn sender(inbound: &Inbound) -> Sender {
    Sender {
        wa_id: inbound.wa_id.clone().or_else(|| inbound.from.clone()),
        user_id: inbound.user_id.clone(),
        name: inbound.profile_name.clone().or_else(|| inbound.username.clone()),
        from_ad: inbound
            .referral
            .as_ref()
            .is_some_and(|referral| referral.source_type.as_deref() == Some("ad")),
    }
}

impl Scene<'_> {
    /// Notes that the event, which is kept as it arrived, says something of a person: it goes with them.
    pub(super) fn trace(&self, step: &mut Transaction, contact: ContactId) -> Result<()> {
        let (provider, dedupe) = (WHATSAPP.to_owned(), self.event.to_owned());
        Ok(step.put(&EventTrace { contact, provider, dedupe, received_at: self.received_at })?)
    }

    /// Takes in updates of one person, in order. One that will never go well is told and left out; one that may keeps
    /// those behind it waiting.
    async fn take_in_all(&self, updates: Vec<(usize, Update)>) -> Result<()> {
        for (index, update) in updates {
            match self.take_in(index, update).await {
                Err(error) if error.may_pass() => return Err(error),
                Err(error) => {
                    tracing::error!(%error, "an update of WhatsApp's could not be taken in");
                    let last_error = format!("an update of WhatsApp's could not be taken in: {error}");
                    let mut step = self.ctx.step();
                    step.put(&BotStatus { last_error, at: self.ctx.now() })?;
                    self.ctx.store().commit(step).await?;
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Takes in one update. Whoever lost a race looks again: the record may be there by now.
    async fn take_in(&self, index: usize, update: Update) -> Result<()> {
        let mut last = Ok(());
        for race in 0..=RACES {
            if race > 0 {
                // Drawn, so that of several who meet not all meet again.
                let [drawn] = self.ctx.platform.ids.bytes::<1>();
                tokio::time::sleep(RACE_WAIT * (1 << race) * u32::from(drawn) / 255).await;
            }
            last = match &update.body {
                UpdateBody::Message(inbound) => self.message(index, &update, inbound).await,
                UpdateBody::Echo(echo) => self.echo(index, echo).await,
                UpdateBody::Status(status) => statuses::take_in(self, status).await,
                UpdateBody::UserId { previous, current, .. } => {
                    self.user_id_changed(Some(previous), current).await
                }
                UpdateBody::Preference { wa_id, user_id, category, stop, .. } => {
                    let sender =
                        Sender { wa_id: wa_id.clone(), user_id: user_id.clone(), ..Sender::default() };
                    self.preference(&sender, category, *stop).await
                }
                UpdateBody::TemplateStatus { name, language, event, .. } => {
                    whatsapp_templates::status_changed(self.ctx, name, language, event.as_str()).await
                }
                UpdateBody::Other { .. } => Ok(()),
            };
            match &last {
                Err(Error::Store(store::Error::Taken { name, .. })) if *name == "message#provider" => {
                    return Ok(());
                }
                Err(Error::Stale | Error::Store(store::Error::Taken { .. })) => {}
                _ => return last,
            }
        }
        last
    }

    async fn message(&self, index: usize, update: &Update, inbound: &Inbound) -> Result<()> {
        let sender = sender(inbound);
        // Who changes their number may be named in the change alone.
        if let InboundContent::System { change, .. } = &inbound.content {
            return match change {
                SystemChange::NumberChanged { new_wa_id, previous_user_id, user_id } => {
                    let before = Sender { user_id: previous_user_id.clone().or(sender.user_id), ..sender };
                    self.number_changed(&before, new_wa_id, user_id.as_deref()).await
                }
                SystemChange::UserIdChanged { previous, current, .. } => {
                    self.user_id_changed(previous.as_deref().or(sender.user_id.as_deref()), current).await
                }
                SystemChange::Other { .. } => Ok(()),
            };
        }
        if self.is_no_customer(update, inbound, &sender) {
            return Ok(());
        }
        let (ctx, config, now) = (self.ctx, self.config, self.ctx.now());
        let mut known = people::known(ctx, &sender, config).await?;
        let at = self.written_at(inbound.sent_at, index);
        let by = (Direction::Inbound, MessageAuthor::Customer);
        let mut message =
            written(ctx, &known.talk, by, content(&inbound.content), config, at, MessageStatus::Received);
        message.provider_id = Some(inbound.id.clone());
        message.reply_to = inbound.context.as_ref().and_then(|quoted| quoted.id.clone());
        let brief = Brief { contact: &known.contact, open: &[], history: &[], config, now };
        message.figures.known = known.old_contact.is_some() && brief.knows_something();
        let caught_up = known.talk.answered == known.talk.received;
        known.talk.hear(&mut message, now);
        known.contact.chatted(Chat { at, day: message.day });
        let mut step = ctx.step();
        let word = message.content.words().and_then(|words| keyword(words, &config.chat));
        match word {
            Some((Keyword::Stop, language)) => self.stop(&mut step, &mut known, language).await?,
            Some((Keyword::Start, language)) if is_theirs_to_open(&known) => {
                self.start(&mut step, &mut known, language).await?;
            }
            _ => {
                let silent = known.talk.stopped_at.is_some()
                    || known.contact.suppression.contains_key(&Channel::Whatsapp);
                if silent || (caught_up && !message.content.asks()) {
                    known.talk.answered = known.talk.received;
                } else if !config.chat.enabled && known.talk.status == ConversationStatus::Bot {
                    step.create(&happened(
                        ctx,
                        &known.talk,
                        Happening::TakenOver,
                        "bot_off".to_owned(),
                        config,
                    ))?;
                    known.talk.hand_over(None, now);
                } else if known.talk.status == ConversationStatus::Bot {
                    // Each piece of what they write wakes the bot; the last one finds that it is over.
                    let (conversation, up_to) = (known.talk.id, known.talk.received);
                    step.enqueue_at(Job::AnswerMessages { conversation, up_to }, now + PAUSE);
                }
            }
        }
        people::keep(ctx, &mut step, &mut known).await?;
        self.trace(&mut step, known.contact.id)?;
        step.create(&message)?;
        ctx.changed(&mut step, "message", message.id, "received")?;
        ctx.store().commit(step).await?;
        tracing::info!(
            contact = %known.contact.id, status = known.contact.status.as_str(), known = message.figures.known,
            "a message was taken in"
        );
        Ok(())
    }

    /// Whether a message is of nobody whom the bot should answer: a group, or the business itself.
    fn is_no_customer(&self, update: &Update, inbound: &Inbound, sender: &Sender) -> bool {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let own = update.display_phone_number.as_deref().map(digits);
        let phones = sender.phones();
        let is_own = sender.wa_id.is_some() && own == sender.wa_id
            || phones.iter().any(|phone| self.config.chat.is_own_number(phone));
        inbound.group_id.is_some() || is_own || sender.key().is_empty() || inbound.id.is_empty()
    }

    /// When something was written. WhatsApp says so in whole seconds; what arrived in that very second keeps the order
    /// in which it arrived, and what came together the order in which it came.
    fn written_at(&self, said: Option<Timestamp>, index: usize) -> Timestamp {
        let arrived = self.received_at;
        let place = SignedDuration::from_millis(i64::try_from(index).unwrap_or_default().min(999));
        match said.filter(|at| at.as_second() < arrived.as_second()) {
            Some(said) => {
                said + SignedDuration::from_millis(arrived.as_millisecond().rem_euclid(1_000)) + place
            }
            None => arrived + place,
        }
    }

    /// They want no more messages: every door is shut at once, and that is confirmed once.
    async fn stop(&self, step: &mut Transaction, known: &mut Known, language: Option<&str>) -> Result<()> {
        let (ctx, now) = (self.ctx, self.ctx.now());
        for channel in Channel::ALL {
            known.contact.suppress(channel, OPTED_OUT, Author::Human, now);
        }
        known.contact.next_follow_up_at = None;
        known.talk.answered = known.talk.received;
        known.talk.lease = None;
        if known.talk.stopped_at.replace(now).is_some() {
            return Ok(());
        }
        if let Some(record) = ctx.store().contact(&ctx.tenant, known.contact.id).await? {
            next_actions::block_waiting(ctx, step, &record.open_calls()).await?;
        }
        self.confirm(step, known, (Phrase::Stopped, Happening::OptedOut), language)
    }

    /// They want messages again: what they shut themselves is opened.
    async fn start(&self, step: &mut Transaction, known: &mut Known, language: Option<&str>) -> Result<()> {
        let (ctx, now) = (self.ctx, self.ctx.now());
        let shut = known.contact.suppression.iter().filter(|(_, door)| is_theirs(door));
        let shut: Vec<Channel> = shut.map(|(channel, _)| *channel).collect();
        for channel in &shut {
            known.contact.lift(*channel, now);
        }
        suppression::forget(ctx, step, &known.contact, &shut).await?;
        known.talk.stopped_at = None;
        known.talk.answered = known.talk.received;
        // What a colleague shut stays shut, and nothing is promised.
        if known.contact.suppression.contains_key(&Channel::Whatsapp) {
            return Ok(());
        }
        self.confirm(step, known, (Phrase::Started, Happening::OptedIn), language)
    }

    fn confirm(
        &self,
        step: &mut Transaction,
        known: &mut Known,
        (said, event): (Phrase, Happening),
        language: Option<&str>,
    ) -> Result<()> {
        let (ctx, config) = (self.ctx, self.config);
        // `STOP` is English everywhere: a person who wrote in another language is answered in that.
        let language = language.filter(|language| *language != "en");
        let language = language.or(known.talk.language.as_deref()).unwrap_or(&config.chat.language);
        let content = Content::Text { text: phrase(said, language).to_owned() };
        let message = messages::queue(ctx, step, &mut known.talk, MessageAuthor::System, content, config)?;
        step.create(&message)?;
        step.create(&happened(ctx, &known.talk, event, String::new(), config))?;
        Ok(())
    }

    /// Somebody of the business wrote with the app on a telephone: a person has the conversation.
    async fn echo(&self, index: usize, echo: &Echo) -> Result<()> {
        let (ctx, config) = (self.ctx, self.config);
        let sender = Sender { wa_id: echo.to.clone(), user_id: echo.user_id.clone(), ..Sender::default() };
        // Whom we write to first that way is nobody's lead yet.
        if echo.id.is_empty() || sender.key().is_empty() || people::find(ctx, &sender).await?.is_none() {
            return Ok(());
        }
        let mut known = people::known(ctx, &sender, config).await?;
        let at = self.written_at(echo.sent_at, index);
        let author = MessageAuthor::Member { name: "whatsapp".to_owned() };
        let by = (Direction::Outbound, author);
        let mut message =
            written(ctx, &known.talk, by, content(&echo.content), config, at, MessageStatus::Sent);
        message.provider_id = Some(echo.id.clone());
        message.reply_to = echo.context.as_ref().and_then(|quoted| quoted.id.clone());
        let mut step = ctx.step();
        if known.talk.status == ConversationStatus::Bot {
            step.create(&happened(ctx, &known.talk, Happening::TakenOver, "whatsapp".to_owned(), config))?;
        }
        known.talk.show(&message);
        known.talk.hand_over(Some("whatsapp".to_owned()), ctx.now());
        people::keep(ctx, &mut step, &mut known).await?;
        self.trace(&mut step, known.contact.id)?;
        step.create(&message)?;
        ctx.changed(&mut step, "message", message.id, "sent")?;
        Ok(ctx.store().commit(step).await?)
    }

    /// A person has another number: the record goes with them, unless the number is somebody else's.
    async fn number_changed(&self, before: &Sender, new_wa_id: &str, user_id: Option<&str>) -> Result<()> {
        let (ctx, now) = (self.ctx, self.ctx.now());
        let Some(old) = people::find(ctx, before).await? else { return Ok(()) };
        let mut known = people::known(ctx, before, self.config).await?;
        let after = Sender {
            wa_id: Some(new_wa_id.to_owned()),
            user_id: user_id.map(str::to_owned),
            ..Sender::default()
        };
        let writer = ctx.store().contact_who_writes(&ctx.tenant, user_id, &after.phones()).await?;
        let is_free = [writer.by_phone, writer.by_user_id].into_iter().flatten().all(|owner| owner == old.id);
        if let Some(phone) = after.phones().into_iter().next().filter(|_| is_free) {
            let details = domain::contact::Details { phone: Some(phone), ..known.contact.details.clone() };
            known.contact.set_details(details, Author::System, now);
        }
        if is_free && user_id.is_some() {
            known.contact.whatsapp_user_id = user_id.map(str::to_owned);
            known.talk.user_id = user_id.map(str::to_owned);
        }
        known.talk.describe(&known.contact);
        known.talk.wa_id = Some(new_wa_id.to_owned());
        self.noted(known).await
    }

    /// WhatsApp knows a person by another id.
    async fn user_id_changed(&self, previous: Option<&str>, current: &str) -> Result<()> {
        let sender = Sender { user_id: previous.map(str::to_owned), ..Sender::default() };
        let store = self.ctx.store();
        let taken =
            store.contact_who_writes(&self.ctx.tenant, Some(current), &[]).await?.by_user_id.is_some();
        // Where they wrote with the new id before this was told, they are two records, which a person joins.
        if taken || people::find(self.ctx, &sender).await?.is_none() {
            return Ok(());
        }
        let mut known = people::known(self.ctx, &sender, self.config).await?;
        known.contact.whatsapp_user_id = Some(current.to_owned());
        known.talk.user_id = Some(current.to_owned());
        self.noted(known).await
    }

    async fn noted(&self, mut known: Known) -> Result<()> {
        let is_news = known.old_contact.as_ref().is_none_or(|old| old.value != known.contact);
        if !is_news {
            return Ok(());
        }
        let mut step = self.ctx.step();
        let line = happened(self.ctx, &known.talk, Happening::NumberChanged, String::new(), self.config);
        people::keep(self.ctx, &mut step, &mut known).await?;
        self.trace(&mut step, known.contact.id)?;
        step.create(&line)?;
        Ok(self.ctx.store().commit(step).await?)
    }

    /// A person says to WhatsApp that they want no marketing of ours, or want it again. What they ask us is answered
    /// either way.
    async fn preference(&self, sender: &Sender, category: &str, stop: bool) -> Result<()> {
        if category != "marketing_messages" {
            return Ok(());
        }
        let Some(old) = people::find(self.ctx, sender).await? else { return Ok(()) };
        let mut contact = old.value.clone();
        contact.agree(Channel::Whatsapp, !stop, "whatsapp", self.ctx.now());
        if contact == old.value {
            return Ok(());
        }
        let mut step = self.ctx.step();
        step.replace(&old, &contact)?;
        self.trace(&mut step, contact.id)?;
        let (before, after) = (crate::leads::Lead::of(&old), crate::leads::Lead::of(&contact));
        self.ctx.audited(&mut step, "lead.updated", contact.id, Some(&before), Some(&after))?;
        Ok(self.ctx.store().commit(step).await?)
    }
}

/// Whether a door was shut because the person wished it here.
fn is_theirs(door: &Suppression) -> bool {
    [OPTED_OUT, ASKED_IN_CHAT].contains(&door.reason.as_str())
}

/// Whether a word of theirs opens anything.
fn is_theirs_to_open(known: &Known) -> bool {
    known.talk.stopped_at.is_some()
        || known.contact.suppression.get(&Channel::Whatsapp).is_some_and(is_theirs)
}

/// What a message of WhatsApp's says, in our words.
fn content(content: &InboundContent) -> Content {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let raw = |name: &str, value: &dyn std::fmt::Display| Content::Raw {
        name: tidied(name, 60),
        json: shortened(&value.to_string(), RAW_MAX),
    };
    match content {
        InboundContent::Text(text) => Content::Text { text: text.clone() },
        InboundContent::Button { payload, text } => {
            Content::Choice { id: payload.clone(), title: text.clone() }
        }
        InboundContent::ButtonReply { id, title } | InboundContent::ListReply { id, title, .. } => {
            Content::Choice { id: id.clone(), title: title.clone() }
        }
        InboundContent::FlowReply { name, response, .. } => {
            Content::Form { name: text(name), response: shortened(response, RAW_MAX) }
        }
        InboundContent::Media { kind, id, mime_type, caption, filename, voice, .. } => Content::Media {
            media: kind.as_str().to_owned(),
            id: id.clone(),
            mime_type: text(mime_type),
            caption: text(caption),
            filename: text(filename),
            voice: *voice,
        },
        InboundContent::Reaction { message_id, emoji } => {
            Content::Reaction { to: message_id.clone(), emoji: text(emoji) }
        }
        InboundContent::Location { latitude, longitude, name, address } => {
            let place: Vec<&str> = [name, address].into_iter().flatten().map(String::as_str).collect();
            Content::Location { latitude: *latitude, longitude: *longitude, name: place.join(", ") }
        }
        InboundContent::Contacts(value) => raw("contacts", value),
        InboundContent::Order(value) => raw("order", value),
        // Nobody picks up here: the bot asks in writing.
        InboundContent::Call => raw("call", &Value::Null),
        InboundContent::Edit { content: edited, .. } => self::content(edited),
        InboundContent::Revoke { message_id } => raw("revoke", &Value::from(message_id.as_str())),
        InboundContent::Unsupported { kind, .. } => raw("unsupported", &Value::from(text(kind))),
        InboundContent::System { body, .. } => raw("system", &Value::from(text(body))),
        InboundContent::Other { kind, raw: value } => raw(kind, value),
    }
}
