//! Two records of one person as one: what one has is kept, what it lacks is the other's, and all that hung on the other
//! hangs on it. It can be taken back.
//!
//! One step makes the records one: from then on the other's id leads to the record that stayed, and its numbers and addresses
//! are that one's. What hung on it follows in steps of its own, each with a journal of what it moved, so that whoever
//! comes after a crash goes on, and taking the merge back is reading the journal. A job looks once more a little later, for
//! what was being written at that moment.

use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::leads::{self, Lead};
use crate::{Listing, Page};
use contracts::Job;
use domain::chat::Conversation;
use domain::contact::Contact;
use domain::merging::{Merge, MergeStatus};
use domain::practice::Practice;
use domain::{ContactId, Invalid, MergeId, Role};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use store::{DeletedContact, MergeStep, MergedContact, Relation, Stored};
use utoipa::ToSchema;

/// How much later a job goes on where the request ended, and looks for what was being written meanwhile.
const LATER: SignedDuration = SignedDuration::from_secs(3);
/// How many records of each kind are read at a time.
const OF_EACH: usize = 25;
/// How many steps a request takes: enough for the 100 records that it promises, whatever their rows.
const STEPS_OF_REQUEST: usize = 40;
/// How many steps one delivery of the job takes before it asks for another.
const STEPS_OF_JOB: usize = 200;
/// What a step has beside the records that it moves: the merge, the journal, and two to spare.
const BESIDE: usize = 4;
/// What the step that makes two records one, or two again, has beside them.
const BESIDE_CONTACTS: usize = 12;

/// A merge as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MergeView {
    /// The merge's id.
    pub merge_id: MergeId,
    /// How far it is.
    pub status: MergeStatus,
    /// The record that stayed.
    pub client_id: ContactId,
    /// The record that went.
    pub other_id: ContactId,
    /// What the two were called.
    pub names: [String; 2],
    /// How many of each kind hung on the record that went and were moved to the other.
    pub moved: BTreeMap<String, u32>,
    /// Who asked for it.
    pub merged_by: String,
    /// When.
    #[schema(value_type = String)]
    pub merged_at: Timestamp,
    /// Who took it back.
    pub undone_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub undone_at: Option<Timestamp>,
}

/// Makes `other` one with the client `id`, who stays. Asked for again, it answers the same.
pub async fn merge(ctx: &Context, id: ContactId, other: ContactId) -> Result<MergeView> {
    ctx.require(Role::Member)?;
    if id == other {
        return Err(Invalid::at("/other_id", "must be another client").into());
    }
    let merge: MergeId = retrying!(
        async {
            let (into, gone) = tokio::try_join!(leads::find(ctx, id), async {
                Ok(ctx.store().get::<Contact>(&ctx.tenant, &other).await?)
            })?;
            match gone {
                Some(gone) => make_one(ctx, &into, &gone).await,
                None => merge_of(ctx, id, other).await,
            }
        }
        .await
    )?;
    finish(ctx, merge).await
}

/// Goes on for as long as a request may take, and answers how far it got.
async fn finish(ctx: &Context, id: MergeId) -> Result<MergeView> {
    let view = MergeView::of(&go_on(ctx, id, STEPS_OF_REQUEST).await?);
    let mut step = ctx.step();
    ctx.fulfil(&mut step, 200, &view)?;
    ctx.store().commit(step).await?;
    Ok(view)
}

/// The merge by which a client who is not there went into this one.
async fn merge_of(ctx: &Context, id: ContactId, other: ContactId) -> Result<MergeId> {
    let (merged, deleted) = tokio::try_join!(
        ctx.store().get::<MergedContact>(&ctx.tenant, &other),
        ctx.store().get::<DeletedContact>(&ctx.tenant, &other)
    )?;
    match (merged, deleted) {
        (Some(merged), _) if merged.into == id => Ok(merged.merge),
        (Some(merged), _) => Err(Error::Conflict(format!("{other} was merged into {}", merged.into))),
        (None, Some(_)) => {
            Err(Error::Conflict(format!("{other} was deleted: POST /crm/clients/{other}/restore first")))
        }
        (None, None) => Err(Error::NotFound("client")),
    }
}

async fn make_one(ctx: &Context, into: &Stored<Contact>, gone: &Stored<Contact>) -> Result<MergeId> {
    let now = ctx.now();
    let merged = into.merged_with(gone, now);
    let merge = Merge {
        id: ctx.new_id(),
        status: MergeStatus::Running,
        into: into.value.clone(),
        other: gone.value.clone(),
        other_version: gone.version,
        merged,
        moved: BTreeMap::new(),
        merged_by: ctx.actor.name(),
        merged_at: now,
        undone_by: None,
        undone_at: None,
    };
    let mut step = ctx.step();
    step.delete(gone);
    if !step.has_room_for(Some(&into.value), Some(&merge.merged), BESIDE_CONTACTS) {
        let detail = "the two have too many labels between them; take some away first";
        return Err(Error::Conflict(detail.to_owned()));
    }
    step.replace(into, &merge.merged)?;
    step.create(&MergedContact { contact: gone.id, into: into.id, merge: merge.id })?;
    step.create(&merge)?;
    step.enqueue_at(Job::MergeContacts { merge: merge.id }, now + LATER);
    ctx.promise(&mut step)?;
    ctx.audited(&mut step, "lead.merged", gone.id, Some(&Lead::of(gone)), None)?;
    ctx.audited(&mut step, "lead.updated", into.id, Some(&Lead::of(into)), Some(&Lead::of(&merge.merged)))?;
    ctx.store().commit(step).await?;
    Ok(merge.id)
}

/// Makes two records of what was made one: each as it was, with what has changed in it since. What came since stays
/// with the record that stayed. Asked for again, it answers the same.
pub async fn undo(ctx: &Context, id: MergeId) -> Result<MergeView> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let merge = find(ctx, id).await?;
            if merge.status.is_merged() { make_two(ctx, &merge).await } else { Ok(()) }
        }
        .await
    )?;
    finish(ctx, id).await
}

async fn make_two(ctx: &Context, merge: &Stored<Merge>) -> Result<()> {
    let (into, other) = merge.ids();
    let (current, pointer) = tokio::try_join!(leads::find(ctx, into), async {
        Ok(ctx.store().get::<MergedContact>(&ctx.tenant, &other).await?)
    })
    .map_err(|error| match error {
        Error::Moved { to, .. } => {
            Error::Conflict(format!("{into} itself was merged into {to}: undo that first"))
        }
        Error::NotFound(_) => {
            Error::Conflict(format!("{into} is not there: POST /crm/clients/{into}/restore first"))
        }
        error => error,
    })?;
    let Some(pointer) = pointer.filter(|pointer| pointer.merge == merge.id) else {
        return Err(Error::Internal("the record that went left no trace"));
    };
    let now = ctx.now();
    let parted = current
        .parted(&merge.into, &merge.merged, &merge.other, now)
        .ok_or(Error::Internal("no record is left"))?;
    let mut back = Contact { updated_at: now, ..merge.other.clone() };
    back.shut_since(&current, &merge.merged);
    let undoing = Merge {
        status: MergeStatus::Undoing,
        undone_by: Some(ctx.actor.name()),
        undone_at: Some(now),
        ..merge.value.clone()
    };
    let mut step = ctx.step();
    step.replace(&current, &parted)?;
    step.delete(&pointer);
    step.create_at(&back, merge.other_version + 1)?;
    step.replace(merge, &undoing)?;
    step.enqueue_at(Job::MergeContacts { merge: merge.id }, now + LATER);
    ctx.promise(&mut step)?;
    ctx.audited(&mut step, "lead.unmerged", other, None, Some(&Lead::of(&back)))?;
    ctx.audited(&mut step, "lead.updated", into, Some(&Lead::of(&current)), Some(&Lead::of(&parted)))?;
    // A number that the record gave up since may be somebody else's.
    ctx.store().commit(step).await.map_err(leads::duplicate)
}

/// One merge.
pub async fn get(ctx: &Context, id: MergeId) -> Result<MergeView> {
    ctx.require(Role::Viewer)?;
    Ok(MergeView::of(&*find(ctx, id).await?))
}

/// Merges, the last one first.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<MergeView>> {
    ctx.require(Role::Viewer)?;
    let listing = ctx.store().merges(&ctx.tenant, page).await?;
    Ok(Listing {
        items: listing.items.iter().map(|merge| MergeView::of(merge)).collect(),
        next: listing.next,
    })
}

/// Goes on with a merge, or with taking it back; asks to be called again where much is left. One that went with an erased
/// person is over.
pub async fn run(ctx: &Context, id: MergeId) -> Result<()> {
    let merge = match go_on(ctx, id, STEPS_OF_JOB).await {
        Err(Error::NotFound(_)) => return Ok(()),
        merge => merge?,
    };
    if matches!(merge.status, MergeStatus::Running | MergeStatus::Undoing) {
        let mut step = ctx.step();
        step.enqueue(Job::MergeContacts { merge: id });
        ctx.store().commit(step).await?;
    }
    Ok(())
}

/// Takes some steps of a merge, or of taking it back, and says how far it is.
async fn go_on(ctx: &Context, id: MergeId, steps: usize) -> Result<Merge> {
    for _ in 0..steps {
        let is_over = retrying!(
            async {
                let merge = find(ctx, id).await?;
                if merge.status.is_merged() {
                    move_some(ctx, &merge).await
                } else {
                    move_back(ctx, &merge).await
                }
            }
            .await
        )?;
        if is_over {
            break;
        }
    }
    Ok(find(ctx, id).await?.value)
}

/// Moves some of what hangs on the record that went. Says whether nothing is left.
async fn move_some(ctx: &Context, merge: &Stored<Merge>) -> Result<bool> {
    let (into, other) = merge.ids();
    let relations = ctx.store().relations(&ctx.tenant, other, OF_EACH).await?;
    let mut step = ctx.step();
    if relations.is_empty() {
        if merge.status == MergeStatus::Running {
            step.replace(merge, &Merge { status: MergeStatus::Done, ..merge.value.clone() })?;
            ctx.changed(&mut step, "merge", merge.id, MergeStatus::Done.as_str())?;
            ctx.store().commit(step).await?;
        }
        return Ok(true);
    }
    let (mut counts, mut moved) = (merge.moved.clone(), Vec::new());
    for relation in relations {
        let mut new = relation.clone().given_to(into);
        let is_put_aside = put_aside(ctx, &mut new, &moved).await?;
        if !relation.put_into(&mut step, &new, BESIDE)? {
            break;
        }
        *counts.entry(new.noun().to_owned()).or_default() += 1;
        moved.push((new, is_put_aside));
    }
    step.create(&MergeStep::of(merge.id, ctx.platform.ids.ulid(ctx.now()), &moved, &ctx.tenant))?;
    step.replace(merge, &Merge { moved: counts, ..merge.value.clone() })?;
    ctx.store().commit(step).await?;
    Ok(false)
}

/// Of conversations on one channel, one is led; of open practices of one type that a model began, one is the client's; of a
/// sensitive field, one value. What comes to a record that has one lies beside it. Says whether it was put there now.
async fn put_aside(ctx: &Context, relation: &mut Relation, moved: &[(Relation, bool)]) -> Result<bool> {
    let has_one = match relation {
        Relation::Conversation(Stored { value: talk, .. }) if !talk.is_aside => {
            let same = |other: &Conversation| other.channel == talk.channel && !other.is_aside;
            let with = ctx.store().conversation_with(&ctx.tenant, talk.contact_id, talk.channel);
            moved.iter().any(|(moved, _)| matches!(moved, Relation::Conversation(other) if same(other)))
                || with.await?.is_some()
        }
        Relation::Practice(Stored { value: practice, .. })
            if practice.read_in.is_some() && !practice.is_aside =>
        {
            let same = |other: &Practice| other.type_code == practice.type_code && !other.is_aside;
            moved.iter().any(|(moved, _)| matches!(moved, Relation::Practice(other) if same(other)))
                || ctx.store().practice_begun(&ctx.tenant, practice).await?.is_some()
        }
        Relation::Sealed(Stored { value: field, .. }) if !field.is_aside => {
            let theirs = ctx.store().sealed_fields(&ctx.tenant, field.contact).await?;
            theirs.iter().any(|own| own.name == field.name)
        }
        _ => false,
    };
    if has_one {
        relation.lay_aside(true);
    }
    Ok(has_one)
}

/// Moves back what one step moved. Says whether nothing is left.
async fn move_back(ctx: &Context, merge: &Stored<Merge>) -> Result<bool> {
    let (into, other) = merge.ids();
    let journal = ctx.store().merge_steps(&ctx.tenant, merge.id, 1).await?;
    let mut step = ctx.step();
    let Some(journal) = journal.into_iter().next() else {
        if merge.status == MergeStatus::Undoing {
            step.replace(merge, &Merge { status: MergeStatus::Undone, ..merge.value.clone() })?;
            ctx.changed(&mut step, "merge", merge.id, MergeStatus::Undone.as_str())?;
            ctx.store().commit(step).await?;
        }
        return Ok(true);
    };
    let (mut left, mut is_full) = (Vec::new(), false);
    for (relation, was_put_aside) in ctx.store().relations_moved(&ctx.tenant, &journal).await? {
        // What somebody gave to yet another client meanwhile stays there.
        if relation.belongs_to() != Some(into) {
            continue;
        }
        let mut new = relation.clone().given_to(other);
        if was_put_aside {
            new.lay_aside(false);
        }
        is_full = is_full || !relation.put_into(&mut step, &new, BESIDE)?;
        if is_full {
            left.push((relation, was_put_aside));
        }
    }
    if left.is_empty() {
        step.delete(&journal);
    } else {
        step.replace(&journal, &MergeStep::of(merge.id, journal.step, &left, &ctx.tenant))?;
    }
    ctx.store().commit(step).await?;
    Ok(false)
}

async fn find(ctx: &Context, id: MergeId) -> Result<Stored<Merge>> {
    ctx.store().get(&ctx.tenant, &id).await?.ok_or(Error::NotFound("merge"))
}

impl MergeView {
    fn of(merge: &Merge) -> Self {
        let (client_id, other_id) = merge.ids();
        Self {
            merge_id: merge.id,
            status: merge.status,
            client_id,
            other_id,
            names: [merge.into.name(), merge.other.name()],
            moved: merge.moved.clone(),
            merged_by: merge.merged_by.clone(),
            merged_at: merge.merged_at,
            undone_by: merge.undone_by.clone(),
            undone_at: merge.undone_at,
        }
    }
}
