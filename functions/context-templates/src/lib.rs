//! `/context-templates`: what a business adds to that which its agents are told, or says otherwise.

use api::{Caller, Created, IfMatch, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use domain::TemplateId;
use domain::context::Wording;
use operations::context_templates::{self, TemplateView};
use serde_json::Value;

api::routes!(
    create_context_template,
    list_context_templates,
    get_context_template,
    update_context_template,
    delete_context_template
);

/// Stores a context template. Its texts are checked: how they are written, and that a call has what they name.
#[utoipa::path(
    post,
    path = "/context-templates",
    tag = "context templates",
    request_body = Wording,
    responses(
        (status = 201, description = "The template", body = TemplateView),
        (status = 409, description = "There are as many as there may be", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_context_template(request: Submitted<Wording>) -> api::Result<Created<TemplateView>> {
    Ok(Created(context_templates::create(&request.ctx, request.body).await?))
}

/// Context templates, the oldest first.
#[utoipa::path(
    get,
    path = "/context-templates",
    tag = "context templates",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [TemplateView]),
    ),
)]
async fn list_context_templates(
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> api::Result<List<TemplateView>> {
    let listing = context_templates::list(&caller, &page.page()).await?;
    Ok(List::new(listing, "/context-templates", &[page.kept()]))
}

/// One context template.
#[utoipa::path(
    get,
    path = "/context-templates/{id}",
    tag = "context templates",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The template", body = TemplateView),
    ),
)]
async fn get_context_template(
    caller: Caller,
    Path(id): Path<TemplateId>,
) -> api::Result<Record<TemplateView>> {
    Ok(Record(context_templates::get(&caller, id).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names, and checks the whole template again.
#[utoipa::path(
    patch,
    path = "/context-templates/{id}",
    tag = "context templates",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The template", body = TemplateView),
    ),
)]
async fn update_context_template(
    Path(id): Path<TemplateId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<TemplateView>> {
    Ok(Record(context_templates::update(&request.ctx, id, &request.body, expected).await?))
}

/// Deletes a context template. What agents were told with it stays with the calls.
#[utoipa::path(
    delete,
    path = "/context-templates/{id}",
    tag = "context templates",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
async fn delete_context_template(
    caller: Caller,
    Path(id): Path<TemplateId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    context_templates::delete(&caller, id, expected).await?;
    Ok(NoContent)
}
