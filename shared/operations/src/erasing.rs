//! Erasing a person: all that is stored of them, for good.
//!
//! One step takes the person out of every list, number and address included, and leaves a note that they were erased:
//! nobody finds them from then on. What hung on them goes in a job, record by record, each with its parts, its files, what the
//! audit kept of its values and what the voice provider keeps of it; whoever comes after a crash finds what is left. What is
//! shut to their number or address stays shut, by a digest. The job looks once more a while later, for what was being written
//! at that moment.

use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::leads::suppression;
use crate::voice_events::ELEVENLABS;
use crate::{Listing, Page, clients, imports, integrations};
use contracts::Job;
use domain::call::Call;
use domain::contact::Contact;
use domain::import::ImportPlace;
use domain::merging::{Merge, MergeStatus};
use domain::privacy::{Erasure, ErasureStatus};
use domain::{AttemptId, ContactId, Role};
use elevenlabs::webhook::dedupe_keys;
use files::{Key, Kind};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use provider::ProviderError;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::{DeletedContact, Part, Relation, Stored, Transaction};
use utoipa::ToSchema;

/// When the job looks once more: longer than a job takes that had begun before.
const ONCE_MORE: SignedDuration = SignedDuration::from_mins(10);
/// How long it waits where something is under way: a call, or taking a merge back.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(1);
/// How many records of each kind are read at a time.
const OF_EACH: usize = 25;
/// How many parts of a record are read at a time.
const PARTS: usize = 100;
/// For how long one delivery of the job removes records before it asks for another.
const BUDGET: Duration = Duration::from_secs(20);
/// Within what time the lines of one step are written.
const ONE_STEP: SignedDuration = SignedDuration::from_secs(30);
/// How far a chain of imports that wrote one lead is followed.
const IMPORTS_IN_A_ROW: usize = 50;
/// What a step has beside the record that goes: the note and its row, and some to spare.
const BESIDE: usize = 4;

/// That a person was erased, as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErasureView {
    /// By which id they were known.
    pub client_id: ContactId,
    /// How far it is.
    pub status: ErasureStatus,
    /// How many records of each kind are gone.
    pub removed: BTreeMap<String, u32>,
    /// ElevenLabs' ids of conversations that it refused to remove: to be removed there by hand.
    pub left_at_provider: Vec<String>,
    /// Who asked for it.
    pub erased_by: String,
    /// When.
    #[schema(value_type = String)]
    pub erased_at: Timestamp,
    /// When all was gone.
    #[schema(value_type = Option<String>)]
    pub done_at: Option<Timestamp>,
}

/// Erases a person, also one who was deleted and could come back. Asked for again, it answers how far it is.
pub async fn erase(ctx: &Context, id: ContactId) -> Result<ErasureView> {
    ctx.require(Role::Owner)?;
    retrying!(begin(ctx, id).await)
}

async fn begin(ctx: &Context, id: ContactId) -> Result<ErasureView> {
    let store = ctx.store();
    let (there, deleted, erased) = tokio::try_join!(
        store.get::<Contact>(&ctx.tenant, &id),
        store.get::<DeletedContact>(&ctx.tenant, &id),
        store.get::<Erasure>(&ctx.tenant, &id)
    )?;
    let mut step = ctx.step();
    if let Some(erased) = erased {
        // Whatever became of the job: whoever asks again sets it off again.
        if erased.status == ErasureStatus::Running {
            step.enqueue(Job::EraseContact { contact: id });
            store.commit(step).await?;
        }
        return Ok(ErasureView::of(&erased));
    }
    let contact = match (there, deleted) {
        (Some(there), _) => {
            step.delete(&there);
            there.value
        }
        (None, Some(deleted)) => {
            step.delete(&deleted);
            deleted.value.contact
        }
        (None, None) => return Err(clients::absent(ctx, id).await?),
    };
    suppression::remember(ctx, &mut step, &contact)?;
    let erasure = Erasure {
        contact_id: id,
        status: ErasureStatus::Running,
        removed: BTreeMap::new(),
        left_at_provider: Vec::new(),
        talks: Vec::new(),
        imported: contact.imported,
        erased_by: ctx.actor.name(),
        erased_at: ctx.now(),
        done_at: None,
    };
    let view = ErasureView::of(&erasure);
    step.create(&erasure)?;
    step.enqueue(Job::EraseContact { contact: id });
    ctx.audited::<()>(&mut step, "lead.erased", id, None, None)?;
    ctx.remember(&mut step, 202, &view)?;
    store.commit(step).await?;
    Ok(view)
}

/// How far the erasure of a person is.
pub async fn get(ctx: &Context, id: ContactId) -> Result<ErasureView> {
    ctx.require(Role::Manager)?;
    let erasure = ctx.store().get::<Erasure>(&ctx.tenant, &id).await?;
    erasure.map(|erasure| ErasureView::of(&erasure)).ok_or(Error::NotFound("erasure"))
}

/// Who was erased, the last one first: their ids, which nothing else is known by.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<ErasureView>> {
    ctx.require(Role::Manager)?;
    let listing = ctx.store().erasures(&ctx.tenant, page).await?;
    let items = listing.items.iter().map(|erasure| ErasureView::of(erasure)).collect();
    Ok(Listing { items, next: listing.next })
}

/// Has a talk removed that ended after the person was erased who had it; does nothing for anybody else.
pub(crate) async fn talk_ended(ctx: &Context, id: ContactId, conversation: &str) -> Result<()> {
    let Some(old) = ctx.store().get::<Erasure>(&ctx.tenant, &id).await? else { return Ok(()) };
    let mut erasure = Erasure { status: ErasureStatus::Running, ..old.value.clone() };
    erasure.talks.push(conversation.to_owned());
    let mut step = ctx.step();
    step.replace(&old, &erasure)?;
    step.enqueue(Job::EraseContact { contact: id });
    Ok(ctx.store().commit(step).await?)
}

/// Removes what is left of a person; asks to be called again where much is left, where something is under way, and once where
/// all is gone.
pub async fn run(ctx: &Context, id: ContactId) -> Result<()> {
    let Some(erasure) = ctx.store().get::<Erasure>(&ctx.tenant, &id).await? else { return Ok(()) };
    let was_done = erasure.status == ErasureStatus::Done;
    let mut work = Work { ctx, erasure, began: Instant::now(), is_under_way: false };
    work.remove_talks().await?;
    work.remove_person(id).await?;
    let is_over_budget = work.is_over_budget();
    let Work { erasure, is_under_way, .. } = work;
    let (now, mut step) = (ctx.now(), ctx.step());
    if is_under_way {
        step.enqueue_at(Job::EraseContact { contact: id }, now + UNDER_WAY);
    } else if is_over_budget {
        step.enqueue(Job::EraseContact { contact: id });
    } else if !was_done {
        let done = Erasure {
            status: ErasureStatus::Done,
            imported: None,
            done_at: Some(now),
            ..erasure.value.clone()
        };
        step.replace(&erasure, &done)?;
        step.enqueue_at(Job::EraseContact { contact: id }, now + ONCE_MORE);
        ctx.changed(&mut step, "lead", id, "erased")?;
    } else {
        return Ok(());
    }
    Ok(ctx.store().commit(step).await?)
}

/// One delivery's work.
struct Work<'a> {
    ctx: &'a Context,
    erasure: Stored<Erasure>,
    began: Instant,
    /// Whether something was met that has to end first.
    is_under_way: bool,
}

impl Work<'_> {
    fn is_over_budget(&self) -> bool {
        self.began.elapsed() > BUDGET
    }

    /// Removes talks that ended since.
    async fn remove_talks(&mut self) -> Result<()> {
        for talk in self.erasure.talks.clone() {
            self.remove_talk(&talk).await?;
            let mut next = self.erasure.value.clone();
            next.talks.retain(|left| *left != talk);
            self.note(self.ctx.step(), next).await?;
        }
        Ok(())
    }

    /// Removes what is left of a person, and of those who went into them.
    fn remove_person(&mut self, id: ContactId) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let (store, tenant) = (self.ctx.store(), &self.ctx.tenant);
            // What is still to be moved back is somebody else's.
            let merges = store.merges_with(tenant, id).await?;
            if merges.iter().any(|merge| merge.status == MergeStatus::Undoing) {
                self.is_under_way = true;
                return Ok(());
            }
            loop {
                let relations = store.relations(tenant, id, OF_EACH).await?;
                let mut has_removed = false;
                for relation in &relations {
                    if self.is_over_budget() {
                        return Ok(());
                    }
                    has_removed |= self.remove_record(relation).await?;
                }
                if !has_removed {
                    break;
                }
            }
            if self.is_under_way {
                return Ok(());
            }
            for merge in merges.iter().filter(|merge| merge.status.is_merged() && merge.ids().0 == id) {
                self.remove_person(merge.ids().1).await?;
                if self.is_over_budget() || self.is_under_way {
                    return Ok(());
                }
            }
            self.forget_values(&id.to_string(), None).await?;
            if let Some(place) = self.erasure.imported.filter(|_| id == self.erasure.contact_id) {
                self.forget_before_imports(id, place).await?;
            }
            let dossier = Key::of(tenant, Kind::Dossier, id);
            self.ctx.platform.files.delete(&dossier).await.map_err(Error::files)?;
            loop {
                let parts = store.leftovers(tenant, id).await?;
                if parts.is_empty() {
                    break;
                }
                self.remove_parts(&parts).await?;
            }
            // Last: by them those are found who went into this one, and whose merges went with them.
            while let Some(merge) = store.merges_with(tenant, id).await?.into_iter().next() {
                self.remove_merge(id, &merge).await?;
            }
            Ok(())
        })
    }

    /// Removes a record with all that lies with it. Says whether it is gone: a call that is under way has to end first.
    async fn remove_record(&mut self, relation: &Relation) -> Result<bool> {
        let (store, tenant) = (self.ctx.store(), &self.ctx.tenant);
        if let Relation::Call(call) = relation {
            if call.status.is_active() {
                self.is_under_way = true;
                return Ok(false);
            }
            self.remove_recordings(call).await?;
        }
        if let Some(subject) = relation.subject(tenant) {
            self.forget_values(&subject, None).await?;
        }
        loop {
            let parts = store.parts(tenant, relation, PARTS).await?;
            if parts.is_empty() {
                break;
            }
            self.remove_parts(&parts).await?;
        }
        let mut step = self.ctx.step();
        if !relation.leave_in(&mut step, BESIDE) {
            return Err(Error::Internal("a record has too many rows"));
        }
        let mut next = self.erasure.value.clone();
        *next.removed.entry(relation.noun().to_owned()).or_default() += 1;
        self.note(step, next).await?;
        Ok(true)
    }

    /// Commits a step together with what the note says by then.
    async fn note(&mut self, mut step: Transaction, next: Erasure) -> Result<()> {
        step.replace(&self.erasure, &next)?;
        self.ctx.store().commit(step).await?;
        self.erasure = Stored { value: next, version: self.erasure.version + 1 };
        Ok(())
    }

    async fn remove_parts(&self, parts: &[Part]) -> Result<()> {
        let (files, tenant) = (&self.ctx.platform.files, &self.ctx.tenant);
        let mut step = self.ctx.step();
        for part in parts {
            if let Part::Document(document) = part {
                let key = Key::of(tenant, Kind::Document, document.id);
                files.delete(&key).await.map_err(Error::files)?;
            }
            if !part.leave_in(&mut step, 0) {
                let full = std::mem::replace(&mut step, self.ctx.step());
                self.ctx.store().commit(full).await?;
                if !part.leave_in(&mut step, 0) {
                    return Err(Error::Internal("a part has too many rows"));
                }
            }
        }
        Ok(self.ctx.store().commit(step).await?)
    }

    /// Removes what was said in a call where it is kept outside the table: at the voice provider, in files, and in events
    /// as they arrived.
    async fn remove_recordings(&mut self, call: &Call) -> Result<()> {
        let (ctx, tenant) = (self.ctx, &self.ctx.tenant);
        for attempt in &call.attempts {
            let Some(conversation) = attempt.conversation_id.as_deref() else { continue };
            let id = AttemptId { call: call.id, number: attempt.number };
            let recording = Key::of(tenant, Kind::Recording, id);
            ctx.platform.files.delete(&recording).await.map_err(Error::files)?;
            self.remove_talk(conversation).await?;
        }
        Ok(())
    }

    /// Removes a conversation at the voice provider, and its events as they arrived.
    async fn remove_talk(&mut self, conversation: &str) -> Result<()> {
        for dedupe in dedupe_keys(conversation) {
            let event = self.ctx.store().raw_event(&self.ctx.tenant, ELEVENLABS, &dedupe).await?;
            self.remove_parts(&event).await?;
        }
        let is_left = self.erasure.left_at_provider.iter().any(|left| left == conversation);
        if !is_left && !remove_at_provider(self.ctx, conversation).await? {
            let mut next = self.erasure.value.clone();
            next.left_at_provider.push(conversation.to_owned());
            self.note(self.ctx.step(), next).await?;
        }
        Ok(())
    }

    /// Leaves of what the audit says about a record, or about what belongs to a person, the facts alone.
    async fn forget_values(&self, subject: &str, during: Option<(Timestamp, Timestamp)>) -> Result<()> {
        loop {
            let lines = self.ctx.store().audit_about(&self.ctx.tenant, subject, during).await?;
            if lines.is_empty() {
                return Ok(());
            }
            // A line and its two rows each.
            for lines in lines.chunks(30) {
                let mut step = self.ctx.step();
                for line in lines {
                    step.replace(line, &line.without_values())?;
                }
                self.ctx.store().commit(step).await?;
            }
        }
    }

    /// Removes a merge that a person was in, with both records as they were, and its journal. While the two were one, the audit
    /// of the one that stayed spoke of both.
    async fn remove_merge(&self, id: ContactId, merge: &Stored<Merge>) -> Result<()> {
        let (store, tenant) = (self.ctx.store(), &self.ctx.tenant);
        let as_one = (merge.merged_at, merge.undone_at.unwrap_or(merge.merged_at) + ONE_STEP);
        self.forget_values(&merge.ids().0.to_string(), Some(as_one)).await?;
        for was in [&merge.into, &merge.other].into_iter().filter(|was| was.id == id) {
            if let Some(place) = was.imported {
                self.forget_before_imports(id, place).await?;
            }
        }
        loop {
            let journal = store.merge_steps(tenant, merge.id, PARTS / 2).await?;
            if journal.is_empty() {
                break;
            }
            let mut step = self.ctx.step();
            for entry in &journal {
                step.delete(entry);
            }
            store.commit(step).await?;
        }
        let mut step = self.ctx.step();
        step.delete(merge);
        Ok(store.commit(step).await?)
    }

    /// Takes from imports what they keep of a lead as it was before them. Each of these names the import before it, so the
    /// oldest goes first, and whoever comes after a crash finds the others.
    async fn forget_before_imports(&self, lead: ContactId, newest: ImportPlace) -> Result<()> {
        let (store, tenant) = (self.ctx.store(), &self.ctx.tenant);
        let (mut steps, mut place) = (Vec::new(), Some(newest));
        while let Some(at) = place.filter(|_| steps.len() < IMPORTS_IN_A_ROW) {
            let Some(step) = store.import_step_of(tenant, at, lead, imports::ROWS_AT_A_TIME).await? else {
                break;
            };
            let entry = step.leads.iter().find(|entry| entry.lead == lead);
            place = entry.and_then(|entry| entry.before.as_ref()?.imported);
            steps.push(step);
        }
        for old in steps.iter().rev() {
            let mut new = old.value.clone();
            for entry in new.leads.iter_mut().filter(|entry| entry.lead == lead) {
                entry.before = None;
            }
            let mut step = self.ctx.step();
            step.replace(old, &new)?;
            store.commit(step).await?;
        }
        Ok(())
    }
}

/// Removes a conversation at the voice provider. Says whether it is gone: what the provider refuses is for people to look at.
async fn remove_at_provider(ctx: &Context, conversation: &str) -> Result<bool> {
    let client = match integrations::elevenlabs(&ctx.platform, &ctx.tenant).await {
        Ok((client, _)) => client,
        Err(Error::NotConfigured(_)) => return Ok(false),
        Err(error) => return Err(error),
    };
    match client.delete_conversation(conversation).await {
        Ok(()) => Ok(true),
        Err(ProviderError::Rejected { .. }) => Ok(false),
        Err(error) => Err(Error::elevenlabs(error)),
    }
}

impl ErasureView {
    fn of(erasure: &Erasure) -> Self {
        Self {
            client_id: erasure.contact_id,
            status: erasure.status,
            removed: erasure.removed.clone(),
            left_at_provider: erasure.left_at_provider.clone(),
            erased_by: erasure.erased_by.clone(),
            erased_at: erasure.erased_at,
            done_at: erasure.done_at,
        }
    }
}
