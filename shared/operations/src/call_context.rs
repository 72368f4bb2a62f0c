//! What an agent is told before it calls.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::{agents, business_config};
use domain::call::Priority;
use domain::context::{CallFacts, Packet, build};
use domain::{AgentId, CallId, ContactId, Role, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
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

/// What the agent would be told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContextPreview {
    /// The agent's prompt with the context appended.
    pub prompt: String,
    /// What the agent says first, filled in.
    pub first_message: String,
    /// The values of `{{first_name}}` and the like.
    #[schema(value_type = Object)]
    pub dynamic_variables: BTreeMap<String, Value>,
}

/// What the agent would be told if it called now. Changes nothing.
pub async fn preview(ctx: &Context, input: ContextInput) -> Result<ContextPreview> {
    ctx.require(Role::Viewer)?;
    let (contact, agent, facts) = match (input.call_id, input.lead_id) {
        (Some(id), _) => {
            let call = crate::calls::find(ctx, id).await?;
            let next = call.attempts.len() + 1;
            let facts = CallFacts::of(&call, u32::try_from(next).unwrap_or(u32::MAX));
            (call.contact_id, call.agent_id, facts)
        }
        (None, Some(lead)) => {
            let objective = text::prose(&input.objective, 200).map_err(|e| e.within("/objective"))?;
            let instructions =
                text::prose(&input.instructions, 2_000).map_err(|e| e.within("/instructions"))?;
            let facts = CallFacts { objective, priority: input.priority, previous_attempts: 0, instructions };
            (lead, input.agent_id, facts)
        }
        (None, None) => return Err(domain::Invalid::at("/lead_id", "give a lead_id or a call_id").into()),
    };
    let settings = business_config::get(ctx).await?;
    let record = ctx.store().contact(&ctx.tenant, contact).await?.ok_or(Error::NotFound("lead"))?;
    let agent = match agent {
        Some(id) => agents::find(ctx, id).await?,
        None => ctx.store().default_agent(&ctx.tenant).await?.ok_or(Error::NotFound("agent"))?,
    };
    let Packet { prompt, variables } =
        build(&agent.profile.system_prompt, &record.contact, &facts, &record.history, &settings.config);
    let first_message =
        variables.iter().fold(agent.profile.first_message.clone(), |message, (name, value)| {
            message.replace(&format!("{{{{{name}}}}}"), value.as_str().unwrap_or_default())
        });
    Ok(ContextPreview { prompt, first_message, dynamic_variables: variables })
}
