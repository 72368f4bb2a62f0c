//! Writing an export's file, part by part.

use super::{ExportView, columns, key, search};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::{Page, business_config, leads};
use bytes::Bytes;
use contracts::Job;
use domain::business::BusinessConfig;
use domain::import::{Export, ExportStatus};
use domain::{ExportId, csv};
use files::{Key, Kind, PART_MIN};
use provider::ProviderError;
use std::time::{Duration, Instant};
use store::{Stored, Transaction};

/// After how long a delivery hands over to the next one.
pub const BUDGET: Duration = Duration::from_secs(20);
/// How many leads are read at once.
const PAGE: usize = 100;
/// How much of a file is read at once, in bytes.
const READ: usize = 4 * 1024 * 1024;

/// Goes on with an export for about `budget`, stores how far it came and sets off the next delivery.
pub async fn work(ctx: &Context, id: ExportId, budget: Duration) -> Result<()> {
    let until = Instant::now() + budget;
    let Some(found) = ctx.store().get::<Export>(&ctx.tenant, &id).await? else { return Ok(()) };
    if found.status != ExportStatus::Running {
        return Ok(());
    }
    let config = business_config::get(ctx).await?.value.config;
    // A version that this delivery has written is no other's, nor is what it writes under that number.
    let mut step = ctx.step();
    step.replace(&found, &found.value)?;
    let Some(mut export) = commit(ctx, step, found.version, found.value).await? else { return Ok(()) };
    while export.status == ExportStatus::Running {
        let mut next = export.value.clone();
        if let Err(error) = write_on(ctx, &mut next, export.version, &config, until).await {
            let Some(failure) = final_failure(&error) else { return Err(error) };
            tracing::warn!(%error, "an export failed");
            next = Export { status: ExportStatus::Failed, failure: Some(failure), ..export.value.clone() };
            next.finished_at = Some(ctx.now());
        }
        next.updated_at = ctx.now();
        let hands_over = next.status == ExportStatus::Running && Instant::now() >= until;
        let mut step = ctx.step();
        step.replace(&export, &next)?;
        match next.status {
            ExportStatus::Running => ctx.changed(&mut step, "export", id, "running")?,
            ExportStatus::Completed | ExportStatus::Failed => {
                let what = if next.failure.is_some() { "export.failed" } else { "export.completed" };
                ctx.audited(&mut step, what, id, None, Some(&ExportView::of(&next)))?;
            }
        }
        if hands_over {
            step.enqueue(Job::RunExport { export: id });
        }
        match commit(ctx, step, export.version, next).await? {
            Some(stored) if !hands_over => export = stored,
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// Stores how far an export came; none if another delivery of the same message has come as far, and goes on.
async fn commit(
    ctx: &Context,
    step: Transaction,
    version: u64,
    value: Export,
) -> Result<Option<Stored<Export>>> {
    match ctx.store().commit(step).await {
        Ok(()) => Ok(Some(Stored { value, version: version + 1 })),
        Err(store::Error::Stale { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Why an export cannot go on, if it never will.
fn final_failure(error: &Error) -> Option<String> {
    match error {
        // The filter names what has gone out of use since.
        Error::Invalid(invalid) => Some(invalid.message.clone()),
        Error::Provider { error, .. } if !error.is_retryable() && !error.effect_unknown() => {
            Some("The file could not be written.".to_owned())
        }
        _ => None,
    }
}

/// Writes the next part of the file, or what there is of one when the time is over; `number` is nobody else's. The
/// parts are stored before a file is made of them, because an upload that is complete takes none any more.
async fn write_on(
    ctx: &Context,
    export: &mut Export,
    number: u64,
    config: &BusinessConfig,
    until: Instant,
) -> Result<()> {
    let (file, files) = (key(ctx, export.id), &ctx.platform.files);
    if let (Some(upload), None) = (&export.upload, &export.cursor) {
        files.complete(&file, upload, &export.parts).await.map_err(Error::files)?;
        complete(ctx, export);
        return Ok(());
    }
    let text = Bytes::from(read_on(ctx, export, config, until).await?);
    export.rest = None;
    if export.cursor.is_none() && export.upload.is_none() {
        files.put(&file, text).await.map_err(Error::files)?;
        complete(ctx, export);
    } else if export.cursor.is_none() || text.len() >= PART_MIN {
        let upload = match export.upload.take() {
            Some(upload) => upload,
            None => files.begin(&file).await.map_err(Error::files)?,
        };
        if !text.is_empty() {
            let part = files.put_part(&file, &upload, number, text).await.map_err(Error::files)?;
            export.parts.push(part);
        }
        export.upload = Some(upload);
    } else if !text.is_empty() {
        files.put(&rest_key(ctx, export.id, number), text).await.map_err(Error::files)?;
        export.rest = Some(number);
    }
    Ok(())
}

fn complete(ctx: &Context, export: &mut Export) {
    export.status = ExportStatus::Completed;
    export.finished_at = Some(ctx.now());
}

/// The lines of the next leads, after those that were too few for a part: until they are enough for one, there are no
/// more, or the time is over.
async fn read_on(
    ctx: &Context,
    export: &mut Export,
    config: &BusinessConfig,
    until: Instant,
) -> Result<String> {
    let search = search(&export.filter)?;
    let columns = columns(&export.custom_fields);
    let mut text = match export.rest {
        Some(number) => rest(ctx, export.id, number).await?,
        None => String::new(),
    };
    if export.rows == 0 && export.cursor.is_none() {
        csv::write_record(&mut text, columns.iter().map(|(name, _)| name.as_str()));
    }
    loop {
        let page = Page { limit: PAGE, cursor: export.cursor.take() };
        let listing = leads::list(ctx, &search, &page).await?;
        for lead in &listing.items {
            csv::write_record(
                &mut text,
                columns.iter().map(|(_, column)| column.cell(lead, config, &export.custom_fields)),
            );
            export.rows += 1;
        }
        export.cursor = listing.next;
        if export.cursor.is_none() || text.len() >= PART_MIN || Instant::now() >= until {
            return Ok(text);
        }
    }
}

/// What a delivery read and was too little for a part.
async fn rest(ctx: &Context, id: ExportId, number: u64) -> Result<String> {
    let (key, mut bytes) = (rest_key(ctx, id, number), Vec::new());
    loop {
        let offset = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let piece = ctx.platform.files.read(&key, offset, READ).await.map_err(Error::files)?;
        let piece = piece.ok_or_else(|| Error::files(ProviderError::unsent("rest_is_gone")))?;
        bytes.extend_from_slice(&piece.bytes);
        if piece.bytes.is_empty()
            || offset + u64::try_from(piece.bytes.len()).unwrap_or(u64::MAX) >= piece.size
        {
            return String::from_utf8(bytes).map_err(|_| Error::Internal("the rest of an export is no text"));
        }
    }
}

fn rest_key(ctx: &Context, id: ExportId, number: u64) -> Key {
    Key::of(&ctx.tenant, Kind::Export, format_args!("{id}.rest{number}"))
}
