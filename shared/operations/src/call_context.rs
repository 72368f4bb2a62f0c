//! What an agent is told for a call.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::{agents, business_config, leads, similarity};
use domain::agent::Agent;
use domain::business::BusinessConfig;
use domain::call::Priority;
use domain::contact::{Contact, Details};
use domain::context::{AgentUsed, CallFacts, ContextTemplate, Known, Packet, TemplateUsed, build};
use domain::{AgentId, Author, CallId, ContactId, Role, text};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{ContactRecord, Stored};
use utoipa::ToSchema;

/// Which call to show the context of: one that exists, or one that might be asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContextInput {
    /// A call that exists; the other fields are taken from it.
    pub call_id: Option<CallId>,
    /// Whom to call.
    pub lead_id: Option<ContactId>,
    /// Who calls; the default agent if not given.
    pub agent_id: Option<AgentId>,
    /// What for.
    pub objective: String,
    /// How urgent it is.
    pub priority: Priority,
    /// What this one call should mind.
    pub instructions: String,
}

/// What an agent is told, or would be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PacketView {
    /// The version of the packet's make-up.
    pub version: u32,
    /// The agent's prompt with the context appended.
    pub prompt: String,
    /// What the agent says first, filled in.
    pub first_message: String,
    /// The values of `{{first_name}}` and the like in the prompt.
    #[schema(value_type = Object)]
    pub dynamic_variables: BTreeMap<String, Value>,
    /// The agent, and the version of its profile.
    pub agent: Option<AgentUsed>,
    /// The context templates that had a say, with their versions, the one that counts most first.
    pub templates: Vec<TemplateUsed>,
    /// When it was built.
    #[schema(value_type = Option<String>)]
    pub built_at: Option<Timestamp>,
}

/// What an agent was told in one attempt of a call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallContext {
    /// The call.
    pub call_id: CallId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What it was told.
    #[serde(flatten)]
    pub packet: PacketView,
}

impl From<Packet> for PacketView {
    fn from(packet: Packet) -> Self {
        let Packet { version, prompt, first_message, variables, agent, templates, built_at } = packet;
        Self { version, prompt, first_message, dynamic_variables: variables, agent, templates, built_at }
    }
}

/// What a packet is built of, as it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brief<'a> {
    pub(crate) agent: &'a Agent,
    /// None for somebody whom nobody knows.
    pub(crate) record: Option<&'a ContactRecord>,
    pub(crate) call: &'a CallFacts,
    pub(crate) config: &'a BusinessConfig,
    pub(crate) templates: &'a [ContextTemplate],
}

impl Brief<'_> {
    /// The packet, with the likest of the earlier conversations where there are many.
    pub(crate) async fn packet(self, ctx: &Context) -> Packet {
        let related = match self.record {
            Some(record) => {
                similarity::related(ctx, record.contact.id, self.call, record.history.len()).await
            }
            None => Vec::new(),
        };
        self.packet_with(&related, ctx.now())
    }

    /// The packet of what was read.
    pub(crate) fn packet_with(self, related: &[domain::context::HistoryEntry], now: Timestamp) -> Packet {
        let Brief { agent, record, call, config, templates } = self;
        let known = Known {
            contact: record.map(|record| &record.contact.value),
            call,
            history: record.map_or(&[], |record| &record.history),
            related,
            open: record.map_or(&[], |record| &record.open),
            templates,
            config,
            now,
        };
        build(agent, &known)
    }
}

/// The tenant's templates.
pub(crate) async fn templates(ctx: &Context) -> Result<Vec<ContextTemplate>> {
    let stored = ctx.store().context_templates(&ctx.tenant).await?;
    Ok(stored.into_iter().map(|stored| stored.value).collect())
}

/// What the agent would be told if it called now. Changes nothing.
///
/// Boxed, because it waits for so much at once that its type would be too deep for its callers to be compiled.
pub fn preview(ctx: &Context, input: ContextInput) -> BoxFuture<'_, Result<PacketView>> {
    Box::pin(previewed(ctx, input))
}

async fn previewed(ctx: &Context, input: ContextInput) -> Result<PacketView> {
    ctx.require(Role::Viewer)?;
    let (contact, agent, facts) = match (input.call_id, input.lead_id) {
        (Some(id), _) => {
            let call = crate::calls::find(ctx, id).await?;
            let next = call.attempts.len() + 1;
            let facts = CallFacts::of(&call, u32::try_from(next).unwrap_or(u32::MAX));
            (call.contact_id, call.agent_id, facts)
        }
        (None, Some(lead)) => (lead, input.agent_id, facts(&input)?),
        (None, None) => return Err(domain::Invalid::at("/lead_id", "give a lead_id or a call_id").into()),
    };
    let (settings, record, agent, templates) = tokio::try_join!(
        business_config::get(ctx),
        async { leads::known_record(ctx, contact).await?.ok_or(Error::NotFound("lead")) },
        async {
            match agent {
                Some(id) => agents::find(ctx, id).await,
                None => ctx.store().default_agent(&ctx.tenant).await?.ok_or(Error::NotFound("agent")),
            }
        },
        templates(ctx),
    )?;
    let brief = Brief {
        agent: &agent,
        record: Some(&record),
        call: &facts,
        config: &settings.config,
        templates: &templates,
    };
    Ok(brief.packet(ctx).await.into())
}

/// What an agent would be told if it called somebody who is made up here, so that it can be tried before there are
/// leads. Changes nothing.
pub(crate) async fn preview_of_nobody(
    ctx: &Context,
    agent: &Agent,
    input: &ContextInput,
) -> Result<PacketView> {
    let call = facts(input)?;
    let (settings, templates) = tokio::try_join!(business_config::get(ctx), templates(ctx))?;
    let text = |text: &str| text.to_owned();
    let details = Details {
        first_name: text("Alex"),
        last_name: text("Morgan"),
        company: text("Example Company"),
        position: text("Manager"),
        ..Details::default()
    };
    let contact = Contact::new(ctx.new_id(), details, Author::System, ctx.now());
    let record = ContactRecord {
        contact: Stored { value: contact, version: 0 },
        open: Vec::new(),
        history: Vec::new(),
        signals: Vec::new(),
    };
    let config = &settings.config;
    let brief = Brief { agent, record: Some(&record), call: &call, config, templates: &templates };
    Ok(brief.packet_with(&[], ctx.now()).into())
}

/// The facts of a call that might be asked for.
fn facts(input: &ContextInput) -> Result<CallFacts> {
    let objective = text::prose(&input.objective, 200).map_err(|e| e.within("/objective"))?;
    let instructions = text::prose(&input.instructions, 2_000).map_err(|e| e.within("/instructions"))?;
    Ok(CallFacts { objective, priority: input.priority, instructions, ..CallFacts::default() })
}

/// What the agent was told in an attempt of a call, the last one if none is named.
pub async fn of_call(ctx: &Context, id: CallId, attempt: Option<u32>) -> Result<CallContext> {
    ctx.require(Role::Viewer)?;
    let stored = ctx.store().call_context(&ctx.tenant, id, attempt).await?;
    let record = stored.ok_or(Error::NotFound("context of a call"))?;
    Ok(CallContext { call_id: id, attempt: record.attempt.number, packet: record.packet.into() })
}
