//! Taking an import back, from its last step to its first.

use super::running::{ROWS_PER_SECOND, digest};
use crate::context::Context;
use crate::error::{Error, RACES, Result};
use contracts::Job;
use domain::ContactId;
use domain::contact::Contact;
use domain::import::{Import, ImportStatus, Undo};
use futures::future::try_join_all;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use store::{ImportStep, ImportedLead, Stored, Transaction, Undone};

/// How many steps of an import are taken back before that is stored.
const PAGE: usize = 40;
/// After how long a delivery hands over to the next one.
const BUDGET: Duration = Duration::from_secs(20);
/// How many leads that stay are named.
const KEPT_NAMED: usize = 100;

/// Goes on with taking an import back until its end, or until this delivery has taken long enough.
pub(super) async fn run(ctx: &Context, mut import: Stored<Import>) -> Result<()> {
    let began = Instant::now();
    while import.status == ImportStatus::Undoing {
        let turn = Instant::now();
        let mut next = import.value.clone();
        let steps = ctx.store().last_import_steps(&ctx.tenant, next.id, next.undo_below, PAGE).await?;
        next.undo_below = steps.last().map(|step| step.row);
        let undo = next.undo.get_or_insert_default();
        let is_end = steps.len() < PAGE;
        let leads = steps.iter().map(|step| u32::try_from(step.leads.len()).unwrap_or_default()).sum::<u32>();
        for turn in apart(steps) {
            for outcomes in try_join_all(turn.into_iter().map(|step| take_back(ctx, step))).await? {
                for (lead, outcome) in outcomes {
                    count(undo, lead, outcome);
                }
            }
        }
        if is_end {
            next.status = ImportStatus::Undone;
        }
        let hands_over = !is_end && began.elapsed() > BUDGET;
        import = match checkpoint(ctx, import, next, hands_over).await {
            Ok(import) => import,
            // Another delivery of the same message has come as far, and goes on.
            Err(Error::Stale) => return Ok(()),
            Err(error) => return Err(error),
        };
        if hands_over {
            return Ok(());
        }
        let pace = Duration::from_secs_f64(f64::from(leads) / ROWS_PER_SECOND);
        tokio::time::sleep(pace.saturating_sub(turn.elapsed())).await;
    }
    Ok(())
}

/// Steps that may be taken back side by side, because no two of them have a lead in common; in their order.
fn apart(steps: Vec<Stored<ImportStep>>) -> Vec<Vec<Stored<ImportStep>>> {
    const SIDE_BY_SIDE: usize = 8;
    let (mut turns, mut seen): (Vec<Vec<_>>, HashSet<ContactId>) = (Vec::new(), HashSet::new());
    for step in steps {
        let leads: Vec<ContactId> = step.leads.iter().map(|lead| lead.lead).collect();
        match turns.last_mut() {
            Some(turn) if turn.len() < SIDE_BY_SIDE && leads.iter().all(|lead| !seen.contains(lead)) => {
                turn.push(step);
            }
            _ => {
                seen.clear();
                turns.push(vec![step]);
            }
        }
        seen.extend(leads);
    }
    turns
}

/// Takes one step back; answers what became of its leads. One that was taken back before is not touched.
async fn take_back(ctx: &Context, mut step: Stored<ImportStep>) -> Result<Vec<(ContactId, Undone)>> {
    let mut tries = 0;
    // A value that a lead had is another's by now: then each lead is taken back by itself, and that one stays.
    let mut together = true;
    while let Some(left) = step.leads.iter().position(|lead| lead.undone.is_none()) {
        let ids: Vec<ContactId> = step.leads.iter().map(|lead| lead.lead).collect();
        let present = ctx.store().get_many::<Contact>(&ctx.tenant, &ids).await?;
        let present: HashMap<ContactId, Stored<Contact>> =
            present.into_iter().map(|lead| (lead.id, lead)).collect();
        let mut next = step.value.clone();
        let mut transaction = ctx.step();
        let until = if together { next.leads.len() } else { left + 1 };
        for lead in next.leads[left..until].iter_mut().filter(|lead| lead.undone.is_none()) {
            lead.undone = Some(turn_back(ctx, &mut transaction, lead, present.get(&lead.lead))?);
        }
        transaction.replace(&step, &next)?;
        match ctx.store().commit(transaction).await {
            Ok(()) => step = Stored { value: next, version: step.version + 1 },
            Err(store::Error::Taken { .. }) if together => together = false,
            Err(store::Error::Taken { .. }) => step = keep(ctx, step, left).await?,
            Err(store::Error::Stale { .. }) if tries < RACES => {
                tries += 1;
                step = again(ctx, &step).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(step.value.leads.into_iter().filter_map(|lead| Some((lead.lead, lead.undone?))).collect())
}

/// Adds to the step what makes a lead again what it was before.
fn turn_back(
    ctx: &Context,
    step: &mut Transaction,
    lead: &ImportedLead,
    present: Option<&Stored<Contact>>,
) -> Result<Undone> {
    let Some(present) = present else { return Ok(Undone::Gone) };
    if digest(present)? != lead.after {
        return Ok(Undone::Kept);
    }
    let Some(before) = &lead.before else {
        step.delete(present);
        return Ok(Undone::Removed);
    };
    // A call that was made for it was made: its campaign makes no second one. And the import still knows the lead.
    let (updated_at, enrolled, imported) = (ctx.now(), present.enrolled, present.imported);
    step.replace(present, &Contact { updated_at, enrolled, imported, ..before.clone() })?;
    Ok(Undone::Restored)
}

/// Notes that a lead stays as it is.
async fn keep(ctx: &Context, old: Stored<ImportStep>, index: usize) -> Result<Stored<ImportStep>> {
    let mut next = old.value.clone();
    if let Some(lead) = next.leads.get_mut(index) {
        lead.undone = Some(Undone::Kept);
    }
    let mut step = ctx.step();
    step.replace(&old, &next)?;
    ctx.store().commit(step).await?;
    Ok(Stored { value: next, version: old.version + 1 })
}

/// The step as it is by now.
async fn again(ctx: &Context, step: &Stored<ImportStep>) -> Result<Stored<ImportStep>> {
    let stored = ctx.store().get::<ImportStep>(&ctx.tenant, &(step.import, step.row)).await?;
    stored.ok_or(Error::NotFound("step of the import"))
}

fn count(undo: &mut Undo, lead: ContactId, outcome: Undone) {
    match outcome {
        Undone::Removed => undo.removed += 1,
        Undone::Restored => undo.restored += 1,
        Undone::Gone => {}
        Undone::Kept => {
            undo.kept += 1;
            if undo.kept_leads.len() < KEPT_NAMED {
                undo.kept_leads.push(lead);
            }
        }
    }
}

/// Stores how far it has come.
async fn checkpoint(
    ctx: &Context,
    old: Stored<Import>,
    mut next: Import,
    hands_over: bool,
) -> Result<Stored<Import>> {
    next.updated_at = ctx.now();
    let mut step = ctx.step();
    step.replace(&old, &next)?;
    if hands_over {
        step.enqueue(Job::RunImport { import: next.id });
    }
    if next.status == ImportStatus::Undone {
        ctx.audited(&mut step, "import.undone", next.id, None, next.undo.as_ref())?;
    } else {
        ctx.changed(&mut step, "import", next.id, "undoing")?;
    }
    ctx.store().commit(step).await?;
    Ok(Stored { value: next, version: old.version + 1 })
}
