//! `GET /api/customer-context/{phone}`: what is known of a customer; `GET /api/bot/status-summary`: how the bot is.

use api::{Caller, Path};
use axum::Json;
use operations::analytics::{self, BotSummary};
use operations::customers::{self, CustomerContext};
use serde::Serialize;
use utoipa::ToSchema;

api::routes!(get_customer_context, get_bot_status);

/// What is known of a customer, in the frame that the caller expects.
#[derive(Debug, Serialize, ToSchema)]
struct CustomerContextAnswer {
    /// `success`.
    status: &'static str,
    /// What is known.
    data: CustomerContext,
}

/// What is known of whoever has a telephone number, in any form. Nobody's number is a new customer's.
#[utoipa::path(
    get,
    path = "/api/customer-context/{phone}",
    tag = "customers",
    params(("phone" = String, Path, description = "A number with its country code, or of the default country")),
    responses(
        (status = 200, description = "What is known", body = CustomerContextAnswer),
        (status = 422, description = "It is no telephone number", body = api::Problem, content_type = "application/problem+json"),
    ),
)]
async fn get_customer_context(
    caller: Caller,
    Path(phone): Path<String>,
) -> api::Result<Json<CustomerContextAnswer>> {
    let data = customers::context(&caller, &phone).await?;
    Ok(Json(CustomerContextAnswer { status: "success", data }))
}

/// How the bot is, and what it did today.
#[utoipa::path(
    get,
    path = "/api/bot/status-summary",
    tag = "customers",
    responses(
        (status = 200, description = "The summary", body = BotSummary),
    ),
)]
async fn get_bot_status(caller: Caller) -> api::Result<Json<BotSummary>> {
    Ok(Json(analytics::bot(&caller).await?))
}
