//! `/conversations`: what people and the business write to each other; `/whatsapp/templates`: what a conversation may
//! begin with. What is sent goes on as `SendMessage`.

use api::{Accepted, Caller, List, NoContent, PageQuery, Path, Problem, Query, Submitted};
use axum::Json;
use domain::ConversationId;
use operations::conversations::{
    self, ConversationDetails, ConversationSearch, ConversationView, FeedbackInput, MessageInput,
    MessageView, NewMessage, TakeoverInput,
};

mod templates;
use templates::{
    __path_delete_whatsapp_template, __path_list_whatsapp_templates, __path_put_whatsapp_template,
    delete_whatsapp_template, list_whatsapp_templates, put_whatsapp_template,
};

api::routes!(
    list_conversations,
    start_conversation,
    get_conversation,
    take_over_conversation,
    release_conversation,
    send_message,
    rate_conversation,
    list_whatsapp_templates,
    put_whatsapp_template,
    delete_whatsapp_template
);

/// Conversations, the one with the newest message first.
#[utoipa::path(
    get,
    path = "/conversations",
    tag = "conversations",
    params(ConversationSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [ConversationView]),
    ),
)]
async fn list_conversations(
    caller: Caller,
    Query(search): Query<ConversationSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<ConversationView>> {
    let listing = conversations::list(&caller, &search, &page.page()).await?;
    let [status, assignee, channel] = search.as_parameters();
    Ok(List::new(listing, "/conversations", &[status, assignee, channel, page.kept()]))
}

/// Writes to a lead, with whom there may be no conversation yet. What we begin needs consent and counts as a contact.
#[utoipa::path(
    post,
    path = "/conversations",
    tag = "conversations",
    request_body = NewMessage,
    responses(
        (status = 202, description = "It will be sent", body = MessageView),
        (status = 409, description = "A rule does not permit it: `type` says which", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn start_conversation(request: Submitted<NewMessage>) -> api::Result<Accepted<MessageView>> {
    Ok(Accepted(conversations::start(&request.ctx, request.body).await?))
}

/// One conversation with a page of its messages, the newest first.
#[utoipa::path(
    get,
    path = "/conversations/{id}",
    tag = "conversations",
    params(("id" = String, Path), PageQuery),
    responses(
        (status = 200, description = "The conversation", body = ConversationDetails),
    ),
)]
async fn get_conversation(
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(page): Query<PageQuery>,
) -> api::Result<Json<ConversationDetails>> {
    Ok(Json(conversations::get(&caller, id, &page.page()).await?))
}

/// Has a person answer from now on: the bot is silent at once.
#[utoipa::path(
    post,
    path = "/conversations/{id}/takeover",
    tag = "conversations",
    params(("id" = String, Path)),
    request_body = TakeoverInput,
    responses(
        (status = 200, description = "The conversation", body = ConversationView),
    ),
)]
async fn take_over_conversation(
    Path(id): Path<ConversationId>,
    request: Submitted<TakeoverInput>,
) -> api::Result<Json<ConversationView>> {
    Ok(Json(conversations::take_over(&request.ctx, id, request.body).await?))
}

/// Has the bot answer what comes from now on.
#[utoipa::path(
    post,
    path = "/conversations/{id}/release",
    tag = "conversations",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The conversation", body = ConversationView),
    ),
)]
async fn release_conversation(
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> api::Result<Json<ConversationView>> {
    Ok(Json(conversations::release(&caller, id).await?))
}

/// Sends a member's text or template. Whoever writes has the conversation from then on.
#[utoipa::path(
    post,
    path = "/conversations/{id}/messages",
    tag = "conversations",
    params(("id" = String, Path)),
    request_body = MessageInput,
    responses(
        (status = 202, description = "It will be sent", body = MessageView),
        (status = 409, description = "A rule does not permit it: `type` says which, such as `window_closed`", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn send_message(
    Path(id): Path<ConversationId>,
    request: Submitted<MessageInput>,
) -> api::Result<Accepted<MessageView>> {
    Ok(Accepted(conversations::send(&request.ctx, id, request.body).await?))
}

/// Keeps what somebody thinks of a conversation, from 1 to 5.
#[utoipa::path(
    post,
    path = "/conversations/{id}/feedback",
    tag = "conversations",
    params(("id" = String, Path)),
    request_body = FeedbackInput,
    responses(
        (status = 204, description = "It is kept"),
    ),
)]
async fn rate_conversation(
    Path(id): Path<ConversationId>,
    request: Submitted<FeedbackInput>,
) -> api::Result<NoContent> {
    conversations::give_feedback(&request.ctx, id, request.body).await?;
    Ok(NoContent)
}
