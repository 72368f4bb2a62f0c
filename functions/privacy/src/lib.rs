//! `/crm/clients/{id}/export`: what a person may ask of a business that stores things about them.
//!
//! No jobs go out.

use api::{Caller, Document, Path};
use domain::ContactId;
use operations::privacy::{self, Dossier};

api::routes!(export_client);

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
