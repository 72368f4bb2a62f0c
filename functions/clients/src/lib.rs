//! `/crm/clients`: people whom the business serves, or may serve. A client is the same record as a lead.
//!
//! Nothing follows from it by itself; a campaign that takes the client's source is told by a job (`RunCampaign`).

use api::{Caller, Created, IfMatch, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use axum::Json;
use domain::{ContactId, Email};
use operations::clients::{
    self, Client, ClientInput, ClientOverview, ClientProvenance, ClientSearch, ClientSummary, DeletedClient,
};
use serde_json::Value;

api::routes!(
    create_client,
    list_clients,
    list_deleted_clients,
    show_client_overview,
    get_client_with_email,
    get_client,
    update_client,
    delete_client,
    restore_client,
    show_client_summary,
    show_client_provenance,
    revert_client_field
);

/// Stores a client. A phone in any form, or an e-mail in any case, that another client has is a duplicate.
#[utoipa::path(
    post,
    path = "/crm/clients",
    tag = "clients",
    request_body = ClientInput,
    responses(
        (status = 201, description = "The client, their phone in E.164", body = Client),
        (status = 409, description = "Another client has the phone or the e-mail address, maybe one who was deleted", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_client(request: Submitted<ClientInput>) -> api::Result<Created<Client>> {
    Ok(Created(clients::create(&request.ctx, request.body).await?))
}

/// Clients, newest first; by name, in the order of the word that was found. A page may be short where few clients fit
/// several filters.
#[utoipa::path(
    get,
    path = "/crm/clients",
    tag = "clients",
    params(ClientSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [Client]),
    ),
)]
async fn list_clients(
    caller: Caller,
    Query(search): Query<ClientSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<Client>> {
    let listing = clients::list(&caller, &search, &page.page()).await?;
    let [status, assigned_to, nationality, tag, text] = search.as_parameters();
    Ok(List::new(listing, "/crm/clients", &[status, assigned_to, nationality, tag, text, page.kept()]))
}

/// The clients who were deleted and can be brought back, the last one first.
#[utoipa::path(
    get,
    path = "/crm/clients/deleted",
    tag = "clients",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [DeletedClient]),
    ),
)]
async fn list_deleted_clients(
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> api::Result<List<DeletedClient>> {
    Ok(List::new(clients::deleted(&caller, &page.page()).await?, "/crm/clients/deleted", &[page.kept()]))
}

/// How many clients there are.
#[utoipa::path(
    get,
    path = "/crm/clients/stats/overview",
    tag = "clients",
    responses(
        (status = 200, description = "The figures", body = ClientOverview),
    ),
)]
async fn show_client_overview(caller: Caller) -> api::Result<Json<ClientOverview>> {
    Ok(Json(clients::overview(&caller).await?))
}

/// The client who has an e-mail address, in any case.
#[utoipa::path(
    get,
    path = "/crm/clients/by-email/{email}",
    tag = "clients",
    params(("email" = String, Path)),
    responses(
        (status = 200, description = "The client", body = Client),
    ),
)]
async fn get_client_with_email(caller: Caller, Path(email): Path<Email>) -> api::Result<Record<Client>> {
    Ok(Record(clients::with_email(&caller, &email).await?))
}

/// One client.
#[utoipa::path(
    get,
    path = "/crm/clients/{id}",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The client", body = Client),
    ),
)]
async fn get_client(caller: Caller, Path(id): Path<ContactId>) -> api::Result<Record<Client>> {
    Ok(Record(clients::get(&caller, id).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names.
#[utoipa::path(
    patch,
    path = "/crm/clients/{id}",
    tag = "clients",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The client", body = Client),
        (status = 409, description = "Another client has the phone or the e-mail address", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn update_client(
    Path(id): Path<ContactId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<Client>> {
    Ok(Record(clients::update(&request.ctx, id, &request.body, expected).await?))
}

/// Deletes a client so that they can be brought back: they are in no list, and nobody contacts them.
#[utoipa::path(
    delete,
    path = "/crm/clients/{id}",
    tag = "clients",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "They are deleted"),
    ),
)]
async fn delete_client(
    caller: Caller,
    Path(id): Path<ContactId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    clients::delete(&caller, id, expected).await?;
    Ok(NoContent)
}

/// Brings a client back who was deleted. One who is there stays as they are.
#[utoipa::path(
    post,
    path = "/crm/clients/{id}/restore",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The client", body = Client),
    ),
)]
async fn restore_client(caller: Caller, Path(id): Path<ContactId>) -> api::Result<Record<Client>> {
    Ok(Record(clients::restore(&caller, id).await?))
}

/// A client with their practices, interactions and renewals.
#[utoipa::path(
    get,
    path = "/crm/clients/{id}/summary",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The summary", body = ClientSummary),
    ),
)]
async fn show_client_summary(
    caller: Caller,
    Path(id): Path<ContactId>,
) -> api::Result<Record<ClientSummary>> {
    Ok(Record(clients::summary(&caller, id).await?))
}

/// Who wrote each field of a client, and from what: of what a model wrote, the sentence that it rests on.
#[utoipa::path(
    get,
    path = "/crm/clients/{id}/provenance",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The fields", body = ClientProvenance),
    ),
)]
async fn show_client_provenance(
    caller: Caller,
    Path(id): Path<ContactId>,
) -> api::Result<Json<ClientProvenance>> {
    Ok(Json(clients::provenance(&caller, id).await?))
}

/// Puts back what stood in a field before a model wrote it. No model writes it again.
#[utoipa::path(
    post,
    path = "/crm/clients/{id}/provenance/{field}/revert",
    tag = "clients",
    params(("id" = String, Path), ("field" = String, Path), IfMatch),
    responses(
        (status = 200, description = "The client", body = Client),
        (status = 409, description = "No model wrote the field, or what stood there is another client's", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn revert_client_field(
    caller: Caller,
    Path((id, field)): Path<(ContactId, String)>,
    IfMatch(expected): IfMatch,
) -> api::Result<Record<Client>> {
    Ok(Record(clients::revert(&caller, id, &field, expected).await?))
}
