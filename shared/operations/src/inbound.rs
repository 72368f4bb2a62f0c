//! Leads who call: what the agent is told while the telephone rings, and what is kept of the talk.

use crate::call_context::{Brief, templates};
use crate::context::{Context, Platform};
use crate::error::Result;
use crate::ingest::{self, Ingested};
use crate::{business_config, clients, erasing, integrations};
use contracts::Job;
use domain::call::{Call, CallStatus, Direction};
use domain::context::{AgentUsed, CallFacts, Packet};
use domain::{AttemptId, ContactId, Phone, TenantId};
pub use elevenlabs::initiation::Initiation;
use elevenlabs::initiation::{Overrides, Ringing};
use elevenlabs::{Conversation, Direction as Said};
use jiff::{SignedDuration, Timestamp};
use provider::sha256_hex;
use store::ContextRecord;

/// Numbers that a carrier shows for callers who show none: the word on the keys of a telephone (anonymous,
/// unavailable, restricted, blocked, unknown).
const NOBODY: [&str; 5] = ["+266696687", "+86282452253", "+7378742833", "+2562533", "+8656696"];

/// Answers what an agent is to know of a caller; none if the request is not genuine.
///
/// A caller whom nobody knows gets neutral values, and is not created: a ring is no reason to keep a person.
pub async fn answer(
    platform: &Platform,
    tenant: &TenantId,
    secret: Option<&str>,
    body: &[u8],
    correlation: &str,
) -> Result<Option<Initiation>> {
    let expected = integrations::initiation_secret(platform, tenant).await?;
    let is_genuine = match (&expected, secret) {
        // Hashes are compared, so that the time it takes tells nothing about the secret.
        (Some(expected), Some(given)) => {
            sha256_hex(expected.expose().as_bytes()) == sha256_hex(given.as_bytes())
        }
        _ => false,
    };
    if !is_genuine {
        return Ok(None);
    }
    let ctx = Context::of_system(platform.clone(), tenant.clone(), correlation);
    let Some(ringing) = Ringing::parse(body) else {
        return Err(domain::Invalid::new("must be a JSON object").into());
    };
    let (settings, templates, agent, record) = tokio::try_join!(
        business_config::get(&ctx),
        templates(&ctx),
        async { Ok(ctx.store().agent_known_as(tenant, &ringing.agent_id).await?) },
        async {
            match caller(&ctx, &ringing.caller_id).await? {
                Some(id) => Ok(ctx.store().contact(tenant, id).await?),
                None => Ok(None),
            }
        },
    )?;
    let facts = CallFacts { direction: Direction::Inbound, ..CallFacts::default() };
    // Of an agent that was not made here neither the prompt is known nor what may be said otherwise.
    let known_agent = agent.is_some();
    let agent = agent.map_or_else(nobodys_agent, |stored| stored.value);
    let brief = Brief {
        agent: &agent,
        record: record.as_ref(),
        call: &facts,
        config: &settings.config,
        templates: &templates,
    };
    let packet = brief.packet_with(&[], ctx.now());
    let overrides = known_agent.then(|| Overrides {
        prompt: Some(packet.prompt),
        first_message: Some(packet.first_message).filter(|message| !message.is_empty()),
        language: Some(agent.profile.language.clone()).filter(|language| !language.is_empty()),
    });
    let user_id = record.map(|record| record.contact.id.to_string());
    Ok(Some(Initiation::new(user_id, packet.variables, overrides)))
}

/// Who calls from this number, if it is one and somebody's.
async fn caller(ctx: &Context, number: &str) -> Result<Option<ContactId>> {
    let number = number.trim();
    if number.is_empty() || NOBODY.contains(&number) {
        return Ok(None);
    }
    let phone = match Phone::parse(number, None) {
        Ok(phone) => phone,
        Err(_) => {
            let settings = business_config::get(ctx).await?;
            match Phone::parse(number, settings.config.default_country) {
                Ok(phone) => phone,
                Err(_) => return Ok(None),
            }
        }
    };
    Ok(ctx.store().contact_with_phone(&ctx.tenant, &phone).await?)
}

/// Stands in for an agent of which nothing is known; only the variables of its packet are used.
fn nobodys_agent() -> domain::agent::Agent {
    use domain::id::PrefixedId;
    domain::agent::Agent {
        id: domain::AgentId::from_ulid(ulid::Ulid::nil()),
        profile: domain::agent::Profile::default(),
        is_default: false,
        elevenlabs_agent_id: None,
        version: 0,
        sync: domain::agent::Sync::InSync,
        check_at: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

/// Keeps a talk that a lead began: the call, what was said, what the agent knew, and has it read. A talk of
/// somebody whom nobody knows stays an event.
pub(crate) async fn take_in(ctx: &Context, conversation: &Conversation) -> Result<Ingested> {
    let phone_call = conversation.metadata.phone_call.as_ref();
    let is_inbound = phone_call.is_some_and(|call| call.direction == Said::Inbound);
    if !is_inbound || !conversation.status.is_final() || conversation.conversation_id.is_empty() {
        return Ok(Ingested::Nothing);
    }
    // Whom we named when it rang; else whoever has the number by now.
    let named = conversation.user_id.as_deref().and_then(|id| id.parse::<ContactId>().ok());
    let contact = match named {
        Some(id) => Some(id),
        None => {
            caller(ctx, phone_call.and_then(|call| call.external_number.as_deref()).unwrap_or_default())
                .await?
        }
    };
    let Some(contact) = contact else { return Ok(Ingested::Nothing) };
    crate::error::retrying!(keep(ctx, contact, conversation).await)
}

async fn keep(ctx: &Context, contact: ContactId, conversation: &Conversation) -> Result<Ingested> {
    let (settings, stored, agent) = tokio::try_join!(
        business_config::get(ctx),
        // Who was deleted and calls is there again.
        clients::come_back(ctx, contact),
        async { Ok(ctx.store().agent_known_as(&ctx.tenant, &conversation.agent_id).await?) },
    )?;
    let Some(stored) = stored else {
        erasing::talk_ended(ctx, contact, &conversation.conversation_id).await?;
        return Ok(Ingested::Nothing);
    };
    let now = ctx.now();
    let ending = ingest::ending_of(conversation, false);
    let status = ending.status;
    let length = SignedDuration::from_secs(conversation.metadata.call_duration_secs.unwrap_or_default());
    let began_at =
        conversation.metadata.start_time_unix_secs.and_then(|secs| Timestamp::from_second(secs).ok());
    let began_at = began_at.filter(|at| *at <= now).unwrap_or(now);
    let ended_at = began_at.checked_add(length).unwrap_or(now).min(now);
    let agent_id = agent.as_ref().map(|agent| agent.id);
    let mut call = Call {
        objective: "Inbound call".to_owned(),
        ..Call::taken(ctx.new_id(), contact, agent_id, ending, began_at, ended_at)
    };
    call.count_under(1, |at| settings.config.day_of(at));
    let attempt = AttemptId { call: call.id, number: 1 };
    let told = conversation.told();
    let packet = Packet {
        version: Packet::VERSION,
        prompt: told.prompt,
        first_message: told.first_message,
        variables: told.variables,
        agent: agent.map(|agent| AgentUsed { id: agent.id, version: agent.value.version }),
        templates: Vec::new(),
        built_at: Some(began_at),
    };
    let mut step = ctx.step();
    step.create(&call)?;
    step.put(&ingest::transcript(attempt, conversation))?;
    step.put(&ContextRecord { attempt, packet })?;
    if status == CallStatus::Completed {
        let mut lead = stored.value.clone();
        lead.spoke(&call, 1, now);
        if lead != stored.value {
            step.replace(&stored, &lead)?;
        }
        step.enqueue(Job::AnalyzeCall { attempt });
    }
    ctx.changed(&mut step, "call", call.id, status.as_str())?;
    match ctx.store().commit(step).await {
        Ok(()) => Ok(Ingested::News),
        // The conversation is another record's: the event was taken in beside us.
        Err(store::Error::Taken { .. }) => Ok(Ingested::Nothing),
        Err(e) => Err(e.into()),
    }
}
