//! `/crm/clients/{id}/export`, `/crm/clients/{id}/erase`, `/crm/erasures`: what a person may ask of a business that stores things
//! about them.
//!
//! What hangs on somebody who is erased is removed by a job (`EraseContact`).

use api::{Accepted, Caller, Document, List, PageQuery, Path, Query};
use axum::Json;
use domain::ContactId;
use operations::erasing::{self, ErasureView};
use operations::privacy::{self, Dossier};

api::routes!(export_client, erase_client, list_erasures, get_erasure);

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
