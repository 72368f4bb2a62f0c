//! The audit.

use api::{Caller, List, PageQuery, Query};
use operations::{Listing, audit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Which lines to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct AuditFilter {
    /// The month, `YYYY-MM`; the present one if not given.
    month: Option<String>,
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
    params(AuditFilter, PageQuery),
    responses(
        (status = 200, description = "One page", body = [AuditView]),
    ),
)]
pub(crate) async fn list_audit(
    caller: Caller,
    Query(filter): Query<AuditFilter>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<AuditView>> {
    let listing = audit::list(&caller, filter.month.as_deref(), &page.page()).await?;
    let items = listing.items.into_iter().map(AuditView::of).collect();
    Ok(List::new(
        Listing { items, next: listing.next },
        "/admin/audit",
        &[("month", filter.month), page.kept()],
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
