//! Telling a client of a renewal, over a channel that they allowed.

use crate::chat::outgoing;
use crate::context::Context;
use crate::conversations::TemplateInput;
use crate::error::{Error, Result};
use crate::{integrations, messages, whatsapp_templates};
use domain::business::BusinessConfig;
use domain::chat::{Content, Conversation, MessageAuthor, refusal};
use domain::contact::{Channel, Contact};
use domain::crm::CrmSettings;
use domain::practice::Practice;
use domain::renewal::{self, Reminder, ReminderText};
use jiff::civil::Date;
use serde_json::Value;
use store::{Stored, Transaction};

/// The order in which channels are tried.
const CHANNELS: [Channel; 3] = [Channel::Whatsapp, Channel::Email, Channel::Sms];
/// As whom clients are reminded.
const AUTOMATION: &str = "renewals";

/// Adds a reminder to the step, over the first channel that is set up and that the client's consent permits; else says of
/// each why not. The rules are asked again when it goes.
pub(super) async fn remind(
    ctx: &Context,
    step: &mut Transaction,
    contact: &Stored<Contact>,
    practice: &Practice,
    expiry: Date,
    (config, crm): (&BusinessConfig, &CrmSettings),
) -> Result<Reminder> {
    let language = contact.details.preferences.get("language").and_then(Value::as_str).unwrap_or_default();
    let first_name = contact.details.first_name.as_str();
    let text = renewal::reminder(language, first_name, &practice.type_name, expiry, &config.name);
    let mut withheld = Vec::new();
    for channel in CHANNELS {
        let content = match content(ctx, channel, contact, &text, (language, practice, expiry), crm).await? {
            Ok(content) => content,
            Err(reason) => {
                withheld.push(format!("{}: {reason}", channel.as_str()));
                continue;
            }
        };
        let old = ctx.store().conversation_with(&ctx.tenant, contact.id, channel).await?;
        let mut talk = match &old {
            Some(old) => old.value.clone(),
            None => Conversation::new(ctx.new_id(), contact.id, channel, ctx.now()),
        };
        talk.describe(contact);
        let author = MessageAuthor::Automation { name: AUTOMATION.to_owned() };
        let message = outgoing(ctx, &talk, author, content, config);
        if let Some(reason) = refusal(&message, &talk, contact, config, ctx.now()) {
            withheld.push(format!("{}: {reason}", channel.as_str()));
            continue;
        }
        messages::join(ctx, step, &mut talk, &message)?;
        step.create(&message)?;
        step.save(old.as_ref(), &talk)?;
        ctx.changed(step, "conversation", talk.id, "updated")?;
        return Ok(Reminder { channel: Some(channel), message_id: Some(message.id), withheld });
    }
    Ok(Reminder { channel: None, message_id: None, withheld })
}

/// What would be said on a channel, or why nothing can be.
async fn content(
    ctx: &Context,
    channel: Channel,
    contact: &Contact,
    text: &ReminderText,
    (language, practice, expiry): (&str, &Practice, Date),
    crm: &CrmSettings,
) -> Result<std::result::Result<Content, &'static str>> {
    let (phone, email) = (contact.details.phone.is_some(), contact.details.email.is_some());
    let has_address = match channel {
        Channel::Email => email,
        Channel::Whatsapp => phone || contact.whatsapp_user_id.is_some(),
        Channel::Sms | Channel::Voice => phone,
    };
    if !has_address {
        return Ok(Err("no_address"));
    }
    let set_up = match channel {
        Channel::Whatsapp => integrations::whatsapp(&ctx.platform, &ctx.tenant).await.map(drop),
        Channel::Email => integrations::mail(&ctx.platform, &ctx.tenant).await.map(drop),
        Channel::Sms | Channel::Voice => integrations::sms(&ctx.platform, &ctx.tenant).await.map(drop),
    };
    match set_up {
        Ok(()) => {}
        Err(Error::NotConfigured(_)) => return Ok(Err("not_configured")),
        Err(error) => return Err(error),
    }
    match channel {
        Channel::Email => Ok(Ok(Content::Email { subject: text.subject.clone(), text: text.text.clone() })),
        Channel::Sms | Channel::Voice => Ok(Ok(Content::Text { text: text.text.clone() })),
        Channel::Whatsapp => {
            let Some(name) = &crm.renewal_template else { return Ok(Err("no_template")) };
            let parameters = [contact.name(), practice.type_name.clone(), expiry.to_string()];
            template(ctx, name, language, &parameters).await
        }
    }
}

/// The business's template of this name, in the client's language if there is one, filled in.
async fn template(
    ctx: &Context,
    name: &str,
    language: &str,
    parameters: &[String],
) -> Result<std::result::Result<Content, &'static str>> {
    let all = ctx.store().whatsapp_templates_named(&ctx.tenant, name).await?;
    let spoken = all.iter().find(|template| !language.is_empty() && template.language.starts_with(language));
    let english = all.iter().find(|template| template.language.starts_with("en"));
    let Some(template) = spoken.or(english).or(all.first()) else { return Ok(Err("no_template")) };
    let wanted = usize::try_from(template.parameters).unwrap_or(usize::MAX);
    let filled =
        parameters.iter().take(wanted).map(|it| if it.is_empty() { "-".to_owned() } else { it.clone() });
    let input = TemplateInput {
        name: name.to_owned(),
        language: template.language.clone(),
        parameters: filled.collect(),
    };
    match whatsapp_templates::fill(ctx, &input).await {
        Ok(content) => Ok(Ok(content)),
        Err(Error::Withheld { reason, .. }) => Ok(Err(reason)),
        Err(Error::Invalid(_)) => Ok(Err("template_does_not_fit")),
        Err(error) => Err(error),
    }
}
