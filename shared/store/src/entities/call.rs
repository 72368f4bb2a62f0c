//! Calls, what was said in them, and what was read in that.

use super::campaign::{calls_of_campaign, held_calls_of_campaign, open_calls_of_campaign};
use crate::Store;
use crate::entity::{Entity, OPEN, Row, Stored, newest_first, oldest_first};
use crate::error::Result;
use crate::item::{decode, text_in};
use crate::key::{Key, partition};
use crate::read::{Listing, Page, Stretch};
use contracts::Job;
use domain::action::Card;
use domain::analysis::{Analysis, ProviderNotes, Reading};
use domain::call::{Call, CallStatus, Priority};
use domain::context::Packet;
use domain::{AgentId, AttemptId, CallId, CampaignId, ContactId, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The list of all calls, newest first.
const CALLS: &str = "call";
/// The list of the calls that are not over, in the order in which they came.
const OPEN_CALLS: &str = "call#open";
/// The list of one lead's calls, newest first.
pub(super) fn calls_of_lead(lead: ContactId) -> String {
    format!("call#lead#{lead}")
}

/// Whose lines a tenant's calls use.
pub const VOICE_ACCOUNT: &str = "elevenlabs";

/// The list of the calls that wait, the first to be ready first.
pub fn ready_list(priority: Priority) -> String {
    format!("call#ready#{}", priority.as_str())
}

impl Entity for Call {
    const KIND: &'static str = "call";
    type Id = CallId;

    fn key_of(tenant: &TenantId, id: &CallId) -> Key {
        Key::of(tenant, format_args!("CAL#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let newest = newest_first(self.created_at, self.id);
        let counted = |dimension: String| Row::Counted { stat: "call", dimension };
        let mut rows = vec![
            Row::Listed { list: CALLS.to_owned(), sort: newest.clone() },
            Row::Listed { list: calls_of_lead(self.contact_id), sort: newest.clone() },
            counted("all".to_owned()),
            counted(format!("status#{}", self.status.as_str())),
        ];
        let oldest = oldest_first(self.created_at, self.id);
        if let Some(campaign) = self.campaign_id {
            rows.push(Row::Listed { list: calls_of_campaign(campaign), sort: newest });
            let dimension = format!("{campaign}#{}", self.status.as_str());
            rows.push(Row::Counted { stat: CALLS_BY_CAMPAIGN, dimension });
        }
        if !self.status.is_final() {
            let (contact, sort) = (self.contact_id, format!("CAL#{}", self.id));
            rows.push(Row::AtContact { contact, section: OPEN, sort, card: Card::of_call(self) });
            let listed = |list| Row::Listed { list, sort: oldest.clone() };
            rows.push(listed(OPEN_CALLS.to_owned()));
            rows.extend(self.campaign_id.map(|campaign| listed(open_calls_of_campaign(campaign))));
            rows.extend(
                self.campaign_id
                    .filter(|_| self.held)
                    .map(|campaign| listed(held_calls_of_campaign(campaign))),
            );
        }
        if self.status == CallStatus::Queued && !self.held {
            let sort = oldest_first(self.ready_at, self.id);
            rows.push(Row::Listed { list: ready_list(self.priority), sort });
        }
        if let (Some(at), Some(attempt)) = (self.check_at, self.current_attempt()) {
            rows.push(Row::Timer { at, job: Job::ReconcileCall { attempt } });
        }
        if let Some(slot) = self.slot {
            rows.push(Row::Slot {
                account: VOICE_ACCOUNT,
                number: slot.number,
                owner: self.id.to_string(),
                until: slot.lease_until,
            });
        }
        rows.extend(super::figures::of_call(self));
        for conversation in self.attempts.iter().filter_map(|attempt| attempt.conversation_id.as_ref()) {
            let value = conversation.clone();
            rows.push(Row::Claim { name: CONVERSATION, value, owner: self.id.to_string() });
        }
        rows
    }
}

const CONVERSATION: &str = "call#conversation";
const CALLS_BY_CAMPAIGN: &str = "campaign_call";

/// A call with what was said and read in it; one query.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// The call.
    pub call: Stored<Call>,
    /// What was said, by attempt.
    pub transcripts: Vec<Transcript>,
    /// What was read in it, by attempt.
    pub analyses: Vec<Analysis>,
}

/// Which calls are looked for: those that all given fields fit.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallFilter {
    /// The lead.
    pub lead: Option<ContactId>,
    /// The campaign.
    pub campaign: Option<CampaignId>,
    /// Who speaks.
    pub agent: Option<AgentId>,
    /// Where they stand.
    pub status: Option<CallStatus>,
}

impl CallFilter {
    /// The list that is likely to be the shortest.
    fn leading_list(&self) -> String {
        let is_open = self.status.is_some_and(|status| !status.is_final());
        match (self.lead, self.campaign) {
            (Some(lead), _) => calls_of_lead(lead),
            (None, Some(campaign)) if is_open => open_calls_of_campaign(campaign),
            (None, Some(campaign)) => calls_of_campaign(campaign),
            (None, None) if is_open => OPEN_CALLS.to_owned(),
            (None, None) => CALLS.to_owned(),
        }
    }

    fn fits(&self, call: &Call) -> bool {
        self.lead.is_none_or(|lead| call.contact_id == lead)
            && self.campaign.is_none_or(|campaign| call.campaign_id == Some(campaign))
            && self.agent.is_none_or(|agent| call.agent_id == Some(agent))
            && self.status.is_none_or(|status| call.status == status)
    }
}

impl Store {
    /// The calls that fit. One of the fields leads: its list is read, and the others are checked on the records.
    pub async fn calls(
        &self,
        tenant: &TenantId,
        filter: &CallFilter,
        page: &Page,
    ) -> Result<Listing<Stored<Call>>> {
        let stretch = Stretch::of_list(tenant, &filter.leading_list());
        self.walk(stretch, page, |_| true, |call| filter.fits(call)).await
    }

    /// A call with its transcripts and analyses.
    pub async fn call(&self, tenant: &TenantId, id: CallId) -> Result<Option<CallRecord>> {
        let mut stretch = Stretch::of(partition(tenant, format_args!("CAL#{id}")), 100);
        // What the agent was told, and pieces of analyses, lie behind.
        stretch.up_to = Some("T~".to_owned());
        let now = self.clock.now();
        let (mut call, mut transcripts, mut analyses) = (None, Vec::new(), Vec::new());
        for item in self.stretch(&stretch).await? {
            match text_in(&item, "sk").unwrap_or_default().split('#').next() {
                Some("0") => call = decode::<Call>(item, now)?,
                Some("T") => transcripts.extend(decode::<Transcript>(item, now)?.map(|stored| stored.value)),
                Some("A") => {
                    analyses.extend(decode::<AnalysisRecord>(item, now)?.map(|stored| stored.value.analysis));
                }
                _ => {}
            }
        }
        Ok(call.map(|call| CallRecord { call, transcripts, analyses }))
    }

    /// How many calls of a campaign are in which status.
    pub async fn campaign_calls(
        &self,
        tenant: &TenantId,
        campaign: CampaignId,
    ) -> Result<BTreeMap<CallStatus, i64>> {
        let counts = self.counts_of(tenant, CALLS_BY_CAMPAIGN, &format!("{campaign}#")).await?;
        let status = |dimension: &str| {
            let name = dimension.split('#').nth(1)?;
            CallStatus::ALL.into_iter().find(|status| status.as_str() == name)
        };
        Ok(counts.iter().filter_map(|(dimension, count)| Some((status(dimension)?, *count))).collect())
    }

    /// What the agent was told in an attempt of a call, or in the last one that has got so far.
    pub async fn call_context(
        &self,
        tenant: &TenantId,
        call: CallId,
        attempt: Option<u32>,
    ) -> Result<Option<ContextRecord>> {
        if let Some(number) = attempt {
            let stored = self.get::<ContextRecord>(tenant, &AttemptId { call, number }).await?;
            return Ok(stored.map(|stored| stored.value));
        }
        let mut stretch = Stretch::of(partition(tenant, format_args!("CAL#{call}")), 1);
        "X#".clone_into(&mut stretch.prefix);
        stretch.backwards = true;
        let last = self.stretch(&stretch).await?.into_iter().next();
        let last = last.map(|item| decode::<ContextRecord>(item, self.clock.now())).transpose()?.flatten();
        Ok(last.map(|stored| stored.value))
    }

    /// The call that a provider's conversation belongs to.
    pub async fn call_of_conversation(
        &self,
        tenant: &TenantId,
        conversation: &str,
    ) -> Result<Option<CallId>> {
        self.owner(tenant, CONVERSATION, conversation).await
    }

    /// The calls of one priority that are ready by `until`, at most `limit`, and when the next one is.
    pub async fn ready_calls(
        &self,
        tenant: &TenantId,
        priority: Priority,
        until: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Stored<Call>>, Option<Timestamp>)> {
        let list = partition(tenant, format_args!("LIST#{}", ready_list(priority)));
        let rows = self.stretch(&Stretch::of(list, limit + 1)).await?;
        let ready_at =
            |row: &crate::entity::Item| text_in(row, "sk")?.split('#').next()?.parse::<Timestamp>().ok();
        let (due, later): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| ready_at(row).is_none_or(|at| at <= until));
        let next = later.first().and_then(ready_at).or_else(|| due.get(limit).and_then(ready_at));
        let keys = due.iter().take(limit).filter_map(|row| {
            Some(Key { pk: text_in(row, "at")?.to_owned(), sk: text_in(row, "at_sk")?.to_owned() })
        });
        let now = self.clock.now();
        let calls = self.batch(keys.collect()).await?;
        let calls =
            calls.into_iter().filter_map(|item| decode(item, now).transpose()).collect::<Result<_>>()?;
        Ok((calls, next))
    }

    /// The lines of a provider account that somebody holds.
    pub async fn slots(&self, tenant: &TenantId, account: &str) -> Result<Vec<SlotRow>> {
        let lines = partition(tenant, format_args!("SLOT#{account}"));
        let rows = self.stretch(&Stretch::of(lines, 1_000)).await?;
        let slots = rows.iter().filter_map(|row| {
            let number = text_in(row, "sk")?.parse().ok()?;
            Some(SlotRow { number, until: text_in(row, "until")?.parse().ok()? })
        });
        Ok(slots.collect())
    }
}

/// A line that somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotRow {
    /// Counts from 0.
    pub number: u32,
    /// Until when.
    pub until: Timestamp,
}

/// What was said in one attempt, compressed beside the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Compressed", try_from = "Compressed")]
pub struct Transcript {
    /// The attempt.
    pub attempt: AttemptId,
    /// The turns, in order.
    pub turns: Vec<TranscriptTurn>,
    /// How many turns in the middle are not kept, because there were too many.
    pub turns_left_out: u32,
    /// What the provider's own model noted about it.
    pub notes: ProviderNotes,
}

/// How many characters of packed turns one item takes, with room for the notes.
const PACKED_MAX: usize = 280_000;

impl Transcript {
    /// The transcript within what one item takes: of one that is too long, turns in the middle are left out.
    #[must_use]
    pub fn fitted(mut self) -> Self {
        while self.turns.len() > 2 && pack(&self.turns).len() > PACKED_MAX {
            let quarter = (self.turns.len() / 4).max(1);
            let middle = quarter..self.turns.len() - quarter;
            self.turns_left_out =
                self.turns_left_out.saturating_add(u32::try_from(middle.len()).unwrap_or(u32::MAX));
            self.turns.drain(middle);
        }
        self
    }
}

fn pack<T: Serialize>(value: &T) -> String {
    super::event::compress(&serde_json::to_vec(value).unwrap_or_default())
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptTurn {
    /// `agent` or `user`, as the provider names them.
    pub role: String,
    /// What was said.
    pub message: String,
    /// When, in seconds from the beginning.
    pub at_secs: u64,
}

#[derive(Serialize, Deserialize)]
struct Compressed {
    attempt: AttemptId,
    gzip: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turns_left_out: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

impl From<Transcript> for Compressed {
    fn from(transcript: Transcript) -> Self {
        let Transcript { attempt, turns, turns_left_out, notes } = transcript;
        let notes = (notes != ProviderNotes::default()).then(|| pack(&notes));
        Self {
            attempt,
            gzip: pack(&turns),
            turns_left_out: Some(turns_left_out).filter(|left| *left > 0),
            notes,
        }
    }
}

impl TryFrom<Compressed> for Transcript {
    type Error = String;
    fn try_from(stored: Compressed) -> std::result::Result<Self, String> {
        let unpack = |packed: &str| super::event::decompress(packed).ok_or("the transcript is damaged");
        let turns = serde_json::from_slice(&unpack(&stored.gzip)?).map_err(|e| e.to_string())?;
        let notes = match &stored.notes {
            Some(notes) => serde_json::from_slice(&unpack(notes)?).map_err(|e| e.to_string())?,
            None => ProviderNotes::default(),
        };
        Ok(Self {
            attempt: stored.attempt,
            turns,
            turns_left_out: stored.turns_left_out.unwrap_or_default(),
            notes,
        })
    }
}

fn beside(tenant: &TenantId, letter: char, attempt: &AttemptId) -> Key {
    Key::of(tenant, format_args!("CAL#{}", attempt.call), format!("{letter}#{:05}", attempt.number))
}

impl Entity for Transcript {
    const KIND: &'static str = "transcript";
    type Id = AttemptId;

    fn key_of(tenant: &TenantId, id: &AttemptId) -> Key {
        beside(tenant, 'T', id)
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.attempt)
    }
}

/// What a model read in one attempt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnalysisRecord {
    /// The call.
    pub call: CallId,
    /// The analysis.
    #[serde(flatten)]
    pub analysis: Analysis,
}

impl Entity for AnalysisRecord {
    const KIND: &'static str = "analysis";
    type Id = AttemptId;

    fn key_of(tenant: &TenantId, id: &AttemptId) -> Key {
        beside(tenant, 'A', id)
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &AttemptId { call: self.call, number: self.analysis.attempt })
    }
}

/// What a model read in one piece of a long transcript: kept until all pieces are read, so that a job that comes
/// again does not pay for it twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PieceRecord {
    /// The attempt.
    pub attempt: AttemptId,
    /// Which piece, from 0.
    pub piece: u32,
    /// Of how many turns it is, so that another cut of the transcript is not mistaken for this one.
    pub turns: u32,
    /// What was read.
    pub reading: Reading,
    /// The model that read it.
    pub model: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// When.
    pub at: Timestamp,
}

/// How long a piece's reading is kept: longer than its job is delivered.
const PIECE_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Entity for PieceRecord {
    const KIND: &'static str = "analysis_piece";
    type Id = (AttemptId, u32);

    fn key_of(tenant: &TenantId, (attempt, piece): &(AttemptId, u32)) -> Key {
        let place = format!("Y#{:05}#{piece:02}", attempt.number);
        Key::of(tenant, format_args!("CAL#{}", attempt.call), place)
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.attempt, self.piece))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.at + PIECE_KEPT)
    }
}

/// What the agent was told for one attempt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContextRecord {
    /// The attempt.
    pub attempt: AttemptId,
    /// What it was told.
    pub packet: Packet,
}

impl Entity for ContextRecord {
    const KIND: &'static str = "context";
    type Id = AttemptId;

    fn key_of(tenant: &TenantId, id: &AttemptId) -> Key {
        beside(tenant, 'X', id)
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.attempt)
    }
}
