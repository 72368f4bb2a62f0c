//! The one request that sends a message, by channel.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::integrations;
use domain::chat::{Content, Conversation, Message};
use domain::contact::{Channel, Contact};
use jiff::Timestamp;
use provider::ProviderError;
use store::Rate;
use whatsapp::Consequence;

/// By what a message of ours is known in SES' and SMS' own events.
const TAG: &str = "message_id";

/// A request that is ready to leave.
pub(super) struct Prepared {
    pub(super) request: Request,
    /// The line that it goes out on, where that takes so many messages a second only.
    pub(super) line: Option<(String, Rate)>,
}

/// What is sent.
pub(super) enum Request {
    Whatsapp { client: whatsapp::Client, message: whatsapp::Outgoing },
    Email { client: email::Client, mail: email::Mail },
    Sms { client: sms::Client, message: sms::TextMessage },
}

/// What the provider says of a message that it took.
pub(super) struct Taken {
    /// Its id of it.
    pub(super) id: String,
    /// The person's number as WhatsApp spells it, if it said so.
    pub(super) wa_id: Option<String>,
}

impl Request {
    /// Sends it, once.
    pub(super) async fn send(&self, now: Timestamp) -> std::result::Result<Taken, ProviderError> {
        match self {
            Self::Whatsapp { client, message } => {
                let taken = client.send(message).await?;
                Ok(Taken { id: taken.message_id, wa_id: taken.wa_id })
            }
            Self::Email { client, mail } => Ok(Taken { id: client.send(mail, now).await?, wa_id: None }),
            Self::Sms { client, message } => Ok(Taken { id: client.send(message, now).await?, wa_id: None }),
        }
    }
}

/// The request that sends a message, or why there is none.
pub(super) async fn of(
    ctx: &Context,
    message: &Message,
    talk: &Conversation,
    contact: &Contact,
) -> Result<std::result::Result<Prepared, &'static str>> {
    let prepared = match talk.channel {
        Channel::Whatsapp => by_whatsapp(ctx, message, talk, contact).await,
        Channel::Email => by_mail(ctx, message, contact).await,
        Channel::Sms => by_sms(ctx, message, contact).await,
        Channel::Voice => Ok(None),
    };
    match prepared {
        Ok(prepared) => Ok(prepared.ok_or("no_address")),
        Err(Error::NotConfigured(_)) => Ok(Err("not_configured")),
        Err(e) => Err(e),
    }
}

async fn by_whatsapp(
    ctx: &Context,
    message: &Message,
    talk: &Conversation,
    contact: &Contact,
) -> Result<Option<Prepared>> {
    use whatsapp::{Outgoing, Parameter, Recipient, Template};
    let (client, settings) = integrations::whatsapp(&ctx.platform, &ctx.tenant).await?;
    // A number that is known is written to, in WhatsApp's own spelling where that is known.
    let number = talk.wa_id.clone().or_else(|| contact.details.phone.as_ref().map(ToString::to_string));
    let user = || talk.user_id.clone().or_else(|| contact.whatsapp_user_id.clone());
    let Some(to) = number.map(Recipient::Phone).or_else(|| user().map(Recipient::User)) else {
        return Ok(None);
    };
    let content = match &message.content {
        Content::Template { name, language, parameters, .. } => whatsapp::Content::Template(Template {
            name: name.clone(),
            language: language.clone(),
            header: Vec::new(),
            body: parameters.iter().cloned().map(Parameter::Text).collect(),
            buttons: Vec::new(),
        }),
        content => {
            let body = content.words().unwrap_or_default().to_owned();
            whatsapp::Content::Text { body, preview_url: false }
        }
    };
    let (reply_to, callback_data) = (message.reply_to.clone(), message.id.to_string());
    let message = Outgoing { to, content, reply_to, callback_data };
    let rate = Rate { per_second: settings.messages_per_second, burst: settings.messages_per_second };
    let line = Some((format!("whatsapp#{}", settings.phone_number_id), rate));
    Ok(Some(Prepared { request: Request::Whatsapp { client, message }, line }))
}

async fn by_mail(ctx: &Context, message: &Message, contact: &Contact) -> Result<Option<Prepared>> {
    let (client, settings) = integrations::mail(&ctx.platform, &ctx.tenant).await?;
    let Some(to) = &contact.details.email else { return Ok(None) };
    let (subject, text) = match &message.content {
        Content::Email { subject, text } => (subject.clone(), text.clone()),
        content => (String::new(), content.shown()),
    };
    let mail = email::Mail {
        from: settings.from_address.to_string(),
        reply_to: settings.reply_to.map(|address| address.to_string()),
        to: to.to_string(),
        subject,
        text,
        configuration_set: settings.configuration_set,
        tag: Some((TAG.to_owned(), message.id.to_string())),
        list_unsubscribe: None,
    };
    Ok(Some(Prepared { request: Request::Email { client, mail }, line: None }))
}

async fn by_sms(ctx: &Context, message: &Message, contact: &Contact) -> Result<Option<Prepared>> {
    let (client, settings) = integrations::sms(&ctx.platform, &ctx.tenant).await?;
    let Some(to) = &contact.details.phone else { return Ok(None) };
    let message = sms::TextMessage {
        to: to.to_string(),
        from: settings.origination_identity,
        body: message.content.shown(),
        kind: sms::Kind::Transactional,
        in_entity_id: settings.in_entity_id,
        in_template_id: settings.in_template_id,
        context: Some((TAG.to_owned(), message.id.to_string())),
    };
    Ok(Some(Prepared { request: Request::Sms { client, message }, line: None }))
}

/// What a refusal asks for.
pub(super) fn consequence(channel: Channel, error: &ProviderError) -> Consequence {
    if channel == Channel::Whatsapp {
        return Consequence::of_error(error).unwrap_or(Consequence::Unknown);
    }
    let code = match error {
        ProviderError::RateLimited { .. } => return Consequence::BackOff,
        ProviderError::Rejected { code, .. } => code.as_str(),
        _ => return Consequence::Unknown,
    };
    let (name, reason) = code.split_once('.').unwrap_or((code, ""));
    match (name, reason) {
        ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT") => Consequence::OptedOut,
        (
            "AccessDeniedException"
            | "AccountSuspendedException"
            | "SendingPausedException"
            | "MailFromDomainNotVerifiedException"
            | "ServiceQuotaExceededException"
            | "LimitExceededException",
            _,
        ) => Consequence::Alarm,
        _ => Consequence::NoRetry,
    }
}
