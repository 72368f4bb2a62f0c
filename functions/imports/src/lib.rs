//! `/leads/import`, `/imports` and `/exports`: leads from files and into files.
//!
//! Jobs out: `RunImport`, `RunExport`. What is read and written lies among the files; what became of it is a record.

use api::{Accepted, Caller, Created, List, PageQuery, Path, Problem, Query, Submitted, SubmittedFile};
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::{ExportId, ImportId};
use operations::exports::{self, ExportInput, ExportView};
use operations::imports::{self, BODY_MAX, ImportQuery, ImportView, NewImport, Upload};

api::routes!(
    import_leads,
    create_import,
    list_imports,
    get_import,
    start_import,
    undo_import,
    create_export,
    list_exports,
    get_export
);

/// Takes leads from a file of comma-separated values, 4 MiB at most; a larger one goes by `POST /imports`.
///
/// The first line names the columns: `first_name`, `last_name` or `name`, `email`, `phone`, `company`, `position`,
/// `source`, `campaign_id`, `assignee`, `status`, `score`, `timezone`, `tags` (between `;`), `notes`, `value`,
/// `value_currency`, `preferences` and `custom_fields` (JSON objects), `custom_fields.<name>`, and for each channel `consent_voice` (yes or no),
/// `consent_voice_basis`, `consent_voice_source`, `consent_voice_at`. Case, spaces and `_` do not matter. An empty
/// cell says nothing.
#[utoipa::path(
    post,
    path = "/leads/import",
    tag = "imports",
    params(ImportQuery),
    request_body(content = String, content_type = "text/csv", description = "UTF-8; cells between commas, semicolons or tabs"),
    responses(
        (status = 200, description = "Of a dry run: what would become of every row. Nothing was stored", body = ImportView),
        (status = 202, description = "It was begun; `GET /imports/{id}` shows how far it is", body = ImportView),
        (status = 409, description = "The same request is under way", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn import_leads(
    Query(query): Query<ImportQuery>,
    request: SubmittedFile<BODY_MAX>,
) -> api::Result<Response> {
    let view = imports::take(&request.ctx, query, request.bytes).await?;
    Ok(if view.dry_run { Json(view).into_response() } else { Accepted(view).into_response() })
}

/// Makes an import of a file that is put where the answer says, and then started. 200 MiB at most.
#[utoipa::path(
    post,
    path = "/imports",
    tag = "imports",
    request_body = NewImport,
    responses(
        (status = 201, description = "Where to put the file", body = Upload),
    ),
)]
async fn create_import(request: Submitted<NewImport>) -> api::Result<Created<Upload>> {
    Ok(Created(imports::create(&request.ctx, request.body).await?))
}

/// Imports, newest first, without what is wrong in their rows.
#[utoipa::path(
    get,
    path = "/imports",
    tag = "imports",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [ImportView]),
    ),
)]
async fn list_imports(caller: Caller, Query(page): Query<PageQuery>) -> api::Result<List<ImportView>> {
    let listing = imports::list(&caller, &page.page()).await?;
    Ok(List::new(listing, "/imports", &[page.kept()]))
}

/// How far an import is, and what is wrong in its rows.
#[utoipa::path(
    get,
    path = "/imports/{id}",
    tag = "imports",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The import", body = ImportView),
    ),
)]
async fn get_import(caller: Caller, Path(id): Path<ImportId>) -> api::Result<Json<ImportView>> {
    Ok(Json(imports::get(&caller, id).await?))
}

/// Begins to read the file that was put there.
#[utoipa::path(
    post,
    path = "/imports/{id}/start",
    tag = "imports",
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "It was begun", body = ImportView),
        (status = 409, description = "The file is not there or is too large, or it was started", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn start_import(caller: Caller, Path(id): Path<ImportId>) -> api::Result<Accepted<ImportView>> {
    Ok(Accepted(imports::start(&caller, id).await?))
}

/// Takes an import back, for 30 days: leads that it made go, leads that it changed are as before. A lead that somebody
/// changed since stays as it is.
#[utoipa::path(
    post,
    path = "/imports/{id}/undo",
    tag = "imports",
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "It was begun; `undo` in `GET /imports/{id}` shows what became of it", body = ImportView),
        (status = 409, description = "It is not at its end, or there is nothing to take back", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn undo_import(caller: Caller, Path(id): Path<ImportId>) -> api::Result<Accepted<ImportView>> {
    Ok(Accepted(imports::undo(&caller, id).await?))
}

/// Begins to write leads into a file.
#[utoipa::path(
    post,
    path = "/exports",
    tag = "exports",
    request_body = ExportInput,
    responses(
        (status = 202, description = "It was begun; `GET /exports/{id}` shows how far it is", body = ExportView),
        (status = 409, description = "The same request is under way", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_export(request: Submitted<ExportInput>) -> api::Result<Accepted<ExportView>> {
    Ok(Accepted(exports::create(&request.ctx, request.body).await?))
}

/// Exports, newest first, without the addresses of their files.
#[utoipa::path(
    get,
    path = "/exports",
    tag = "exports",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [ExportView]),
    ),
)]
async fn list_exports(caller: Caller, Query(page): Query<PageQuery>) -> api::Result<List<ExportView>> {
    let listing = exports::list(&caller, &page.page()).await?;
    Ok(List::new(listing, "/exports", &[page.kept()]))
}

/// How far an export is; once it is complete, where to have its file.
#[utoipa::path(
    get,
    path = "/exports/{id}",
    tag = "exports",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The export", body = ExportView),
    ),
)]
async fn get_export(caller: Caller, Path(id): Path<ExportId>) -> api::Result<Json<ExportView>> {
    Ok(Json(exports::get(&caller, id).await?))
}
