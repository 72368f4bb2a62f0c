//! `POST /conversations/save`, as an older system calls it `/bali-zero/conversations/save`, and `GET /conversations/jobs/{id}`:
//! conversations that another system led.
//!
//! A conversation is stored first, with the job that reads it (`ExtractConversation`); then it is read at once, and what
//! takes longer than two seconds is left to the job.

use api::{Caller, Path, Submitted};
use axum::Json;
use domain::SavedConversationId;
use operations::saved_conversations::{self, JobView, SaveAnswer, SaveInput};

api::routes!(save_conversation, save_bali_zero_conversation, get_conversation_job);

/// Stores a conversation, and has it read: client, practice and interaction follow from it. A later save of the same session
/// replaces the earlier and makes nothing twice.
#[utoipa::path(
    post,
    path = "/conversations/save",
    tag = "conversations",
    request_body = SaveInput,
    responses(
        (status = 200, description = "It is stored; `crm.processed` says whether it was read already", body = SaveAnswer),
    ),
)]
async fn save_conversation(request: Submitted<SaveInput>) -> api::Result<Json<SaveAnswer>> {
    Ok(Json(saved_conversations::save(&request.ctx, request.body).await?))
}

/// The same, where an older system's pages ask for it.
#[utoipa::path(
    post,
    path = "/bali-zero/conversations/save",
    tag = "conversations",
    request_body = SaveInput,
    responses(
        (status = 200, description = "It is stored; `crm.processed` says whether it was read already", body = SaveAnswer),
    ),
)]
async fn save_bali_zero_conversation(request: Submitted<SaveInput>) -> api::Result<Json<SaveAnswer>> {
    Ok(Json(saved_conversations::save(&request.ctx, request.body).await?))
}

/// How far the reading of a conversation is, what was read and what that cost.
#[utoipa::path(
    get,
    path = "/conversations/jobs/{id}",
    tag = "conversations",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The job", body = JobView),
    ),
)]
async fn get_conversation_job(
    caller: Caller,
    Path(id): Path<SavedConversationId>,
) -> api::Result<Json<JobView>> {
    Ok(Json(saved_conversations::job(&caller, id).await?))
}
