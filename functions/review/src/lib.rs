//! `/crm/review`: what a model read in a conversation and was not sure enough of, so that a person is asked.
//!
//! What is accepted is written by the same operation that writes what was sure. No jobs go out.

use api::{Caller, List, PageQuery, Path, Problem, Query};
use axum::Json;
use domain::ReviewId;
use domain::saved::ReviewStatus;
use operations::reviews::{self, ReviewView};
use serde::Deserialize;
use utoipa::IntoParams;

api::routes!(list_reviews, accept_review, reject_review);

/// Which questions to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct ReviewFilter {
    /// Those that were answered so; open ones if not given.
    status: ReviewStatus,
}

/// What people are asked, the oldest first.
#[utoipa::path(
    get,
    path = "/crm/review",
    tag = "review",
    params(ReviewFilter, PageQuery),
    responses(
        (status = 200, description = "One page", body = [ReviewView]),
    ),
)]
async fn list_reviews(
    caller: Caller,
    Query(filter): Query<ReviewFilter>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<ReviewView>> {
    let listing = reviews::list(&caller, filter.status, &page.page()).await?;
    let status = ("status", Some(filter.status.as_str().to_owned()));
    Ok(List::new(listing, "/crm/review", &[status, page.kept()]))
}

/// It is so: what was read is written. Who wants a service is a client.
#[utoipa::path(
    post,
    path = "/crm/review/{id}/accept",
    tag = "review",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "It is written", body = ReviewView),
        (status = 409, description = "It was answered otherwise", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn accept_review(caller: Caller, Path(id): Path<ReviewId>) -> api::Result<Json<ReviewView>> {
    Ok(Json(reviews::accept(&caller, id).await?))
}

/// It is not so: nothing is written, and the same is not asked again of this conversation.
#[utoipa::path(
    post,
    path = "/crm/review/{id}/reject",
    tag = "review",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "It is left", body = ReviewView),
        (status = 409, description = "It was answered otherwise", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn reject_review(caller: Caller, Path(id): Path<ReviewId>) -> api::Result<Json<ReviewView>> {
    Ok(Json(reviews::reject(&caller, id).await?))
}
