//! Interactions, and finding them.

use crate::Store;
use crate::entity::{Entity, Row, Stored, newest_first};
use crate::error::Result;
use crate::key::Key;
use crate::read::{Listing, Page, Stretch};
use domain::interaction::{Interaction, InteractionType};
use domain::{ContactId, Email, InteractionId, PracticeId, TenantId};
use std::collections::BTreeMap;

/// The list of all interactions, the latest first.
pub const INTERACTIONS: &str = "interaction";
/// What is counted of them.
const STAT: &str = "interaction";

fn part(by: &str, value: impl std::fmt::Display) -> String {
    format!("{INTERACTIONS}#{by}#{value}")
}

/// A conversation is noted once.
const CONVERSATION: &str = "interaction#conversation";

/// The list of the interactions with a client, the latest first.
pub(super) fn interactions_with(contact: ContactId) -> String {
    part("client", contact)
}

/// The list of the interactions about a practice, the latest first.
pub(super) fn interactions_about(practice: PracticeId) -> String {
    part("practice", practice)
}

impl Entity for Interaction {
    const KIND: &'static str = "interaction";
    type Id = InteractionId;

    fn key_of(tenant: &TenantId, id: &InteractionId) -> Key {
        Key::of(tenant, format_args!("INT#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let sort = newest_first(self.at, self.id);
        let listed = |list: String| Row::Listed { list, sort: sort.clone() };
        let counted = |dimension: String| Row::Counted { stat: STAT, dimension };
        let member = self.team_member.as_ref().map(Email::canonical);
        let mut rows = vec![
            listed(INTERACTIONS.to_owned()),
            listed(interactions_with(self.contact_id)),
            listed(part("type", self.kind.as_str())),
            counted("all".to_owned()),
            counted(format!("type#{}", self.kind.as_str())),
        ];
        rows.extend(self.conversation.as_ref().map(|id| Row::Claim {
            name: CONVERSATION,
            value: id.clone(),
            owner: self.id.to_string(),
        }));
        rows.extend(self.practice_id.map(|practice| listed(interactions_about(practice))));
        rows.extend(self.channel.map(|channel| counted(format!("channel#{}", channel.as_str()))));
        rows.extend(self.sentiment.map(|mood| counted(format!("sentiment#{}", mood.as_str()))));
        rows.extend(member.iter().map(|member| listed(part("member", member))));
        rows.extend(member.map(|member| counted(format!("member#{member}"))));
        rows
    }
}

/// Which interactions are looked for: those that all given fields fit.
#[derive(Debug, Clone, Default)]
pub struct InteractionFilter {
    /// With whom.
    pub contact: Option<ContactId>,
    /// About which practice.
    pub practice: Option<PracticeId>,
    /// What they were.
    pub kind: Option<InteractionType>,
    /// Who of the business took part.
    pub team_member: Option<Email>,
}

impl InteractionFilter {
    /// The list that is likely to be the shortest.
    fn leading_list(&self) -> String {
        let practice = self.practice.map(interactions_about);
        let client = || self.contact.map(interactions_with);
        let member = || self.team_member.as_ref().map(|member| part("member", member.canonical()));
        let kind = || self.kind.map(|kind| part("type", kind.as_str()));
        practice.or_else(client).or_else(member).or_else(kind).unwrap_or_else(|| INTERACTIONS.to_owned())
    }

    fn fits(&self, interaction: &Interaction) -> bool {
        self.contact.is_none_or(|contact| interaction.contact_id == contact)
            && self.practice.is_none_or(|practice| interaction.practice_id == Some(practice))
            && self.kind.is_none_or(|kind| interaction.kind == kind)
            && self.team_member.as_ref().is_none_or(|who| interaction.team_member.as_ref() == Some(who))
    }
}

/// How many interactions there are, by what was noted of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InteractionFigures {
    /// All of them.
    pub total: i64,
    /// By type.
    pub by_type: BTreeMap<String, i64>,
    /// By channel.
    pub by_channel: BTreeMap<String, i64>,
    /// By mood.
    pub by_sentiment: BTreeMap<String, i64>,
    /// By who of the business took part.
    pub by_member: BTreeMap<String, i64>,
}

impl Store {
    /// The interactions that fit, the latest first. One of the fields leads: its list is read, and the others are checked
    /// on the records.
    pub async fn interactions(
        &self,
        tenant: &TenantId,
        filter: &InteractionFilter,
        page: &Page,
    ) -> Result<Listing<Stored<Interaction>>> {
        let stretch = Stretch::of_list(tenant, &filter.leading_list());
        self.walk(stretch, page, |_| true, |interaction| filter.fits(interaction)).await
    }

    /// What notes a conversation.
    pub async fn interaction_of(
        &self,
        tenant: &TenantId,
        conversation: &str,
    ) -> Result<Option<Stored<Interaction>>> {
        match self.owner(tenant, CONVERSATION, conversation).await? {
            Some(id) => self.get(tenant, &id).await,
            None => Ok(None),
        }
    }

    /// How many interactions there were with a contact, `most` at most: one query of rows.
    pub async fn count_interactions(
        &self,
        tenant: &TenantId,
        contact: ContactId,
        most: usize,
    ) -> Result<usize> {
        let list = Stretch::of_list(tenant, &interactions_with(contact));
        Ok(self.stretch(&Stretch { limit: most, ..list }).await?.len())
    }

    /// How many interactions there are, from counters.
    pub async fn interaction_figures(&self, tenant: &TenantId) -> Result<InteractionFigures> {
        let mut figures = InteractionFigures::default();
        for (dimension, n) in self.counts(tenant, STAT).await? {
            let (kind, of) = dimension.split_once('#').unwrap_or((&dimension, ""));
            let group = match kind {
                "type" => &mut figures.by_type,
                "channel" => &mut figures.by_channel,
                "sentiment" => &mut figures.by_sentiment,
                "member" => &mut figures.by_member,
                _ => {
                    figures.total += n;
                    continue;
                }
            };
            group.insert(of.to_owned(), n);
        }
        Ok(figures)
    }
}
