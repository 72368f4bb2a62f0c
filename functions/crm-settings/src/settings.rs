//! What the business set of its clients, practices and renewals.

use api::{Caller, IfMatch, Record, Submitted};
use domain::crm::CrmSettings;
use operations::crm_settings;
use serde_json::Value;

/// The settings; the defaults until some are set.
#[utoipa::path(
    get,
    path = "/crm/settings",
    tag = "crm",
    responses(
        (status = 200, description = "The settings", body = CrmSettings),
    ),
)]
pub(crate) async fn get_crm_settings(caller: Caller) -> api::Result<Record<CrmSettings>> {
    Ok(Record(crm_settings::get(&caller).await?))
}

/// Changes the settings that the merge patch (RFC 7396) names; what is null there becomes the default again.
#[utoipa::path(
    patch,
    path = "/crm/settings",
    tag = "crm",
    params(IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The settings", body = CrmSettings),
    ),
)]
pub(crate) async fn update_crm_settings(
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<CrmSettings>> {
    Ok(Record(crm_settings::update(&request.ctx, &request.body, expected).await?))
}
