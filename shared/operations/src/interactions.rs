//! Interactions: what was said between clients and the business, as people note it down.

mod from_conversation;

pub use from_conversation::{FromConversationInput, from_conversation};

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::{Listing, Page, deleting, leads, merge_patch, practices};
use domain::analysis::Sentiment;
use domain::contact::Contact;
use domain::interaction::{Interaction, InteractionChannel, InteractionType};
use domain::{ContactId, Email, InteractionId, Invalid, PracticeId, Role, text};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{InteractionFigures, InteractionFilter, Stored, Transaction};
use utoipa::{IntoParams, ToSchema};

/// How many things to do an interaction may leave.
const ACTION_ITEMS_MAX: usize = 50;
/// How long an interaction may take.
const MINUTES_MAX: u16 = 1_440;
/// How far ahead of us another's clock may be.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(10);

/// What one writes of an interaction.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InteractionInput {
    /// The client, who is the same record as a lead.
    pub client_id: ContactId,
    /// The practice of theirs that it was about, if about one.
    #[serde(default)]
    pub practice_id: Option<PracticeId>,
    /// What it was.
    pub interaction_type: InteractionType,
    /// How it came about; as its type does if not given.
    #[serde(default)]
    pub channel: Option<InteractionChannel>,
    /// What it was about, in a line of at most 255 characters.
    #[serde(default)]
    pub subject: Option<String>,
    /// What was said, 10,000 characters at most.
    pub summary: String,
    /// In which mood they were.
    #[serde(default)]
    pub sentiment: Option<Sentiment>,
    /// What somebody has to do now: 50 at most, each a line of at most 500 characters.
    #[serde(default)]
    pub action_items: Vec<String>,
    /// Who of the business took part: the e-mail address of a member, or of anybody.
    #[serde(default)]
    pub team_member: Option<Email>,
    /// How long it took, 1,440 at most.
    #[serde(default)]
    pub duration_minutes: Option<u16>,
    /// When it was; now if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub interaction_date: Option<Timestamp>,
}

/// An interaction as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InteractionView {
    /// The interaction's id.
    pub id: InteractionId,
    /// The client, who is the same record as a lead.
    pub client_id: ContactId,
    /// The practice that it was about.
    pub practice_id: Option<PracticeId>,
    /// What it was.
    pub interaction_type: InteractionType,
    /// How it came about.
    pub channel: Option<InteractionChannel>,
    /// What it was about, in a line.
    pub subject: String,
    /// What was said.
    pub summary: String,
    /// In which mood they were.
    pub sentiment: Option<Sentiment>,
    /// What somebody has to do now.
    pub action_items: Vec<String>,
    /// Who of the business took part.
    pub team_member: Option<Email>,
    /// How long it took.
    pub duration_minutes: Option<u16>,
    /// When it was.
    #[schema(value_type = String)]
    pub interaction_date: Timestamp,
    /// Who made the record, as the audit names them.
    pub created_by: String,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// Which interactions to list: those that fit all that is given.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct InteractionSearch {
    /// Those with this client.
    #[param(value_type = Option<String>)]
    pub client_id: Option<ContactId>,
    /// Those about this practice.
    #[param(value_type = Option<String>)]
    pub practice_id: Option<PracticeId>,
    /// Those of this type.
    #[serde(alias = "type")]
    pub interaction_type: Option<InteractionType>,
    /// Those in which this member took part, by e-mail address.
    #[param(value_type = Option<String>)]
    pub team_member: Option<Email>,
}

impl InteractionSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 4] {
        [
            ("client_id", self.client_id.map(|id| id.to_string())),
            ("practice_id", self.practice_id.map(|id| id.to_string())),
            ("interaction_type", self.interaction_type.map(|kind| kind.as_str().to_owned())),
            ("team_member", self.team_member.as_ref().map(Email::to_string)),
        ]
    }
}

/// How many interactions there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InteractionOverview {
    /// All of them.
    pub total_interactions: i64,
    /// By type; every type is there.
    pub by_type: BTreeMap<InteractionType, i64>,
    /// By channel; every channel is there.
    pub by_channel: BTreeMap<InteractionChannel, i64>,
    /// By mood, of those of which it was noted.
    pub by_sentiment: BTreeMap<String, i64>,
    /// By who of the business took part, by e-mail address in lower case.
    pub by_team_member: BTreeMap<String, i64>,
}

/// Stores what was said. Unless it is a note, the client was last spoken to then.
pub async fn create(ctx: &Context, input: InteractionInput) -> Result<Stored<InteractionView>> {
    ctx.require(Role::Member)?;
    let now = ctx.now();
    let mut interaction =
        Interaction::new(ctx.new_id(), input.client_id, input.interaction_type, ctx.actor.name(), now);
    apply(&mut interaction, input, now)?;
    let view = retrying!(
        async {
            let mut step = ctx.step();
            let client = leads::named(ctx, interaction.contact_id).await?;
            let interaction = Interaction { contact_id: client.id, ..interaction.clone() };
            let view = InteractionView::of(&interaction);
            check_practice(ctx, &interaction).await?;
            spoke(&mut step, &client, &interaction)?;
            step.create(&interaction)?;
            ctx.audited(&mut step, "interaction.created", interaction.id, None, Some(&view))?;
            ctx.remember(&mut step, 201, &view)?;
            ctx.store().commit(step).await?;
            Ok(view)
        }
        .await
    )?;
    Ok(Stored { value: view, version: 1 })
}

/// One interaction.
pub async fn get(ctx: &Context, id: InteractionId) -> Result<Stored<InteractionView>> {
    ctx.require(Role::Viewer)?;
    let interaction = find(ctx, id).await?;
    Ok(Stored { value: InteractionView::of(&interaction), version: interaction.version })
}

/// The interactions that fit, the latest first. A page may be short where few fit several filters.
pub async fn list(
    ctx: &Context,
    search: &InteractionSearch,
    page: &Page,
) -> Result<Listing<InteractionView>> {
    ctx.require(Role::Viewer)?;
    let filter = InteractionFilter {
        contact: search.client_id,
        practice: search.practice_id,
        kind: search.interaction_type,
        team_member: search.team_member.clone(),
    };
    let listing = ctx.store().interactions(&ctx.tenant, &filter, page).await?;
    let items = listing.items.iter().map(|interaction| InteractionView::of(interaction)).collect();
    Ok(Listing { items, next: listing.next })
}

/// How many interactions there are, from counters.
pub async fn overview(ctx: &Context) -> Result<InteractionOverview> {
    ctx.require(Role::Viewer)?;
    Ok(InteractionOverview::of(ctx.store().interaction_figures(&ctx.tenant).await?))
}

/// Changes the fields that the merge patch names. `expected` is the version that the caller saw, if they care.
pub async fn update(
    ctx: &Context,
    id: InteractionId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<InteractionView>> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            let mut input = merge_patch(&InteractionInput::of(&old), patch)?;
            // A client who is gone keeps what was said.
            if input.client_id != old.contact_id {
                input.client_id = leads::named(ctx, input.client_id).await?.id;
            }
            let mut interaction = old.value.clone();
            apply(&mut interaction, input, ctx.now())?;
            if (interaction.practice_id, interaction.contact_id) != (old.practice_id, old.contact_id) {
                check_practice(ctx, &interaction).await?;
            }
            let view = InteractionView::of(&interaction);
            let mut step = ctx.step();
            step.replace(&old, &interaction)?;
            let was = InteractionView::of(&old);
            ctx.audited(&mut step, "interaction.updated", id, Some(&was), Some(&view))?;
            ctx.store().commit(step).await?;
            Ok(Stored { value: view, version: old.version + 1 })
        }
        .await
    )
}

/// Deletes an interaction.
pub async fn delete(ctx: &Context, id: InteractionId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Member)?;
    deleting::delete::<Interaction, _>(ctx, &id, expected, "interaction", InteractionView::of).await
}

async fn find(ctx: &Context, id: InteractionId) -> Result<Stored<Interaction>> {
    ctx.store().get::<Interaction>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("interaction"))
}

/// Notes that the client was spoken to, if that is the latest that is known.
fn spoke(step: &mut Transaction, client: &Stored<Contact>, interaction: &Interaction) -> Result<()> {
    let is_latest = client.last_contact_at.is_none_or(|last| last < interaction.at);
    if interaction.kind.is_contact() && is_latest {
        let mut spoken_to = client.value.clone();
        spoken_to.last_contact_at = Some(interaction.at);
        step.replace(client, &spoken_to)?;
    }
    Ok(())
}

/// Whether the practice is the client's.
async fn check_practice(ctx: &Context, interaction: &Interaction) -> Result<()> {
    let Some(id) = interaction.practice_id else { return Ok(()) };
    if practices::find(ctx, id).await?.contact_id == interaction.contact_id {
        return Ok(());
    }
    Err(Invalid::at("/practice_id", "is a practice of another client").into())
}

/// Checks what was written and makes it the interaction's.
fn apply(interaction: &mut Interaction, input: InteractionInput, now: Timestamp) -> Result<()> {
    let at = input.interaction_date.unwrap_or(interaction.at);
    if at > now + AHEAD_MAX {
        return Err(Invalid::at("/interaction_date", "must not be in the future").into());
    }
    if input.duration_minutes.is_some_and(|minutes| minutes > MINUTES_MAX) {
        return Err(Invalid::at("/duration_minutes", format!("must be at most {MINUTES_MAX}")).into());
    }
    if input.action_items.len() > ACTION_ITEMS_MAX {
        return Err(Invalid::at("/action_items", format!("must be at most {ACTION_ITEMS_MAX}")).into());
    }
    let mut action_items = Vec::with_capacity(input.action_items.len());
    for (n, item) in input.action_items.iter().enumerate() {
        action_items.push(text::line(item, 500).map_err(|e| e.within(&format!("/action_items/{n}")))?);
    }
    let subject = input.subject.unwrap_or_default();
    if input.summary.trim().is_empty() {
        return Err(Invalid::at("/summary", "must not be empty").into());
    }
    interaction.subject = match subject.trim() {
        "" => String::new(),
        subject => text::line(subject, 255).map_err(|e| e.within("/subject"))?,
    };
    interaction.summary = text::prose(&input.summary, 10_000).map_err(|e| e.within("/summary"))?;
    interaction.contact_id = input.client_id;
    interaction.practice_id = input.practice_id;
    interaction.kind = input.interaction_type;
    interaction.channel = input.channel.or(input.interaction_type.channel());
    interaction.sentiment = input.sentiment;
    interaction.action_items = action_items;
    interaction.team_member = input.team_member;
    interaction.duration_minutes = input.duration_minutes;
    interaction.at = at;
    interaction.updated_at = now;
    Ok(())
}

impl InteractionInput {
    fn of(interaction: &Interaction) -> Self {
        Self {
            client_id: interaction.contact_id,
            practice_id: interaction.practice_id,
            interaction_type: interaction.kind,
            channel: interaction.channel,
            subject: Some(interaction.subject.clone()),
            summary: interaction.summary.clone(),
            sentiment: interaction.sentiment,
            action_items: interaction.action_items.clone(),
            team_member: interaction.team_member.clone(),
            duration_minutes: interaction.duration_minutes,
            interaction_date: Some(interaction.at),
        }
    }
}

impl InteractionView {
    pub(crate) fn of(interaction: &Interaction) -> Self {
        Self {
            id: interaction.id,
            client_id: interaction.contact_id,
            practice_id: interaction.practice_id,
            interaction_type: interaction.kind,
            channel: interaction.channel,
            subject: interaction.subject.clone(),
            summary: interaction.summary.clone(),
            sentiment: interaction.sentiment,
            action_items: interaction.action_items.clone(),
            team_member: interaction.team_member.clone(),
            duration_minutes: interaction.duration_minutes,
            interaction_date: interaction.at,
            created_by: interaction.created_by.clone(),
            created_at: interaction.created_at,
            updated_at: interaction.updated_at,
        }
    }
}

impl InteractionOverview {
    fn of(figures: InteractionFigures) -> Self {
        let of = |group: &BTreeMap<String, i64>, word: &str| group.get(word).copied().unwrap_or_default();
        Self {
            total_interactions: figures.total,
            by_type: InteractionType::ALL.map(|kind| (kind, of(&figures.by_type, kind.as_str()))).into(),
            by_channel: InteractionChannel::ALL
                .map(|channel| (channel, of(&figures.by_channel, channel.as_str())))
                .into(),
            by_sentiment: figures.by_sentiment,
            by_team_member: figures.by_member,
        }
    }
}
