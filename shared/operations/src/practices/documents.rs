//! What clients bring for practices, and what comes of them.

use super::find;
use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use domain::practice::{Document, DocumentPlace, Practice, WebLink};
use domain::{Day, DocumentId, PracticeId, Role, text};
use files::{Key, Kind};
use futures::future::try_join_all;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{DOCUMENTS_MAX, Stored, Transaction};
use utoipa::ToSchema;

/// The largest file, in bytes.
const FILE_MAX: u64 = 100 * 1024 * 1024;
/// How long a file can be put where it was said.
const UPLOAD_VALID: SignedDuration = SignedDuration::from_hours(1);
/// How long the address of a file is good; the next `GET` shows another one.
const LINK_VALID: SignedDuration = SignedDuration::from_mins(15);

/// What one writes of a document.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentInput {
    /// What kind it is, in a line of at most 120 characters; in the words of the practice type where that asks for it.
    pub document_type: String,
    /// What it is called, in a line of at most 255 characters; its kind if not given.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it is, such as in a folder of Google Drive. Without it, its file is to be put to the answer's `upload_url`.
    #[serde(default, alias = "drive_link", alias = "url")]
    pub link: Option<WebLink>,
    /// The last day on which it is valid.
    #[serde(default)]
    pub expiry_date: Option<Day>,
    /// What to know, 2,000 characters at most.
    #[serde(default)]
    pub notes: Option<String>,
}

/// A document as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DocumentView {
    /// The document's id.
    pub id: DocumentId,
    /// The practice that it belongs to.
    pub practice_id: PracticeId,
    /// What kind it is.
    pub document_type: String,
    /// What it is called.
    pub name: String,
    /// Where it is, if it is not with us.
    #[schema(value_type = Option<String>)]
    pub link: Option<WebLink>,
    /// Whether it can be had; a file that nobody has put there yet cannot.
    pub available: bool,
    /// How large its file is, in bytes.
    pub size_bytes: Option<u64>,
    /// Where to have its file with `GET`, for 15 minutes; no other credential is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
    /// The last day on which it is valid.
    #[schema(value_type = Option<String>, format = Date)]
    pub expiry_date: Option<Date>,
    /// What to know.
    pub notes: String,
    /// Who added it, as the audit names them.
    pub created_by: String,
    /// When it was added.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// A document that was added.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AddedDocument {
    /// The document.
    #[serde(flatten)]
    pub document: DocumentView,
    /// Where to put its file with `PUT`, for an hour; no other credential is needed. Then say so: `POST …/complete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_url: Option<String>,
}

/// Adds a document to a practice: one that is elsewhere, or a file that is then to be put where the answer says.
pub async fn add(ctx: &Context, id: PracticeId, input: DocumentInput) -> Result<Stored<AddedDocument>> {
    ctx.require(Role::Member)?;
    let document_type = text::line(&input.document_type, 120).map_err(|e| e.within("/document_type"))?;
    let name = input.name.as_deref().unwrap_or(&document_type);
    let document = Document {
        id: ctx.new_id(),
        practice_id: id,
        name: text::line(name, 255).map_err(|e| e.within("/name"))?,
        document_type,
        place: input.link.map_or(DocumentPlace::File { size: None }, DocumentPlace::Link),
        expiry_date: input.expiry_date.map(Day::date),
        notes: text::prose(&input.notes.unwrap_or_default(), 2_000).map_err(|e| e.within("/notes"))?,
        created_by: ctx.actor.name(),
        created_at: ctx.now(),
    };
    let upload_url = (!document.is_there())
        .then(|| ctx.platform.files.upload_link(&key(ctx, document.id), UPLOAD_VALID).url);
    let added = AddedDocument { document: DocumentView::of(&document), upload_url };
    retrying!(
        async {
            let (practice, documents) = with_documents(ctx, id).await?;
            if documents.len() >= DOCUMENTS_MAX {
                return Err(Error::Conflict(format!("a practice has at most {DOCUMENTS_MAX} documents")));
            }
            let mut step = ctx.step();
            touch(ctx, &mut step, &practice)?;
            step.create(&document)?;
            ctx.audited_of(
                &mut step,
                "document.added",
                document.id,
                Some(practice.contact_id),
                None,
                Some(&added.document),
            )?;
            // An address lets whoever has it write: it is not kept for a repetition of the request.
            if added.upload_url.is_none() {
                ctx.remember(&mut step, 201, &added)?;
            }
            ctx.store().commit(step).await?;
            Ok(())
        }
        .await
    )?;
    Ok(Stored { value: added, version: 1 })
}

/// One document, with an address for its file.
pub async fn get(ctx: &Context, id: PracticeId, document: DocumentId) -> Result<Stored<DocumentView>> {
    ctx.require(Role::Viewer)?;
    let stored = one(ctx, id, document).await?;
    Ok(Stored { value: DocumentView::with_address(ctx, &stored), version: stored.version })
}

/// Notes that a document's file was put where it was said.
pub async fn complete(ctx: &Context, id: PracticeId, document: DocumentId) -> Result<Stored<DocumentView>> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let (practice, old) = tokio::try_join!(find(ctx, id), one(ctx, id, document))?;
            if old.is_there() {
                return Ok(Stored { value: DocumentView::with_address(ctx, &old), version: old.version });
            }
            let size = ctx.platform.files.size(&key(ctx, document)).await.map_err(Error::files)?;
            let Some(size) = size else {
                return Err(Error::Conflict("The file is not there yet: PUT it to upload_url.".to_owned()));
            };
            if size > FILE_MAX {
                let detail = format!("The file has {size} bytes, and may have at most {FILE_MAX}.");
                return Err(Error::Conflict(detail));
            }
            let complete = Document { place: DocumentPlace::File { size: Some(size) }, ..old.value.clone() };
            let mut step = ctx.step();
            touch(ctx, &mut step, &practice)?;
            step.replace(&old, &complete)?;
            let (was, is) = (DocumentView::of(&old), DocumentView::of(&complete));
            ctx.audited_of(
                &mut step,
                "document.completed",
                document,
                Some(practice.contact_id),
                Some(&was),
                Some(&is),
            )?;
            ctx.store().commit(step).await?;
            Ok(Stored { value: DocumentView::with_address(ctx, &complete), version: old.version + 1 })
        }
        .await
    )
}

/// Deletes a document, and its file.
pub async fn delete(
    ctx: &Context,
    id: PracticeId,
    document: DocumentId,
    expected: Option<u64>,
) -> Result<()> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let (practice, old) = tokio::try_join!(find(ctx, id), one(ctx, id, document))?;
            expect(&old, expected)?;
            remove_files(ctx, [&old.value]).await?;
            let mut step = ctx.step();
            touch(ctx, &mut step, &practice)?;
            step.delete(&old);
            ctx.audited_of(
                &mut step,
                "document.deleted",
                document,
                Some(practice.contact_id),
                Some(&DocumentView::of(&old)),
                None,
            )?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// A practice with its documents, the oldest first.
pub(super) async fn with_documents(
    ctx: &Context,
    id: PracticeId,
) -> Result<(Stored<Practice>, Vec<Stored<Document>>)> {
    ctx.store().practice(&ctx.tenant, id).await?.ok_or(Error::NotFound("practice"))
}

/// Removes the files of documents whose records go next: of a record without its file somebody can still get rid.
pub(super) async fn remove_files<'a>(
    ctx: &Context,
    documents: impl IntoIterator<Item = &'a Document>,
) -> Result<()> {
    let is_file = |document: &&Document| matches!(document.place, DocumentPlace::File { .. });
    let keys: Vec<Key> =
        documents.into_iter().filter(is_file).map(|document| key(ctx, document.id)).collect();
    try_join_all(keys.iter().map(|key| ctx.platform.files.delete(key))).await.map_err(Error::files)?;
    Ok(())
}

/// A practice is shown with its documents, so that it is another one when they change.
fn touch(ctx: &Context, step: &mut Transaction, practice: &Stored<Practice>) -> Result<()> {
    let touched = Practice { updated_at: ctx.now(), ..practice.value.clone() };
    Ok(step.replace(practice, &touched)?)
}

async fn one(ctx: &Context, id: PracticeId, document: DocumentId) -> Result<Stored<Document>> {
    let stored = ctx.store().get::<Document>(&ctx.tenant, &(id, document)).await?;
    match stored {
        Some(stored) => Ok(stored),
        None => Err(find(ctx, id).await.err().unwrap_or(Error::NotFound("document"))),
    }
}

fn key(ctx: &Context, id: DocumentId) -> Key {
    Key::of(&ctx.tenant, Kind::Document, id)
}

impl DocumentView {
    pub(super) fn of(document: &Document) -> Self {
        let (link, size_bytes) = match &document.place {
            DocumentPlace::Link(link) => (Some(link.clone()), None),
            DocumentPlace::File { size } => (None, *size),
        };
        Self {
            id: document.id,
            practice_id: document.practice_id,
            document_type: document.document_type.clone(),
            name: document.name.clone(),
            link,
            available: document.is_there(),
            size_bytes,
            download_url: None,
            expiry_date: document.expiry_date,
            notes: document.notes.clone(),
            created_by: document.created_by.clone(),
            created_at: document.created_at,
        }
    }

    /// The document with an address for its file, which is for the caller only.
    pub(super) fn with_address(ctx: &Context, document: &Document) -> Self {
        let view = Self::of(document);
        let address =
            |_| ctx.platform.files.download_link(&key(ctx, document.id), &document.name, LINK_VALID).url;
        Self { download_url: view.size_bytes.map(address), ..view }
    }
}
