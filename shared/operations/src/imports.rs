//! Leads from files.
//!
//! A file is read row by row. What a step did with some rows is written with the step, so that each row is done once
//! however often its part of the file is read, and so that all of it can be taken back.

mod book;
mod row;
mod running;
mod source;
mod undoing;

pub(crate) use running::ROWS_AT_A_TIME;

use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::{Listing, Page, business_config};
use bytes::Bytes;
use contracts::Job;
use domain::import::columns::Column;
use domain::import::{ERRORS_SHOWN, Import, ImportStatus, OnDuplicate, Options, RowError, Undo};
use domain::{ImportId, Invalid, Role, text};
use files::{Key, Kind};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use source::{Reader, Source};
use std::collections::BTreeMap;
use store::Stored;
use utoipa::{IntoParams, ToSchema};

/// The largest file that may come in the request itself, in bytes.
pub const BODY_MAX: usize = 4 * 1024 * 1024;
/// The largest file, in bytes.
const FILE_MAX: u64 = 200 * 1024 * 1024;
/// The largest file of which a dry run is made, in bytes: all of its leads are held at once. Their number has a limit
/// of its own.
const DRY_FILE_MAX: u64 = 32 * 1024 * 1024;
/// How long a file can be put where it was said.
const UPLOAD_VALID: SignedDuration = SignedDuration::from_hours(1);
/// After this time without a step forward an import may be started again: its job is lost.
const LOST_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// How to read a file that comes in the request.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct ImportQuery {
    /// Whether to say what would be done, and do nothing.
    pub dry_run: bool,
    /// What a row does whose id, phone or e-mail a lead has: `update` (its cells that are not empty replace what the
    /// lead has; if not given) or `skip`.
    pub on_duplicate: OnDuplicate,
    /// A JSON object: which field each of these columns is, such as `{"Telefono": "phone"}`; an empty text leaves a
    /// column out.
    pub mapping: Option<String>,
    /// What the file is called where it comes from.
    pub filename: Option<String>,
}

/// A file that will be put where the answer says.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewImport {
    /// What the file is called where it comes from.
    pub filename: String,
    /// What a row does whose id, phone or e-mail a lead has: `update` if not given.
    pub on_duplicate: OnDuplicate,
    /// Which field each of these columns is, such as `{"Telefono": "phone"}`; an empty text leaves a column out.
    pub mapping: BTreeMap<String, String>,
    /// Whether to say what would be done, and do nothing.
    pub dry_run: bool,
}

/// An import that waits for its file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Upload {
    /// The import's id.
    pub id: ImportId,
    /// Where it stands: `waiting`.
    pub status: ImportStatus,
    /// Where to put the file with `PUT`; no other credential is needed.
    pub upload_url: String,
    /// Until when.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
}

/// What became of a file, so far.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportView {
    /// The import's id; none of a dry run that is answered at once, because nothing of it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ImportId>,
    /// Where it stands.
    pub status: ImportStatus,
    /// What the file is called where it comes from.
    pub filename: String,
    /// Whether nothing is done.
    pub dry_run: bool,
    /// What a row does whose lead is there.
    pub on_duplicate: OnDuplicate,
    /// How many rows were read. The row after the line of names is row 1; empty lines are not counted.
    pub rows: u32,
    /// How many made a lead.
    pub created: u32,
    /// How many changed one: a second row of a lead changes what the first made.
    pub updated: u32,
    /// How many said what was known.
    pub unchanged: u32,
    /// How many were left out because their lead is there.
    pub skipped: u32,
    /// How many are wrong.
    pub failed: u32,
    /// What is wrong: of the first thousand at most. Left out in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<RowError>>,
    /// The file's columns, and the lead's fields that they are.
    pub columns: Vec<Column>,
    /// The columns that are left out.
    pub ignored_columns: Vec<String>,
    /// What became of taking it back, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// Why the file could not be read on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last came forward.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
    /// When the last row was done.
    #[schema(value_type = Option<String>)]
    pub finished_at: Option<Timestamp>,
}

impl ImportView {
    fn of(import: &Import, errors: Option<Vec<RowError>>) -> Self {
        Self {
            id: Some(import.id),
            status: import.status,
            filename: import.filename.clone(),
            dry_run: import.options.dry_run,
            on_duplicate: import.options.on_duplicate,
            rows: import.tally.rows(),
            created: import.tally.created,
            updated: import.tally.updated,
            unchanged: import.tally.unchanged,
            skipped: import.tally.skipped,
            failed: import.tally.failed,
            errors,
            columns: import.header.as_ref().map(|header| header.columns.clone()).unwrap_or_default(),
            ignored_columns: import.header.as_ref().map(domain::import::Header::ignored).unwrap_or_default(),
            undo: import.undo.clone(),
            failure: import.failure.clone(),
            created_at: import.created_at,
            updated_at: import.updated_at,
            finished_at: import.finished_at,
        }
    }
}

/// Takes a file that came in the request, at most 4 MiB: a dry run's report at once, or the import that was begun.
pub async fn take(ctx: &Context, query: ImportQuery, body: Bytes) -> Result<ImportView> {
    ctx.require(Role::Member)?;
    let mapping = match query.mapping.as_deref().map(str::trim).filter(|mapping| !mapping.is_empty()) {
        Some(mapping) => serde_json::from_str(mapping)
            .map_err(|_| Invalid::at("?mapping", "must be a JSON object of columns and fields"))?,
        None => BTreeMap::new(),
    };
    let options = Options { on_duplicate: query.on_duplicate, mapping, dry_run: query.dry_run };
    let mut import = begin(ctx, query.filename.as_deref().unwrap_or_default(), options, "?")?;
    let config = business_config::get(ctx).await?;
    let mut reader = Reader::new(Source::Body(body.clone()), 0);
    import.header = Some(reader.header(&import.options, &config.config).await?);
    import.place.offset = reader.offset();
    import.status = ImportStatus::Running;
    if import.options.dry_run {
        let errors = running::rehearse(ctx, &mut import, &mut reader, &config.config).await?;
        return Ok(ImportView { id: None, ..ImportView::of(&import, Some(errors)) });
    }
    ctx.platform.files.put(&key(ctx, import.id), body).await.map_err(Error::files)?;
    let view = ImportView::of(&import, Some(Vec::new()));
    let mut step = ctx.step();
    step.create(&import)?;
    step.enqueue(Job::RunImport { import: import.id });
    ctx.audited(&mut step, "import.started", import.id, None, Some(&view))?;
    ctx.remember(&mut step, 202, &view)?;
    ctx.store().commit(step).await?;
    Ok(view)
}

/// Makes an import whose file comes by itself.
pub async fn create(ctx: &Context, input: NewImport) -> Result<Stored<Upload>> {
    ctx.require(Role::Member)?;
    let NewImport { filename, on_duplicate, mapping, dry_run } = input;
    let import = begin(ctx, &filename, Options { on_duplicate, mapping, dry_run }, "/")?;
    let link = ctx.platform.files.upload_link(&key(ctx, import.id), UPLOAD_VALID);
    let upload =
        Upload { id: import.id, status: import.status, upload_url: link.url, expires_at: link.expires_at };
    let mut step = ctx.step();
    step.create(&import)?;
    ctx.audited(&mut step, "import.created", import.id, None, Some(&ImportView::of(&import, None)))?;
    // The address lets whoever has it write: it is not kept for a repetition of the request.
    ctx.store().commit(step).await?;
    Ok(Stored { value: upload, version: 1 })
}

/// Begins to read the file that was put there.
pub async fn start(ctx: &Context, id: ImportId) -> Result<ImportView> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            let is_lost = matches!(old.status, ImportStatus::Running | ImportStatus::Undoing)
                && ctx.now().duration_since(old.updated_at) > LOST_AFTER;
            if old.status != ImportStatus::Waiting && !is_lost {
                return Err(Error::Conflict("The import was started already.".to_owned()));
            }
            let mut import = old.value.clone();
            if old.status == ImportStatus::Waiting {
                let size = ctx.platform.files.size(&key(ctx, id)).await.map_err(Error::files)?;
                let (max, what) = if import.options.dry_run {
                    (DRY_FILE_MAX, "a file of which a dry run is made")
                } else {
                    (FILE_MAX, "a file")
                };
                match size {
                    None => {
                        return Err(Error::Conflict(
                            "The file is not there yet: PUT it to upload_url.".to_owned(),
                        ));
                    }
                    Some(size) if size > max => {
                        let detail = format!("The file has {size} bytes, and {what} may have at most {max}.");
                        return Err(Error::Conflict(detail));
                    }
                    Some(_) => import.status = ImportStatus::Running,
                }
            }
            import.updated_at = ctx.now();
            let view = ImportView::of(&import, None);
            let mut step = ctx.step();
            step.replace(&old, &import)?;
            step.enqueue(Job::RunImport { import: id });
            ctx.audited(&mut step, "import.started", id, None, Some(&view))?;
            ctx.store().commit(step).await?;
            Ok(view)
        }
        .await
    )
}

/// One import, with what is wrong in its rows.
pub async fn get(ctx: &Context, id: ImportId) -> Result<ImportView> {
    ctx.require(Role::Viewer)?;
    let import = find(ctx, id).await?;
    let mut errors = ctx.store().import_errors(&ctx.tenant, id).await?;
    errors.truncate(usize::try_from(ERRORS_SHOWN).unwrap_or(usize::MAX));
    Ok(ImportView::of(&import, Some(errors)))
}

/// Imports, newest first, without their errors.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<ImportView>> {
    ctx.require(Role::Viewer)?;
    let listing = ctx.store().list::<Import>(&ctx.tenant, store::IMPORTS, page).await?;
    let views = listing.items.iter().map(|import| ImportView::of(import, None));
    Ok(Listing { items: views.collect(), next: listing.next })
}

/// Begins to take an import back. What somebody changed since stays as it is.
pub async fn undo(ctx: &Context, id: ImportId) -> Result<ImportView> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            let refusal = match old.status {
                ImportStatus::Completed | ImportStatus::Failed if old.options.dry_run => {
                    Some("A dry run did nothing that could be taken back.")
                }
                ImportStatus::Completed | ImportStatus::Failed if old.kept_until() <= ctx.now() => {
                    Some("An import can be taken back for 30 days.")
                }
                ImportStatus::Completed | ImportStatus::Failed => None,
                ImportStatus::Waiting => Some("The import was not started."),
                ImportStatus::Running => Some("The import is not at its end yet."),
                ImportStatus::Undoing | ImportStatus::Undone => Some("The import was taken back already."),
            };
            if let Some(refusal) = refusal {
                return Err(Error::Conflict(refusal.to_owned()));
            }
            let mut import = old.value.clone();
            import.status = ImportStatus::Undoing;
            import.undo = Some(Undo::default());
            import.updated_at = ctx.now();
            let view = ImportView::of(&import, None);
            let mut step = ctx.step();
            step.replace(&old, &import)?;
            step.enqueue(Job::RunImport { import: id });
            ctx.audited(&mut step, "import.undoing", id, Some(&ImportView::of(&old, None)), Some(&view))?;
            ctx.store().commit(step).await?;
            Ok(view)
        }
        .await
    )
}

/// Goes on with an import, or with taking it back, for as long as one delivery may take.
pub async fn work(ctx: &Context, id: ImportId) -> Result<()> {
    let Some(import) = ctx.store().get::<Import>(&ctx.tenant, &id).await? else { return Ok(()) };
    match import.status {
        ImportStatus::Running => running::run(ctx, import).await,
        ImportStatus::Undoing => undoing::run(ctx, import).await,
        ImportStatus::Waiting | ImportStatus::Completed | ImportStatus::Failed | ImportStatus::Undone => {
            Ok(())
        }
    }
}

async fn find(ctx: &Context, id: ImportId) -> Result<Stored<Import>> {
    ctx.store().get::<Import>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("import"))
}

/// A new import, checked; `place` is where its values come from, as a pointer begins.
fn begin(ctx: &Context, filename: &str, options: Options, place: &str) -> Result<Import> {
    let filename = match filename.trim() {
        "" => String::new(),
        name => text::line(name, 200).map_err(|e| e.within(&format!("{place}filename")))?,
    };
    Import::check_mapping(&options.mapping).map_err(|e| e.within(&format!("{place}mapping")))?;
    Ok(Import::new(ctx.new_id(), filename, options, ctx.now()))
}

fn key(ctx: &Context, id: ImportId) -> Key {
    Key::of(&ctx.tenant, Kind::Import, id)
}
