//! `/crm/clients/{id}/export`, `…/erase`, `/crm/erasures`: what a person may ask of a business that stores things about them;
//! `/crm/clients/{id}/sensitive`: fields that are kept encrypted.
//!
//! What hangs on somebody who is erased is removed by a job (`EraseContact`).

use api::{Accepted, Caller, Document, List, PageQuery, Path, Private, Query, Submitted};
use axum::Json;
use domain::ContactId;
use operations::erasing::{self, ErasureView};
use operations::privacy::{self, Dossier};
use operations::sensitive::{self, SensitiveField, SensitiveFieldNote, SensitiveReadView};
use serde_json::{Map, Value};

api::routes!(
    export_client,
    erase_client,
    list_erasures,
    get_erasure,
    read_sensitive_fields,
    update_sensitive_fields,
    list_sensitive_reads
);

/// All that is stored of one person, also of one who was deleted and can come back: their record and who wrote each field, calls
/// with what was said, conversations with their messages, practices, deals, tasks, interactions. The audit notes who asked.
#[utoipa::path(
    post,
    path = "/crm/clients/{id}/export",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "All of it", body = Dossier),
        (status = 303, description = "It is too large for an answer; `Location` has it for 15 minutes"),
    ),
)]
async fn export_client(caller: Caller, Path(id): Path<ContactId>) -> api::Result<Document> {
    Ok(Document(privacy::export(&caller, id).await?))
}

/// Erases a person for good: from this answer on nobody finds them, and within minutes all that was stored of them is gone, with
/// its files, what the audit kept of its values and the conversations at ElevenLabs. Their number and address may come back as
/// somebody new; what was shut to these stays shut. Asked for again, it answers how far it is.
#[utoipa::path(
    post,
    path = "/crm/clients/{id}/erase",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "They are in no list; the rest is being removed", body = ErasureView),
    ),
)]
async fn erase_client(caller: Caller, Path(id): Path<ContactId>) -> api::Result<Accepted<ErasureView>> {
    Ok(Accepted(erasing::erase(&caller, id).await?))
}

/// Who was erased, the last one first: by ids, for that is all that is left of them.
#[utoipa::path(
    get,
    path = "/crm/erasures",
    tag = "clients",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [ErasureView]),
    ),
)]
async fn list_erasures(caller: Caller, Query(page): Query<PageQuery>) -> api::Result<List<ErasureView>> {
    let listing = erasing::list(&caller, &page.page()).await?;
    Ok(List::new(listing, "/crm/erasures", &[page.kept()]))
}

/// How far the erasure of a person is.
#[utoipa::path(
    get,
    path = "/crm/erasures/{id}",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The erasure", body = ErasureView),
    ),
)]
async fn get_erasure(caller: Caller, Path(id): Path<ContactId>) -> api::Result<Json<ErasureView>> {
    Ok(Json(erasing::get(&caller, id).await?))
}

/// The sensitive fields of a client that have a value. Who asks is noted before they are told.
#[utoipa::path(
    get,
    path = "/crm/clients/{id}/sensitive",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The fields, by name", body = [SensitiveField]),
    ),
)]
async fn read_sensitive_fields(
    caller: Caller,
    Path(id): Path<ContactId>,
) -> api::Result<Private<Vec<SensitiveField>>> {
    Ok(Private(sensitive::read(&caller, id).await?))
}

/// Writes the named sensitive fields of a client, which the configuration defines with `"sensitive": true`; null takes a value away.
#[utoipa::path(
    patch,
    path = "/crm/clients/{id}/sensitive",
    tag = "clients",
    params(("id" = String, Path)),
    request_body = Object,
    responses(
        (status = 200, description = "Which fields have a value now, without the values", body = [SensitiveFieldNote]),
    ),
)]
async fn update_sensitive_fields(
    Path(id): Path<ContactId>,
    request: Submitted<Map<String, Value>>,
) -> api::Result<Json<Vec<SensitiveFieldNote>>> {
    Ok(Json(sensitive::update(&request.ctx, id, &request.body).await?))
}

/// Who read sensitive fields of a client, the last one first.
#[utoipa::path(
    get,
    path = "/crm/clients/{id}/sensitive/reads",
    tag = "clients",
    params(("id" = String, Path), PageQuery),
    responses(
        (status = 200, description = "One page", body = [SensitiveReadView]),
    ),
)]
async fn list_sensitive_reads(
    caller: Caller,
    Path(id): Path<ContactId>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<SensitiveReadView>> {
    let listing = sensitive::reads(&caller, id, &page.page()).await?;
    Ok(List::new(listing, &format!("/crm/clients/{id}/sensitive/reads"), &[page.kept()]))
}
