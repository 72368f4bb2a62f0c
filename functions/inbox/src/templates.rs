//! The catalogue of WhatsApp templates.

use api::{Caller, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use operations::whatsapp_templates::{self, WhatsappTemplateInput, WhatsappTemplateView};

/// WhatsApp templates, by name and language.
#[utoipa::path(
    get,
    path = "/whatsapp/templates",
    tag = "conversations",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [WhatsappTemplateView]),
    ),
)]
pub(crate) async fn list_whatsapp_templates(
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> api::Result<List<WhatsappTemplateView>> {
    let listing = whatsapp_templates::list(&caller, &page.page()).await?;
    Ok(List::new(listing, "/whatsapp/templates", &[page.kept()]))
}

/// Puts a template that WhatsApp has approved into the catalogue, in place of the one before.
#[utoipa::path(
    put,
    path = "/whatsapp/templates/{name}/{language}",
    tag = "conversations",
    params(("name" = String, Path), ("language" = String, Path)),
    request_body = WhatsappTemplateInput,
    responses(
        (status = 200, description = "The template", body = WhatsappTemplateView),
        (status = 409, description = "There are as many as there may be", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn put_whatsapp_template(
    Path((name, language)): Path<(String, String)>,
    request: Submitted<WhatsappTemplateInput>,
) -> api::Result<Record<WhatsappTemplateView>> {
    Ok(Record(whatsapp_templates::put(&request.ctx, &name, &language, request.body).await?))
}

/// Takes a template out of the catalogue.
#[utoipa::path(
    delete,
    path = "/whatsapp/templates/{name}/{language}",
    tag = "conversations",
    params(("name" = String, Path), ("language" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
pub(crate) async fn delete_whatsapp_template(
    caller: Caller,
    Path((name, language)): Path<(String, String)>,
) -> api::Result<NoContent> {
    whatsapp_templates::delete(&caller, &name, &language).await?;
    Ok(NoContent)
}
