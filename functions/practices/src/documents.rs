//! Documents of practices.

use api::{Caller, Created, IfMatch, NoContent, Path, Problem, Record, Submitted};
use domain::{DocumentId, PracticeId};
use operations::practices::documents::{self, AddedDocument, DocumentInput, DocumentView};

/// Adds a document to a practice, 50 at most: one that is elsewhere, or a file that is then to be put where the answer says.
#[utoipa::path(
    post,
    path = "/crm/practices/{id}/documents/add",
    tag = "practices",
    params(("id" = String, Path)),
    request_body = DocumentInput,
    responses(
        (status = 201, description = "The document", body = AddedDocument),
        (status = 409, description = "The practice has 50 documents", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn add_document(
    Path(id): Path<PracticeId>,
    request: Submitted<DocumentInput>,
) -> api::Result<Created<AddedDocument>> {
    Ok(Created(documents::add(&request.ctx, id, request.body).await?))
}

/// One document of a practice, with an address for its file.
#[utoipa::path(
    get,
    path = "/crm/practices/{id}/documents/{document_id}",
    tag = "practices",
    params(("id" = String, Path), ("document_id" = String, Path)),
    responses(
        (status = 200, description = "The document", body = DocumentView),
    ),
)]
pub(crate) async fn get_document(
    caller: Caller,
    Path((id, document)): Path<(PracticeId, DocumentId)>,
) -> api::Result<Record<DocumentView>> {
    Ok(Record(documents::get(&caller, id, document).await?))
}

/// Notes that a document's file was put to its `upload_url`.
#[utoipa::path(
    post,
    path = "/crm/practices/{id}/documents/{document_id}/complete",
    tag = "practices",
    params(("id" = String, Path), ("document_id" = String, Path)),
    responses(
        (status = 200, description = "The document", body = DocumentView),
        (status = 409, description = "The file is not there, or too large", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn complete_document(
    caller: Caller,
    Path((id, document)): Path<(PracticeId, DocumentId)>,
) -> api::Result<Record<DocumentView>> {
    Ok(Record(documents::complete(&caller, id, document).await?))
}

/// Deletes a document, and its file.
#[utoipa::path(
    delete,
    path = "/crm/practices/{id}/documents/{document_id}",
    tag = "practices",
    params(("id" = String, Path), ("document_id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
pub(crate) async fn delete_document(
    caller: Caller,
    Path((id, document)): Path<(PracticeId, DocumentId)>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    documents::delete(&caller, id, document, expected).await?;
    Ok(NoContent)
}
