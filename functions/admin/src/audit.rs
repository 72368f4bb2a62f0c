//! The audit.

use api::{Caller, List, PageQuery, Problem, Query};
use operations::{Listing, audit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Which lines to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct AuditQuery {
    /// The month, `YYYY-MM`; the present one if not given.
    month: Option<String>,
    /// How many, at most 100; 50 if not given.
    limit: Option<usize>,
    /// Where the last page ended, as its `Link` header said.
    cursor: Option<String>,
}

/// Who did what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    /// When.
    at: String,
    /// Who: an API key, `jwt:` and a subject, or `system`.
    actor: String,
    /// What.
    action: String,
    /// To which record.
    subject: String,
    /// `done` or `refused`; like refusals of one minute share a line.
    outcome: String,
    /// The changed fields before.
    #[schema(value_type = Object)]
    before: Value,
    /// The changed fields after.
    #[schema(value_type = Object)]
    after: Value,
    /// The request.
    request_id: String,
}

/// Who did what in a month, newest first.
#[utoipa::path(
    get,
    path = "/admin/audit",
    tag = "admin",
    params(AuditQuery),
    responses(
        (status = 200, description = "One page", body = [AuditView]),
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value is not accepted", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list_audit(
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> api::Result<List<AuditView>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor };
    let listing = audit::list(&caller, query.month.as_deref(), &page.page()).await?;
    let items = listing.items.into_iter().map(AuditView::of).collect();
    Ok(List::new(
        Listing { items, next: listing.next },
        "/admin/audit",
        &[("month", query.month), page.kept()],
    ))
}

impl AuditView {
    fn of(entry: store::AuditEntry) -> Self {
        Self {
            at: entry.at.to_string(),
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            outcome: entry.outcome,
            before: entry.before,
            after: entry.after,
            request_id: entry.request,
        }
    }
}
