//! Writing what was read of a conversation into the record: client, practice, interaction, and what a person is asked.

use super::find;
use super::reading::Read;
use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::interactions::InteractionView;
use crate::leads::{Lead, arrival, suppression};
use crate::practices::PracticeView;
use crate::{Page, business_config, clients, crm_settings};
use domain::business::BusinessConfig;
use domain::contact::{Contact, Details, split_name};
use domain::crm::CrmSettings;
use domain::extraction::{Extraction, ReadPractice};
use domain::interaction::{Interaction, InteractionChannel, InteractionType};
use domain::practice::{Practice, PracticeType};
use domain::saved::{Doubt, Outcome, ReviewEntry, ReviewStatus, SavedConversation};
use domain::{Author, Phone, ReviewId, SavedConversationId, text};
use serde_json::json;
use store::{PracticeFilter, Stored, Transaction};

/// From where clients come whom a conversation brought.
const SOURCE: &str = "conversation";
/// Who made what a model read.
const BY: &str = "ai";

/// What a person decided about what was read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Accepted {
    /// It is a client who wrote.
    pub(crate) client: bool,
    /// They want the service.
    pub(crate) practice: bool,
    /// The question that they answered.
    pub(crate) review: Option<ReviewId>,
}

/// Writes what was read of a generation, unless that was done.
pub(super) async fn write(ctx: &Context, id: SavedConversationId, generation: u32, read: Read) -> Result<()> {
    retrying!(
        async {
            let old = find(ctx, id).await?;
            if old.generation != generation || (!old.is_unread() && old.failure.is_none()) {
                return Ok(());
            }
            let mut saved = old.value.clone();
            saved.read = generation;
            saved.failure = None;
            if let Some((month, model, input, output)) = &read.spent {
                saved.spend(month.clone(), model, *input, *output);
            }
            let extraction = read.extraction.clone();
            record(ctx, &old, saved, extraction, Accepted::default()).await
        }
        .await
    )
}

/// Writes what a person accepted.
pub(crate) async fn accept(ctx: &Context, id: SavedConversationId, accepted: Accepted) -> Result<()> {
    let old = find(ctx, id).await?;
    let extraction = old.extraction.clone().unwrap_or_default();
    record(ctx, &old, old.value.clone(), extraction, accepted).await
}

/// One step: all that follows from what was read.
async fn record(
    ctx: &Context,
    old: &Stored<SavedConversation>,
    mut saved: SavedConversation,
    extraction: Extraction,
    accepted: Accepted,
) -> Result<()> {
    let reviews = saved.outcome.as_ref().map(|outcome| outcome.reviews.as_slice()).unwrap_or_default();
    let reviews = async { Ok(ctx.store().get_many::<ReviewEntry>(&ctx.tenant, reviews).await?) };
    let (settings, crm, reviews) =
        tokio::try_join!(business_config::get(ctx), crm_settings::get(ctx), reviews)?;
    let mut read = extraction.clone();
    for review in &reviews {
        review.withhold(&mut read);
    }
    let mut writer = Writer {
        ctx,
        step: ctx.step(),
        config: &settings.config,
        crm: &crm,
        saved: &saved,
        read: &read,
        reviews: &reviews,
        accepted,
        outcome: saved.outcome.clone().unwrap_or_default(),
    };
    let client = writer.client().await?;
    if let Some(client) = &client {
        let practice = writer.practice(client).await?;
        writer.interaction(client, practice.as_ref()).await?;
    }
    writer.ask(client.as_ref())?;
    let Writer { mut step, outcome, .. } = writer;
    saved.outcome = Some(outcome);
    saved.extraction = Some(extraction);
    step.replace(old, &saved)?;
    ctx.changed(&mut step, "saved_conversation", saved.id, "extracted")?;
    match ctx.store().commit(step).await {
        // Somebody else wrote the same person or practice beside us: it is found the next time.
        Err(store::Error::Taken { .. }) => Err(Error::Stale),
        other => other.map_err(Into::into),
    }
}

struct Writer<'a> {
    ctx: &'a Context,
    step: Transaction,
    config: &'a BusinessConfig,
    crm: &'a CrmSettings,
    saved: &'a SavedConversation,
    /// What was read, but for what people said no to.
    read: &'a Extraction,
    /// What people were asked of this conversation, the oldest first.
    reviews: &'a [Stored<ReviewEntry>],
    accepted: Accepted,
    outcome: Outcome,
}

impl Writer<'_> {
    fn trusts_client(&self) -> bool {
        self.accepted.client || self.read.client.confidence >= self.crm.client_confidence
    }

    /// The practice that they want, if that is sure enough.
    fn wanted(&self) -> Option<&ReadPractice> {
        let sure = |practice: &&ReadPractice| {
            self.accepted.practice || practice.confidence >= self.crm.practice_confidence
        };
        self.read.practice.as_ref().filter(sure)
    }

    /// Whose the conversation is: who has its address, enriched, or a new record where it is sure enough that there is to be
    /// one.
    async fn client(&mut self) -> Result<Option<Contact>> {
        let (ctx, now) = (self.ctx, self.ctx.now());
        let owner = ctx.store().contact_with_email(&ctx.tenant, &self.saved.user_email).await?;
        let old = match owner {
            Some(id) => clients::come_back(ctx, id).await?,
            None => None,
        };
        if old.is_none() && !self.trusts_client() {
            return Ok(None);
        }
        let mut contact = match &old {
            Some(old) => old.value.clone(),
            None => {
                let details = Details {
                    email: Some(self.saved.user_email.clone()),
                    source: SOURCE.to_owned(),
                    ..Details::default()
                };
                let mut contact = Contact::new(ctx.new_id(), details, Author::System, now);
                contact.created_on = Some(self.config.day_of(now));
                contact
            }
        };
        if self.trusts_client() {
            self.enrich(&mut contact).await?;
        }
        if let Some(member) = &self.saved.team_member
            && contact.details.assignee.is_none()
            && !contact.provenance.contains_key("assignee")
        {
            let details = Details { assignee: Some(member.clone()), ..contact.details.clone() };
            contact.set_details(details, Author::System, now);
        }
        contact.last_contact_at = contact.last_contact_at.max(Some(self.saved.updated_at));
        let shut = suppression::remembered(ctx, old.as_ref().map(|old| &old.value), &contact).await?;
        contact.keep_shut(shut);
        self.outcome.client_created |= old.is_none();
        self.outcome.client_id = Some(contact.id);
        match &old {
            None => {
                if let Some(campaign) = arrival::campaign_for(ctx, None, &contact).await? {
                    arrival::join(ctx, &mut self.step, &mut contact, &campaign);
                }
                self.step.create(&contact)?;
                ctx.audited(&mut self.step, "lead.created", contact.id, None, Some(&Lead::of(&contact)))?;
            }
            Some(old) if old.value != contact => {
                let (before, after) = (Lead::of(old), Lead::of(&contact));
                self.step.replace(old, &contact)?;
                ctx.audited(&mut self.step, "lead.updated", contact.id, Some(&before), Some(&after))?;
            }
            Some(_) => {}
        }
        Ok(Some(contact))
    }

    /// Fills what nobody filled, each field with the sentence that it rests on.
    async fn enrich(&self, contact: &mut Contact) -> Result<()> {
        let (now, read) = (self.ctx.now(), &self.read.client);
        if let Some(name) = &read.full_name {
            let (first, last) = split_name(&name.value);
            contact.fill_details(&name.evidence, now, |details| {
                details.first_name = first;
                details.last_name = last;
            });
        }
        if let Some(nationality) = &read.nationality {
            contact.fill_details(&nationality.evidence, now, |details| {
                details.nationality.clone_from(&nationality.value);
            });
        }
        if let Some(company) = &read.company {
            contact.fill_details(&company.evidence, now, |details| {
                details.company.clone_from(&company.value);
            });
        }
        if let Some(phone) = &read.phone
            && self.is_free(&phone.value, contact).await?
        {
            let number = phone.value.clone();
            contact.fill_details(&phone.evidence, now, |details| details.phone = Some(number));
        }
        Ok(())
    }

    /// Whether nobody else has a number: whoever names another's does not become them.
    async fn is_free(&self, phone: &Phone, contact: &Contact) -> Result<bool> {
        let owner = self.ctx.store().contact_with_phone(&self.ctx.tenant, phone).await?;
        Ok(owner.is_none_or(|owner| owner == contact.id))
    }

    /// The practice that the conversation is about: an open one of its type, else a new one.
    async fn practice(&mut self, client: &Contact) -> Result<Option<Practice>> {
        let (ctx, now) = (self.ctx, self.ctx.now());
        let Some(wanted) = self.wanted().cloned() else { return Ok(None) };
        let Some(kind) = ctx.store().get::<PracticeType>(&ctx.tenant, &wanted.practice_type_code).await?
        else {
            return Ok(None);
        };
        let filter = PracticeFilter {
            contact: Some(client.id),
            type_code: Some(kind.code.clone()),
            active: true,
            ..PracticeFilter::default()
        };
        let newest = Page { limit: 1, cursor: None };
        let open = ctx.store().practices(&ctx.tenant, &filter, &newest).await?.items.into_iter().next();
        // What the conversation began before is people's to go on with: once they closed or deleted it, it is not begun anew.
        if let (None, Some(begun)) = (&open, self.outcome.practice_id) {
            let begun = ctx.store().get::<Practice>(&ctx.tenant, &begun).await?.map(|begun| begun.value);
            if begun.as_ref().is_none_or(|begun| begun.type_code == kind.code) {
                return Ok(begun);
            }
        }
        let member = self.saved.team_member.clone().or_else(|| client.details.assignee.clone());
        if let Some(open) = open {
            self.outcome.practice_created &= self.outcome.practice_id == Some(open.id);
            self.outcome.practice_id = Some(open.id);
            let mut practice = open.value.clone();
            if practice.assignee.is_none() && member.is_some() {
                practice.assignee = member;
                practice.updated_at = now;
                let (before, after) = (PracticeView::of(&open), PracticeView::of(&practice));
                self.step.replace(&open, &practice)?;
                ctx.audited(&mut self.step, "practice.updated", open.id, Some(&before), Some(&after))?;
            }
            return Ok(Some(practice));
        }
        let mut practice = Practice::new(ctx.new_id(), client.id, &kind, BY.to_owned(), now);
        practice.read_in = Some(self.saved.id);
        practice.assignee = member;
        practice.price.quoted = kind.base_price.map(|price| price.minor);
        practice.notes = format!("\u{201c}{}\u{201d}", wanted.evidence);
        self.outcome.practice_id = Some(practice.id);
        self.outcome.practice_created = true;
        self.step.create(&practice)?;
        let view = PracticeView::of(&practice);
        ctx.audited(&mut self.step, "practice.created", practice.id, None, Some(&view))?;
        Ok(Some(practice))
    }

    /// Notes what was said: once for a conversation, however often it is saved. What a person changed of it stays.
    async fn interaction(&mut self, client: &Contact, practice: Option<&Practice>) -> Result<()> {
        let (ctx, now) = (self.ctx, self.ctx.now());
        let old = ctx.store().interaction_of(&ctx.tenant, &self.saved.id.to_string()).await?;
        if let Some(old) = old.as_ref().filter(|old| Some(old.updated_at) != self.outcome.interaction_at) {
            self.outcome.interaction_id = Some(old.id);
            return Ok(());
        }
        // One that a person deleted stays deleted.
        if old.is_none() && self.outcome.interaction_id.is_some() {
            return Ok(());
        }
        let read = self.read;
        let subject =
            practice.map_or_else(|| "Conversation".to_owned(), |it| text::shortened(&it.type_name, 255));
        let new = Interaction::new(ctx.new_id(), client.id, InteractionType::Chat, BY.to_owned(), now);
        let interaction = Interaction {
            id: old.as_ref().map_or(new.id, |old| old.id),
            practice_id: practice.map(|practice| practice.id),
            conversation: Some(self.saved.id.to_string()),
            channel: Some(InteractionChannel::Web),
            subject,
            summary: read.summary.clone(),
            sentiment: Some(read.sentiment),
            action_items: read.action_items.clone(),
            team_member: self.saved.team_member.clone(),
            at: self.saved.updated_at,
            created_at: old.as_ref().map_or(now, |old| old.created_at),
            ..new
        };
        self.outcome.interaction_id = Some(interaction.id);
        self.outcome.interaction_at = Some(now);
        let view = InteractionView::of(&interaction);
        match &old {
            None => {
                self.step.create(&interaction)?;
                ctx.audited(&mut self.step, "interaction.created", interaction.id, None, Some(&view))
            }
            Some(old) => {
                self.step.replace(old, &interaction)?;
                let was = InteractionView::of(old);
                ctx.audited(&mut self.step, "interaction.updated", interaction.id, Some(&was), Some(&view))
            }
        }
    }

    /// Asks a person about what is not sure enough, and takes back what is answered by now.
    fn ask(&mut self, client: Option<&Contact>) -> Result<()> {
        let (read, reviews) = (self.read, self.reviews);
        let said = &read.client;
        let is_refused = reviews.iter().any(|review| review.about == Doubt::Client && review.is_refused());
        let is_new = client.is_none() && !is_refused;
        let doubts_client = !self.trusts_client() && (is_new || said.says_something());
        let client_proposal = doubts_client.then(|| (json!(said), said.confidence));
        let doubted = read.practice.as_ref().filter(|_| self.wanted().is_none() || client.is_none());
        let practice_proposal = doubted.map(|practice| (json!(practice), practice.confidence));
        for (about, proposal) in [(Doubt::Client, client_proposal), (Doubt::Practice, practice_proposal)] {
            let known = reviews.iter().rfind(|review| review.about == about);
            self.ask_about(about, known, proposal, client)?;
        }
        Ok(())
    }

    fn ask_about(
        &mut self,
        about: Doubt,
        known: Option<&Stored<ReviewEntry>>,
        proposal: Option<(serde_json::Value, f64)>,
        client: Option<&Contact>,
    ) -> Result<()> {
        let (ctx, now) = (self.ctx, self.ctx.now());
        let contact_id = client.map(|client| client.id);
        let entry = match (known, proposal) {
            (None, None) => return Ok(()),
            // Who said no once is not asked the same again; something else is another question.
            (Some(known), None) if known.is_refused() => return Ok(()),
            (Some(known), _) if !known.is_refused() && known.status != ReviewStatus::Open => return Ok(()),
            (Some(known), None) => {
                let is_answer = self.accepted.review.is_some();
                let status = if is_answer { ReviewStatus::Accepted } else { ReviewStatus::Superseded };
                let decided_by = is_answer.then(|| ctx.actor.name());
                ReviewEntry {
                    status,
                    contact_id,
                    decided_by,
                    decided_at: Some(now),
                    updated_at: now,
                    ..known.value.clone()
                }
            }
            (Some(known), Some((proposal, confidence))) if known.status == ReviewStatus::Open => {
                ReviewEntry { proposal, confidence, contact_id, updated_at: now, ..known.value.clone() }
            }
            (_, Some((proposal, confidence))) => ReviewEntry {
                id: ctx.new_id(),
                about,
                conversation: self.saved.id,
                user_email: self.saved.user_email.clone(),
                contact_id,
                proposal,
                confidence,
                status: ReviewStatus::Open,
                decided_by: None,
                decided_at: None,
                created_at: now,
                updated_at: now,
            },
        };
        if !self.outcome.reviews.contains(&entry.id) {
            self.outcome.reviews.push(entry.id);
        }
        self.step.save(known.filter(|known| known.id == entry.id), &entry)?;
        ctx.changed(&mut self.step, "review", entry.id, entry.status.as_str())
    }
}
