//! `GET /analytics/{calls,agents,campaigns,leads,chat}`, `GET /usage`: what calls and leads came to, and what a month used
//! of its budget. All of it from counters that the records keep.

use api::{Caller, Query};
use axum::Json;
use operations::analytics::{
    self, AgentAnalytics, CallAnalytics, CallScope, CampaignAnalytics, ChatAnalytics, ChatScope,
    LeadAnalytics, LeadScope,
};
use operations::budget::{self, Usage};
use serde::Deserialize;
use utoipa::IntoParams;

api::routes!(analyze_calls, analyze_agents, analyze_campaigns, analyze_leads, analyze_chat, get_usage);

/// What calls came to: how they ended, how long they were, what was said, what was sold, and what they cost.
#[utoipa::path(
    get,
    path = "/analytics/calls",
    tag = "analytics",
    params(CallScope),
    responses(
        (status = 200, description = "The figures, and their course over time", body = CallAnalytics),
    ),
)]
async fn analyze_calls(caller: Caller, Query(scope): Query<CallScope>) -> api::Result<Json<CallAnalytics>> {
    Ok(Json(analytics::calls(&caller, &scope).await?))
}

/// What the calls of each agent came to.
#[utoipa::path(
    get,
    path = "/analytics/agents",
    tag = "analytics",
    params(CallScope),
    responses(
        (status = 200, description = "The figures of each agent that had an attempt", body = AgentAnalytics),
    ),
)]
async fn analyze_agents(caller: Caller, Query(scope): Query<CallScope>) -> api::Result<Json<AgentAnalytics>> {
    Ok(Json(analytics::agents(&caller, &scope).await?))
}

/// What the calls of each campaign came to, for each of its variants too, and whether one of these is better.
#[utoipa::path(
    get,
    path = "/analytics/campaigns",
    tag = "analytics",
    params(CallScope),
    responses(
        (status = 200, description = "The figures of each campaign that had an attempt", body = CampaignAnalytics),
    ),
)]
async fn analyze_campaigns(
    caller: Caller,
    Query(scope): Query<CallScope>,
) -> api::Result<Json<CampaignAnalytics>> {
    Ok(Json(analytics::campaigns(&caller, &scope).await?))
}

/// What the leads of a period came to, by source and campaign, and where all leads stand.
#[utoipa::path(
    get,
    path = "/analytics/leads",
    tag = "analytics",
    params(LeadScope),
    responses(
        (status = 200, description = "The figures, and their course over time", body = LeadAnalytics),
    ),
)]
async fn analyze_leads(caller: Caller, Query(scope): Query<LeadScope>) -> api::Result<Json<LeadAnalytics>> {
    Ok(Json(analytics::leads(&caller, &scope).await?))
}

/// What chats came to: who was known, who was called by name, how long people waited, what was refused.
#[utoipa::path(
    get,
    path = "/analytics/chat",
    tag = "analytics",
    params(ChatScope),
    responses(
        (status = 200, description = "The figures", body = ChatAnalytics),
    ),
)]
async fn analyze_chat(caller: Caller, Query(scope): Query<ChatScope>) -> api::Result<Json<ChatAnalytics>> {
    Ok(Json(analytics::chat(&caller, &scope).await?))
}

/// Which month to look at.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct MonthQuery {
    /// The month, `YYYY-MM`, by the business's own clock; this one if not given.
    month: Option<String>,
}

/// What a month used, what that costs, and how this month stands with its budget.
#[utoipa::path(
    get,
    path = "/usage",
    tag = "analytics",
    params(MonthQuery),
    responses(
        (status = 200, description = "What was used", body = Usage),
    ),
)]
async fn get_usage(caller: Caller, Query(query): Query<MonthQuery>) -> api::Result<Json<Usage>> {
    Ok(Json(budget::usage(&caller, query.month.as_deref()).await?))
}
