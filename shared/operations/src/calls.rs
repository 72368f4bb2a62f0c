//! Calls: asked for, listed, explained.

mod why;

pub use why::{RuleVerdict, Why, why};

use crate::budget::{self, Cost};
use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::{Listing, Page, agents, business_config, leads};
use contracts::Job;
use domain::analysis::{Analysis, AnalysisStatus, Evaluation, Reading};
use domain::business::BusinessConfig;
use domain::call::{Attempt, Call, CallStatus, Direction, HORIZON, Priority};
use domain::calling::Reason;
use domain::campaign::Campaign;
use domain::cost::{Spending, Tokens};
use domain::money::Amount;
use domain::{AgentId, CallId, CampaignId, ContactId, Invalid, Role, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{CallFilter, CallRecord, Stored, TranscriptTurn};
use utoipa::{IntoParams, ToSchema};

/// A call that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallInput {
    /// Whom to call.
    pub lead_id: ContactId,
    /// Who calls; if not given, the agent that speaks with the lead in its campaign, else the default agent.
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
    /// Who called whom.
    pub direction: Direction,
    /// The lead.
    pub lead_id: ContactId,
    /// The agent, once chosen.
    pub agent_id: Option<AgentId>,
    /// The campaign that asked for it.
    pub campaign_id: Option<CampaignId>,
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
    /// Of a queued call: when it comes up next. Of one that waits for the budget alone: an instant that has passed;
    /// see `GET /calls/{id}/why`.
    #[schema(value_type = Option<String>)]
    pub next_attempt_at: Option<Timestamp>,
    /// Whether the last conversation was read by a model; absent if there was none.
    pub analysis_status: Option<AnalysisStatus>,
    /// Of what having it read failed last, as a stable code, while it is not done.
    pub analysis_problem: Option<String>,
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
    /// What all its attempts and analyses cost.
    pub cost: CallCost,
}

/// What a call cost.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallCost {
    /// ElevenLabs credits; null while an attempt's are unknown.
    #[schema(required)]
    pub credits: Option<Amount>,
    /// Tokens that models read.
    pub input_tokens: i64,
    /// Tokens that models wrote.
    pub output_tokens: i64,
    /// What that comes to.
    #[serde(flatten)]
    pub cost: Cost,
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
    pub reading: Reading,
    /// When the lead wants to be called again, if they named a time.
    #[schema(value_type = Option<String>)]
    pub callback_at: Option<Timestamp>,
    /// The voice provider's own verdict on each of the agent's criteria.
    pub evaluation: BTreeMap<String, Evaluation>,
    /// In how many pieces the transcript was read; 0 if the lead said nothing, so that no model was asked.
    pub pieces: u32,
    /// How many turns in the middle of a very long transcript nobody read.
    pub turns_left_out: u32,
    /// The model; `none` if none was asked.
    pub model: String,
    /// Tokens read, over all pieces.
    pub input_tokens: u64,
    /// Tokens written, over all pieces.
    pub output_tokens: u64,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Accepts a call. Whether it may be made is decided when its turn comes, and explained by [`why`].
pub async fn create(ctx: &Context, input: CallInput) -> Result<AcceptedCall> {
    ctx.require(Role::Member)?;
    let (settings, lead) = tokio::try_join!(business_config::get(ctx), leads::named(ctx, input.lead_id))?;
    let agent_id = match (input.agent_id, lead.details.campaign_id) {
        (Some(agent), _) => Some(agents::find(ctx, agent).await?.id),
        (None, Some(campaign)) => {
            let campaign = ctx.store().get::<Campaign>(&ctx.tenant, &campaign).await?;
            campaign.and_then(|campaign| campaign.agent_of(&lead))
        }
        (None, None) => None,
    };
    let objective = match input.objective.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => settings.config.check_objective(text).map_err(|e| e.within("/objective"))?,
        None => settings.config.call_objectives.first().cloned().unwrap_or_default(),
    };
    let instructions = text::prose(input.instructions.as_deref().unwrap_or_default(), 2_000)
        .map_err(|e| e.within("/instructions"))?;
    let now = ctx.now();
    if input.scheduled_at.is_some_and(|at| at > now + HORIZON) {
        return Err(Invalid::at("/scheduled_at", "must be within a year").into());
    }
    let call = Call {
        agent_id,
        objective,
        priority: input.priority,
        instructions,
        scheduled_at: input.scheduled_at,
        ..Call::queued(ctx.new_id(), lead.id, input.scheduled_at.unwrap_or(now), now)
    };
    let accepted = AcceptedCall { id: call.id, status: call.status };
    let mut step = ctx.step();
    step.create(&call)?;
    step.enqueue(Job::PlanCalls);
    ctx.audited(&mut step, "call.created", call.id, None, Some(&CallView::of(&call, now)))?;
    ctx.remember(&mut step, 202, &accepted)?;
    ctx.store().commit(step).await?;
    Ok(accepted)
}

/// Which calls to list: those that fit all that is given.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct CallSearch {
    /// Those of this lead.
    #[param(value_type = Option<String>)]
    pub lead_id: Option<ContactId>,
    /// Those of this campaign.
    #[param(value_type = Option<String>)]
    pub campaign_id: Option<CampaignId>,
    /// Those of this agent.
    #[param(value_type = Option<String>)]
    pub agent_id: Option<AgentId>,
    /// Those in this status; calls that are not over are listed oldest first.
    pub status: Option<CallStatus>,
}

impl CallSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 4] {
        [
            ("lead_id", self.lead_id.map(|id| id.to_string())),
            ("campaign_id", self.campaign_id.map(|id| id.to_string())),
            ("agent_id", self.agent_id.map(|id| id.to_string())),
            ("status", self.status.map(|status| status.as_str().to_owned())),
        ]
    }
}

/// The calls that fit, newest first. A page may be short where few fit several filters.
pub async fn list(ctx: &Context, search: &CallSearch, page: &Page) -> Result<Listing<CallView>> {
    ctx.require(Role::Viewer)?;
    let CallSearch { lead_id, campaign_id, agent_id, status } = *search;
    let filter = CallFilter { lead: lead_id, campaign: campaign_id, agent: agent_id, status };
    let listing = ctx.store().calls(&ctx.tenant, &filter, page).await?;
    Ok(Listing {
        items: listing.items.iter().map(|call| CallView::of(call, ctx.now())).collect(),
        next: listing.next,
    })
}

/// Takes a call back that nobody was called for yet.
pub async fn cancel(ctx: &Context, id: CallId) -> Result<CallView> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            let mut call = old.value.clone();
            if call.cancel(Reason::Cancelled, ctx.now()).is_none() {
                return match old.status {
                    CallStatus::Cancelled => Ok(CallView::of(&old, ctx.now())),
                    status => Err(Error::Conflict(format!("The call is {}.", status.as_str()))),
                };
            }
            let view = CallView::of(&call, ctx.now());
            let mut step = ctx.step();
            step.replace(&old, &call)?;
            if old.slot.is_some() {
                step.enqueue(Job::PlanCalls);
            }
            ctx.audited(&mut step, "call.cancelled", id, Some(&CallView::of(&old, ctx.now())), Some(&view))?;
            ctx.store().commit(step).await?;
            Ok(view)
        }
        .await
    )
}

/// One call with what was said and read in it.
pub async fn get(ctx: &Context, id: CallId) -> Result<CallDetails> {
    ctx.require(Role::Viewer)?;
    let (record, settings) =
        tokio::try_join!(async { Ok(ctx.store().call(&ctx.tenant, id).await?) }, business_config::get(ctx))?;
    let CallRecord { call, mut transcripts, mut analyses } = record.ok_or(Error::NotFound("call"))?;
    let turns = transcripts.pop().map(|transcript| transcript.turns).unwrap_or_default();
    Ok(CallDetails {
        call: CallView::of(&call, ctx.now()),
        transcript: turns.into_iter().map(Turn::of).collect(),
        cost: CallCost::of(&call, &analyses, &settings.config),
        analysis: analyses.pop().map(AnalysisView::of),
    })
}

pub(crate) async fn find(ctx: &Context, id: CallId) -> Result<Stored<Call>> {
    existing(ctx, id).await?.ok_or(Error::NotFound("call"))
}

/// How many waiting calls of a lead are changed in one step with it; the rules reach further ones when their turn comes.
const WAITING_MAX: usize = 6;

/// Those of these calls that wait, as many as a step has room for.
pub(crate) async fn waiting(ctx: &Context, ids: &[CallId]) -> Result<Vec<Stored<Call>>> {
    let mut calls = ctx.store().get_many::<Call>(&ctx.tenant, ids).await?;
    calls.retain(|call| call.status == CallStatus::Queued);
    calls.truncate(WAITING_MAX);
    Ok(calls)
}

/// The call, or none if there is none: for jobs, which have nothing to do then.
pub(crate) async fn existing(ctx: &Context, id: CallId) -> Result<Option<Stored<Call>>> {
    Ok(ctx.store().get::<Call>(&ctx.tenant, &id).await?)
}

impl CallView {
    fn of(call: &Call, now: Timestamp) -> Self {
        let reason = if call.held { Some(Reason::CampaignPaused) } else { call.reason };
        Self {
            id: call.id,
            direction: call.direction,
            lead_id: call.contact_id,
            agent_id: call.agent_id,
            campaign_id: call.campaign_id,
            follows: call.follows,
            status: call.status,
            reason,
            reason_detail: reason.map(Reason::sentence),
            objective: call.objective.clone(),
            priority: call.priority,
            instructions: call.instructions.clone(),
            scheduled_at: call.scheduled_at,
            next_attempt_at: (call.status == CallStatus::Queued && !call.held).then_some(call.ready_at),
            analysis_status: call.analysis_status(now),
            analysis_problem: call.analysis_failure.as_ref().map(|failure| failure.reason.clone()),
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

impl CallCost {
    fn of(call: &Call, analyses: &[Analysis], config: &BusinessConfig) -> Self {
        let mut spending = Spending::default();
        for attempt in call.attempts.iter().filter(|attempt| attempt.status.is_final()) {
            match attempt.credits() {
                Some(credits) => spending.credits += credits,
                None => spending.uncosted += 1,
            }
        }
        let mut all = Tokens::default();
        for analysis in analyses {
            let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
            let tokens =
                Tokens { input: count(analysis.input_tokens), output: count(analysis.output_tokens) };
            spending.spend(&analysis.model, tokens);
            all.input += tokens.input;
            all.output += tokens.output;
        }
        Self {
            credits: (spending.uncosted == 0).then(|| budget::credits(spending.credits)),
            input_tokens: all.input,
            output_tokens: all.output,
            cost: Cost::of(config.prices.bill(&spending, config.currency)),
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
        let Analysis {
            reading,
            evaluation,
            pieces,
            turns_left_out,
            model,
            input_tokens,
            output_tokens,
            at,
            ..
        } = analysis;
        let callback_at = reading.callback_at();
        Self {
            reading,
            callback_at,
            evaluation,
            pieces,
            turns_left_out,
            model,
            input_tokens,
            output_tokens,
            at,
        }
    }
}
