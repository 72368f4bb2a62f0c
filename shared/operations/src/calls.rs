//! Calls: asked for, listed, explained.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::{Listing, Page, agents, business_config, leads};
use contracts::Job;
use domain::analysis::Analysis;
use domain::call::{Attempt, Call, CallStatus, Priority};
use domain::calling::{self, Decision, Reason, Rule, Ruling};
use domain::{AgentId, CallId, ContactId, Invalid, Role, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{CALLS, CallRecord, TranscriptTurn, calls_of_lead};
use utoipa::ToSchema;

/// A call that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallInput {
    /// Whom to call.
    pub lead_id: ContactId,
    /// Who calls; the default agent if not given.
    #[serde(default)]
    pub agent_id: Option<AgentId>,
    /// What for; one of the call objectives where the business has set them.
    #[serde(default)]
    pub objective: Option<String>,
    /// What goes first when lines are scarce.
    #[serde(default)]
    pub priority: Priority,
    /// What this one call should mind, 2,000 characters at most.
    #[serde(default)]
    pub instructions: Option<String>,
    /// When, if not at once.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub scheduled_at: Option<Timestamp>,
}

/// A call that was accepted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AcceptedCall {
    /// The call's id.
    pub id: CallId,
    /// `queued`: whether and when it is dialed is decided by the rules.
    pub status: CallStatus,
}

/// A call as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallView {
    /// The call's id.
    pub id: CallId,
    /// The lead.
    pub lead_id: ContactId,
    /// The agent, once chosen.
    pub agent_id: Option<AgentId>,
    /// The call that this one follows up.
    pub follows: Option<CallId>,
    /// Where it stands.
    pub status: CallStatus,
    /// Why it stands there, as a stable code.
    pub reason: Option<Reason>,
    /// Why it stands there, as a sentence.
    pub reason_detail: Option<&'static str>,
    /// What it is for.
    pub objective: String,
    /// What goes first when lines are scarce.
    pub priority: Priority,
    /// What this one call should mind.
    pub instructions: String,
    /// When it was wanted.
    #[schema(value_type = Option<String>)]
    pub scheduled_at: Option<Timestamp>,
    /// Of a queued call: when it comes up next.
    #[schema(value_type = Option<String>)]
    pub next_attempt_at: Option<Timestamp>,
    /// Every attempt, the first first.
    pub attempts: Vec<AttemptView>,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// One attempt of a call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttemptView {
    /// Counts from 1.
    pub number: u32,
    /// Where it stands.
    pub status: CallStatus,
    /// Why it ended so.
    pub reason: Option<Reason>,
    /// The provider's id of the conversation.
    pub conversation_id: Option<String>,
    /// When the request went out.
    #[schema(value_type = Option<String>)]
    pub dialed_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// How long they spoke, in seconds.
    pub duration_secs: Option<u64>,
    /// What it cost, in the provider's credits; unknown if absent.
    pub cost_credits: Option<f64>,
}

/// A call with what was said and read in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallDetails {
    /// The call.
    #[serde(flatten)]
    pub call: CallView,
    /// What was said in the last attempt that has a transcript.
    pub transcript: Vec<Turn>,
    /// What was read in it.
    pub analysis: Option<AnalysisView>,
}

/// One turn of a conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Turn {
    /// `agent` or `user`.
    pub role: String,
    /// What was said.
    pub message: String,
    /// When, in seconds from the beginning.
    pub at_secs: u64,
}

/// What a model read in a conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AnalysisView {
    /// What it read.
    #[serde(flatten)]
    pub reading: domain::analysis::Reading,
    /// The model.
    pub model: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Why a call is where it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Why {
    /// The call.
    pub id: CallId,
    /// Where it stands.
    pub status: CallStatus,
    /// Why it stands there.
    pub reason: Option<Reason>,
    /// Every rule and its verdict at this instant.
    pub rules: Vec<RuleVerdict>,
    /// `go`, `wait` or `refuse`: what the rules together say at this instant.
    pub decision: &'static str,
    /// The next instant at which the rules would permit the call; absent if they never would.
    #[schema(value_type = Option<String>)]
    pub next_legal_at: Option<Timestamp>,
}

/// One rule's verdict.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RuleVerdict {
    /// The rule.
    pub rule: Rule,
    /// `pass`, `wait` or `refuse`.
    pub verdict: &'static str,
    /// Why, as a stable code.
    pub reason: Option<Reason>,
    /// Why, as a sentence.
    pub detail: Option<&'static str>,
    /// Until when it waits.
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
}

/// Accepts a call. Whether it may be made is decided when its turn comes, and explained by [`why`].
pub async fn create(ctx: &Context, input: CallInput) -> Result<AcceptedCall> {
    ctx.require(Role::Member)?;
    let (settings, _) = tokio::try_join!(business_config::get(ctx), leads::find(ctx, input.lead_id))?;
    if let Some(agent) = input.agent_id {
        agents::find(ctx, agent).await?;
    }
    let objective = match input.objective.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => settings.config.check_objective(text).map_err(|e| e.within("/objective"))?,
        None => settings.config.call_objectives.first().cloned().unwrap_or_default(),
    };
    let instructions = text::prose(input.instructions.as_deref().unwrap_or_default(), 2_000)
        .map_err(|e| e.within("/instructions"))?;
    let now = ctx.now();
    let horizon = jiff::SignedDuration::from_hours(24 * 366);
    if input.scheduled_at.is_some_and(|at| at > now + horizon) {
        return Err(Invalid::at("/scheduled_at", "must be within a year").into());
    }
    let call = Call {
        agent_id: input.agent_id,
        objective,
        priority: input.priority,
        instructions,
        scheduled_at: input.scheduled_at,
        ..Call::queued(ctx.new_id(), input.lead_id, input.scheduled_at.unwrap_or(now), now)
    };
    let accepted = AcceptedCall { id: call.id, status: call.status };
    let mut step = ctx.step();
    step.create(&call)?;
    step.enqueue(Job::PlanCalls);
    ctx.audited(&mut step, "call.created", call.id, None, Some(&CallView::of(&call)))?;
    ctx.remember(&mut step, 202, &accepted)?;
    ctx.store().commit(step).await?;
    Ok(accepted)
}

/// Calls, newest first; those of one lead if it is given.
pub async fn list(ctx: &Context, lead: Option<ContactId>, page: &Page) -> Result<Listing<CallView>> {
    let list = lead.map_or_else(|| CALLS.to_owned(), calls_of_lead);
    let listing = ctx.store().list::<Call>(&ctx.tenant, &list, page).await?;
    Ok(Listing { items: listing.items.iter().map(|call| CallView::of(call)).collect(), next: listing.next })
}

/// One call with what was said and read in it.
pub async fn get(ctx: &Context, id: CallId) -> Result<CallDetails> {
    let CallRecord { call, mut transcripts, mut analyses } =
        ctx.store().call(&ctx.tenant, id).await?.ok_or(Error::NotFound("call"))?;
    let turns = transcripts.pop().map(|transcript| transcript.turns).unwrap_or_default();
    Ok(CallDetails {
        call: CallView::of(&call),
        transcript: turns.into_iter().map(Turn::of).collect(),
        analysis: analyses.pop().map(AnalysisView::of),
    })
}

/// Every rule, its verdict on the call at this instant, and the next legal moment.
pub async fn why(ctx: &Context, id: CallId) -> Result<Why> {
    let call = find(ctx, id).await?;
    let (contact, settings) = tokio::try_join!(
        async { Ok(ctx.store().get::<domain::contact::Contact>(&ctx.tenant, &call.contact_id).await?) },
        business_config::get(ctx)
    )?;
    let now = ctx.now();
    let verdicts = calling::judge(&call, contact.as_deref(), &settings.config, now);
    let (decision, next_legal_at) = match calling::decide(&verdicts) {
        Decision::Go => ("go", Some(now)),
        Decision::Wait { until, .. } => ("wait", Some(until)),
        Decision::Refuse { .. } => ("refuse", None),
    };
    let rules = verdicts.iter().map(|verdict| RuleVerdict {
        rule: verdict.rule,
        verdict: match verdict.ruling {
            Ruling::Pass => "pass",
            Ruling::Wait(_) => "wait",
            Ruling::Refuse => "refuse",
        },
        reason: verdict.reason,
        detail: verdict.reason.map(Reason::sentence),
        until: if let Ruling::Wait(at) = verdict.ruling { Some(at) } else { None },
    });
    Ok(Why { id, status: call.status, reason: call.reason, rules: rules.collect(), decision, next_legal_at })
}

pub(crate) async fn find(ctx: &Context, id: CallId) -> Result<store::Stored<Call>> {
    existing(ctx, id).await?.ok_or(Error::NotFound("call"))
}

/// The call, or none if there is none: for jobs, which have nothing to do then.
pub(crate) async fn existing(ctx: &Context, id: CallId) -> Result<Option<store::Stored<Call>>> {
    Ok(ctx.store().get::<Call>(&ctx.tenant, &id).await?)
}

impl CallView {
    fn of(call: &Call) -> Self {
        Self {
            id: call.id,
            lead_id: call.contact_id,
            agent_id: call.agent_id,
            follows: call.follows,
            status: call.status,
            reason: call.reason,
            reason_detail: call.reason.map(Reason::sentence),
            objective: call.objective.clone(),
            priority: call.priority,
            instructions: call.instructions.clone(),
            scheduled_at: call.scheduled_at,
            next_attempt_at: (call.status == CallStatus::Queued).then_some(call.ready_at),
            attempts: call.attempts.iter().map(AttemptView::of).collect(),
            created_at: call.created_at,
            updated_at: call.updated_at,
        }
    }
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            status: attempt.status,
            reason: attempt.reason,
            conversation_id: attempt.conversation_id.clone(),
            dialed_at: attempt.dialed_at,
            ended_at: attempt.ended_at,
            duration_secs: attempt.duration_secs,
            cost_credits: attempt.cost_credits,
        }
    }
}

impl Turn {
    fn of(turn: TranscriptTurn) -> Self {
        Self { role: turn.role, message: turn.message, at_secs: turn.at_secs }
    }
}

impl AnalysisView {
    fn of(analysis: Analysis) -> Self {
        let Analysis { reading, model, input_tokens, output_tokens, at, .. } = analysis;
        Self { reading, model, input_tokens, output_tokens, at }
    }
}
