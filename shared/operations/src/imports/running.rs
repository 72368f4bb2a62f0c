//! Reading a file's rows, and doing what they say.

use super::book::{Book, Entry, Rules};
use super::key;
use super::row::Row;
use super::source::{Reader, Source};
use crate::business_config;
use crate::context::Context;
use crate::error::{Error, RACES, Result};
use contracts::Job;
use domain::business::BusinessConfig;
use domain::contact::Contact;
use domain::import::columns::MAPPING;
use domain::import::{ERRORS_SHOWN, Import, ImportPlace, ImportStatus, Outcome, RowError};
use domain::{CampaignId, Invalid};
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};
use store::{ImportErrors, ImportStep, ImportedLead, Stored, Transaction};

/// How many rows are read, looked up and written together.
pub(crate) const ROWS_AT_A_TIME: u32 = 400;
/// How many rows of a file a dry run reads: all of their leads are held at once, and small rows make many of them.
const DRY_ROWS_MAX: u32 = 100_000;
/// After how long a delivery hands over to the next one.
const BUDGET: Duration = Duration::from_secs(20);
/// How many rows a second are written at most: the list of all leads is one partition, which takes 500 a second, and
/// leaves the rest to whoever else makes leads.
pub(super) const ROWS_PER_SECOND: f64 = 450.0;
/// How many bytes of leads as they were go into one step's record, of 400 kB that an item may have.
const BEFORE_MAX: usize = 200_000;
/// How many campaigns one step tells of their new leads, of a hundred items that it may have.
const CAMPAIGNS_IN_STEP: usize = 50;
/// How many mistakes are kept in one item.
const ERRORS_IN_ITEM: usize = 100;

/// Rows that are read together.
#[derive(Debug, Clone, Default)]
struct Chunk {
    rows: Vec<Row>,
    errors: Vec<RowError>,
    /// The number of the last one.
    last: u32,
    failed: u32,
    is_end: bool,
    /// The campaigns that its rows brought leads into, but for cancelled ones.
    campaigns: BTreeSet<CampaignId>,
}

/// Says what would become of the file, and does nothing; answers what is wrong. A file of too many rows is `Invalid`.
pub(super) async fn rehearse(
    ctx: &Context,
    import: &mut Import,
    reader: &mut Reader,
    config: &BusinessConfig,
) -> Result<Vec<RowError>> {
    let (mut book, mut errors) = (Book::default(), Vec::new());
    loop {
        let mut chunk = read(import, reader, config).await?;
        if chunk.last > DRY_ROWS_MAX {
            let detail = format!(
                "has more than {DRY_ROWS_MAX} rows, the most that a dry run reads: send some of them"
            );
            return Err(Invalid::new(detail).into());
        }
        book.look_up(ctx, &chunk.rows).await?;
        enter(&mut book, &mut chunk, import, config, ctx, &HashMap::new());
        import.place.row = chunk.last;
        let room = usize::try_from(ERRORS_SHOWN).unwrap_or(usize::MAX).saturating_sub(errors.len());
        errors.extend(chunk.errors.into_iter().take(room));
        if chunk.is_end {
            import.status = ImportStatus::Completed;
            import.finished_at = Some(ctx.now());
            return Ok(errors);
        }
    }
}

/// Goes on with an import until its end, or until this delivery has taken long enough.
pub(super) async fn run(ctx: &Context, mut import: Stored<Import>) -> Result<()> {
    let began = Instant::now();
    let config = business_config::get(ctx).await?.value.config;
    let source = Source::File(ctx.platform.files.clone(), key(ctx, import.id));
    let mut reader = Reader::new(source, import.place.offset);
    while import.status == ImportStatus::Running {
        let turn = Instant::now();
        let mut next = import.value.clone();
        let chunk = match advance(ctx, &mut next, &mut reader, &config).await {
            Ok(chunk) => chunk,
            // It lies in the file, and stays so.
            Err(Error::Invalid(invalid)) => {
                next = Import { header: next.header, ..import.value.clone() };
                next.status = ImportStatus::Failed;
                let what = if invalid.pointer == MAPPING { "mapping" } else { "file" };
                next.failure = Some(format!("The {what} {}.", invalid.message));
                next.finished_at = Some(ctx.now());
                Chunk::default()
            }
            Err(error) => return Err(error),
        };
        let written = next.tally.created + next.tally.updated - import.tally.created - import.tally.updated;
        let hands_over = next.status == ImportStatus::Running && began.elapsed() > BUDGET;
        import = match checkpoint(ctx, import, next, chunk, hands_over).await {
            Ok(import) => import,
            // Another delivery of the same message has come as far, and goes on.
            Err(Error::Stale) => return Ok(()),
            Err(error) => return Err(error),
        };
        if hands_over {
            return Ok(());
        }
        // A dry run is at its end here, and wrote nothing to wait for.
        if import.status == ImportStatus::Running {
            let pace = Duration::from_secs_f64(f64::from(written) / ROWS_PER_SECOND);
            tokio::time::sleep(pace.saturating_sub(turn.elapsed())).await;
        }
    }
    // What was read is no longer needed; should this fail, the bucket forgets it in its own time.
    if let Err(error) = ctx.platform.files.delete(&key(ctx, import.id)).await {
        tracing::warn!(%error, "an imported file was not removed");
    }
    Ok(())
}

/// Does what the next rows say; of a dry run, of all rows.
async fn advance(
    ctx: &Context,
    import: &mut Import,
    reader: &mut Reader,
    config: &BusinessConfig,
) -> Result<Chunk> {
    if import.header.is_none() {
        import.header = Some(reader.header(&import.options, config).await?);
    }
    if import.options.dry_run {
        return Ok(Chunk { errors: rehearse(ctx, import, reader, config).await?, ..Chunk::default() });
    }
    let mut chunk = read(import, reader, config).await?;
    do_rows(ctx, import, &mut chunk, config).await?;
    import.place.offset = reader.offset();
    import.place.row = chunk.last;
    if chunk.is_end {
        import.status = ImportStatus::Completed;
        import.finished_at = Some(ctx.now());
    }
    Ok(chunk)
}

/// Reads the next rows.
async fn read(import: &Import, reader: &mut Reader, config: &BusinessConfig) -> Result<Chunk> {
    let header = import.header.as_ref().ok_or(Error::Internal("an import without columns"))?;
    let delimiter = u8::try_from(header.delimiter).unwrap_or(b',');
    let mut chunk = Chunk { last: import.place.row, ..Chunk::default() };
    for _ in 0..ROWS_AT_A_TIME {
        let Some(cells) = reader.next(delimiter, chunk.last + 1).await? else {
            chunk.is_end = true;
            break;
        };
        chunk.last += 1;
        match Row::read(chunk.last, cells, header, config) {
            Ok(row) => chunk.rows.push(row),
            Err(errors) => chunk.refuse(errors),
        }
    }
    Ok(chunk)
}

/// Does what rows say, each once: should somebody else write the same leads meanwhile, what is left is looked up and
/// done again.
async fn do_rows(
    ctx: &Context,
    import: &mut Import,
    chunk: &mut Chunk,
    config: &BusinessConfig,
) -> Result<()> {
    let mut last = Error::Stale;
    for _ in 0..RACES {
        let mut book = Book::default();
        book.look_up(ctx, &chunk.rows).await?;
        // After the leads: whatever another delivery did to one that was read here is seen.
        let steps = done(ctx, import, chunk).await?;
        let (mut tried, mut tally) = (chunk.clone(), import.clone());
        tried.campaigns.extend(steps.iter().flat_map(|step| &step.campaigns));
        let done = steps.into_iter().flat_map(|step| step.leads).flat_map(|lead| lead.rows).collect();
        enter(&mut book, &mut tried, &mut tally, config, ctx, &done);
        let changes = book.into_changes();
        tried.campaigns.extend(changes.iter().filter_map(|entry| entry.campaign));
        match write(ctx, import, changes).await {
            Ok(()) => {
                (*chunk, *import) = (tried, tally);
                return Ok(());
            }
            Err(error @ (Error::Stale | Error::Store(store::Error::Taken { .. }))) => last = error,
            Err(error) => return Err(error),
        }
    }
    // The message comes again.
    Err(if matches!(last, Error::Stale) { last } else { Error::Store(store::Error::Throttled) })
}

/// What was done with the chunk's rows before.
async fn done(ctx: &Context, import: &Import, chunk: &Chunk) -> Result<Vec<ImportStep>> {
    if chunk.rows.is_empty() {
        return Ok(Vec::new());
    }
    let first = import.place.row + 1;
    Ok(ctx.store().import_steps(&ctx.tenant, import.id, first, chunk.last).await?)
}

/// Enters rows in the book, and counts them.
fn enter(
    book: &mut Book,
    chunk: &mut Chunk,
    import: &mut Import,
    config: &BusinessConfig,
    ctx: &Context,
    done: &HashMap<u32, Outcome>,
) {
    let Some(header) = import.header.clone() else { return };
    let (rules_of, now) = (import.clone(), ctx.now());
    let rules = Rules { import: &rules_of, header: &header, config, now };
    for row in std::mem::take(&mut chunk.rows) {
        let outcome = done.get(&row.number).copied().map_or_else(|| book.enter(&row, rules), Ok);
        match outcome {
            Ok(outcome) => import.tally.count(outcome),
            Err(errors) => chunk.refuse(errors),
        }
    }
    import.tally.failed += chunk.failed;
    chunk.errors.sort_by_key(|error| error.row);
}

/// Writes leads, those that count in one shard after one another, the shards side by side: steps that touch one
/// counter would hold each other up.
async fn write(ctx: &Context, import: &Import, changes: Vec<Entry>) -> Result<()> {
    let mut lanes: BTreeMap<u64, Vec<Entry>> = BTreeMap::new();
    for entry in changes {
        lanes.entry(store::counter_shard(&ctx.tenant, entry.contact.id)).or_default().push(entry);
    }
    try_join_all(lanes.into_values().map(|lane| write_lane(ctx, import, lane))).await.map(drop)
}

async fn write_lane(ctx: &Context, import: &Import, lane: Vec<Entry>) -> Result<()> {
    let (mut step, mut size) = (ctx.step(), 0);
    let (mut leads, mut campaigns) = (Vec::new(), BTreeSet::new());
    for entry in lane {
        let before = entry.stored.as_ref().map(|stored| &stored.value);
        let weight = before.map_or(0, |before| serde_json::to_vec(before).map_or(0, |json| json.len()));
        let fits = size + weight <= BEFORE_MAX && step.has_room_for(before, Some(&entry.contact), 1);
        if !fits && !leads.is_empty() {
            let full = std::mem::replace(&mut step, ctx.step());
            commit(ctx, import, full, std::mem::take(&mut leads), std::mem::take(&mut campaigns)).await?;
            size = 0;
        }
        size += weight;
        campaigns.extend(entry.campaign);
        let row = entry.rows.iter().map(|(row, _)| *row).min().unwrap_or_default();
        let contact = Contact { imported: Some(ImportPlace { import: import.id, row }), ..entry.contact };
        step.save(entry.stored.as_ref(), &contact)?;
        leads.push(ImportedLead {
            lead: contact.id,
            rows: entry.rows,
            before: entry.stored.map(|stored| stored.value),
            after: digest(&contact)?,
            undone: None,
        });
    }
    if leads.is_empty() { Ok(()) } else { commit(ctx, import, step, leads, campaigns).await }
}

async fn commit(
    ctx: &Context,
    import: &Import,
    mut step: Transaction,
    leads: Vec<ImportedLead>,
    campaigns: BTreeSet<CampaignId>,
) -> Result<()> {
    let row = leads.iter().flat_map(|lead| &lead.rows).map(|(row, _)| *row).min().unwrap_or_default();
    step.create(&ImportStep { import: import.id, row, leads, campaigns, until: import.kept_until() })?;
    Ok(ctx.store().commit(step).await?)
}

/// A digest of all that a lead is, but for when it was last written and whether its campaign has made a call for it:
/// that alone says nothing of the lead.
pub(super) fn digest(contact: &Contact) -> Result<String> {
    let contact = Contact { updated_at: contact.created_at, enrolled: None, ..contact.clone() };
    let json = serde_json::to_vec(&contact).map_err(|_| Error::Internal("a lead is no JSON"))?;
    Ok(provider::sha256_hex(&json)[..32].to_owned())
}

/// Stores how far the import has come.
async fn checkpoint(
    ctx: &Context,
    old: Stored<Import>,
    mut next: Import,
    chunk: Chunk,
    hands_over: bool,
) -> Result<Stored<Import>> {
    next.updated_at = ctx.now();
    let Chunk { mut errors, campaigns, .. } = chunk;
    let campaigns: Vec<CampaignId> = campaigns.into_iter().collect();
    let (campaigns, others) = campaigns.split_at(campaigns.len().min(CAMPAIGNS_IN_STEP));
    // Their leads are written, and a campaign that is told twice finds nothing left to do.
    for some in others.chunks(CAMPAIGNS_IN_STEP) {
        let mut step = ctx.step();
        tell(&mut step, some);
        ctx.store().commit(step).await?;
    }
    let room = ERRORS_SHOWN.saturating_sub(next.errors_kept);
    errors.truncate(usize::try_from(room).unwrap_or_default());
    next.errors_kept += u32::try_from(errors.len()).unwrap_or_default();
    let mut step = ctx.step();
    step.replace(&old, &next)?;
    for errors in in_items(errors) {
        let row = errors.first().map_or(0, |error| error.row);
        step.put(&ImportErrors { import: next.id, row, errors, until: next.kept_until() })?;
    }
    tell(&mut step, campaigns);
    if hands_over {
        step.enqueue(Job::RunImport { import: next.id });
    }
    if next.status == ImportStatus::Running {
        ctx.changed(&mut step, "import", next.id, "running")?;
    } else {
        let what = if next.status == ImportStatus::Failed { "import.failed" } else { "import.completed" };
        ctx.audited(&mut step, what, next.id, None, Some(&next.tally))?;
    }
    ctx.store().commit(step).await?;
    Ok(Stored { value: next, version: old.version + 1 })
}

fn tell(step: &mut Transaction, campaigns: &[CampaignId]) {
    for campaign in campaigns {
        step.enqueue(Job::RunCampaign { campaign: *campaign });
    }
}

/// Mistakes as items keep them: those of one row together.
fn in_items(errors: Vec<RowError>) -> Vec<Vec<RowError>> {
    let mut items: Vec<Vec<RowError>> = Vec::new();
    for error in errors {
        match items.last_mut() {
            Some(item)
                if item.len() < ERRORS_IN_ITEM || item.last().is_some_and(|last| last.row == error.row) =>
            {
                item.push(error);
            }
            _ => items.push(vec![error]),
        }
    }
    items
}

impl Chunk {
    fn refuse(&mut self, errors: Vec<RowError>) {
        self.failed += 1;
        self.errors.extend(errors);
    }
}
