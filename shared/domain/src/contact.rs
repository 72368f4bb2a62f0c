//! A person, whatever a document calls them: lead, customer, client, contact.

mod alike;
mod filled;
mod judged;
mod merged;
mod standing;

pub use alike::Likeness;
pub use judged::{Judged, Judgement};
pub use merged::Aliases;
pub use standing::{ClientStatus, MOVES_KEPT, Move, Standing, split_name};

use crate::campaign::Campaign;
use crate::conversion::{Chat, Talk};
use crate::import::ImportPlace;
use crate::provenance::{Author, Provenance};
use crate::zone::{ZoneName, zones_of};
use crate::{AgentId, CallId, CampaignId, ContactId, Email, Invalid, Money, Phone};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One person's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// The record's id.
    pub id: ContactId,
    /// What the person states, or others state about them.
    #[serde(flatten)]
    pub details: Details,
    /// Where the person stands in the sale.
    pub status: LeadStatus,
    /// Where the person stands as a client.
    #[serde(default)]
    pub client_status: ClientStatus,
    /// Their last moves from one standing to another, the last one last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<Move>,
    /// How promising the lead is, 0 to 100.
    pub score: u8,
    /// What people and rules of ours decided about the two, on which evidence from calls builds.
    #[serde(default, skip_serializing_if = "Judgement::is_empty")]
    pub judged: Judgement,
    /// What the person said yes or no to, by channel.
    #[serde(default)]
    pub consent: BTreeMap<Channel, Consent>,
    /// Channels on which the person is not to be contacted again.
    #[serde(default)]
    pub suppression: BTreeMap<Channel, Suppression>,
    /// When we contacted the person of our own accord in the last eight days, oldest first.
    #[serde(default)]
    pub touches: Vec<Timestamp>,
    /// The call that the person is on, so that no second one rings meanwhile.
    #[serde(default)]
    pub on_call: Option<OnCall>,
    /// The agent that speaks with them in their campaign.
    #[serde(default)]
    pub agent_id: Option<AgentId>,
    /// The campaign that has made a call for them.
    #[serde(default)]
    pub enrolled: Option<CampaignId>,
    /// The id by which WhatsApp knows them within this business, also where they show no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whatsapp_user_id: Option<String>,
    /// Numbers and addresses that reach them too, or reached them once.
    #[serde(default, skip_serializing_if = "Aliases::is_empty")]
    pub aliases: Aliases,
    /// When they last wrote in a chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_chat: Option<Chat>,
    /// The chat after which they became a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted_by_chat: Option<Chat>,
    /// The file that wrote them last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<ImportPlace>,
    /// Who wrote each field.
    #[serde(default)]
    pub provenance: BTreeMap<String, Provenance>,
    /// When we last spoke.
    pub last_contact_at: Option<Timestamp>,
    /// When we mean to speak next.
    pub next_follow_up_at: Option<Timestamp>,
    /// The last talk that an agent of ours had with them.
    #[serde(default)]
    pub last_talk: Option<Talk>,
    /// The talk after which they became a customer.
    #[serde(default)]
    pub converted_by: Option<Talk>,
    /// The business's own day on which the record was made, and under which it counts.
    #[serde(default)]
    pub created_on: Option<Date>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The fields that people fill in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Where e-mail reaches them.
    pub email: Option<Email>,
    /// Where calls reach them.
    pub phone: Option<Phone>,
    /// Whom they work for.
    pub company: String,
    /// What they do there.
    pub position: String,
    /// Of which nationality they are, as it was written.
    pub nationality: String,
    /// Where they live.
    pub address: String,
    /// Where the lead came from, such as `website`.
    pub source: String,
    /// The campaign it belongs to.
    pub campaign_id: Option<CampaignId>,
    /// Who looks after it: a member's address, or anybody's.
    pub assignee: Option<Email>,
    /// The zone they live in, where it is known.
    pub timezone: Option<ZoneName>,
    /// Free labels.
    pub tags: Vec<String>,
    /// How they like to be treated.
    pub preferences: BTreeMap<String, Value>,
    /// What people noted.
    pub notes: String,
    /// The business's own fields.
    pub custom_fields: BTreeMap<String, Value>,
    /// What they bought for, or are expected to.
    pub value: Option<Money>,
}

/// Where a lead stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeadStatus {
    /// Nobody has spoken with them.
    #[default]
    New,
    /// Somebody has.
    Contacted,
    /// They fit, and have an interest.
    Qualified,
    /// They want it now.
    Hot,
    /// They bought.
    Customer,
    /// They will not buy.
    Lost,
}

impl LeadStatus {
    /// Every status, in the order of the sale.
    pub const ALL: [Self; 6] =
        [Self::New, Self::Contacted, Self::Qualified, Self::Hot, Self::Customer, Self::Lost];

    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Contacted => "contacted",
            Self::Qualified => "qualified",
            Self::Hot => "hot",
            Self::Customer => "customer",
            Self::Lost => "lost",
        }
    }

    /// Whether a model's reading of a call may move a lead from here to `next`: forward along the sale (or to
    /// lost), and never away from a judgement that a person made (`set_by_person`). `new` and `contacted` are no
    /// judgements but say what has happened.
    pub fn may_become(self, next: Self, set_by_person: bool) -> bool {
        let judged = set_by_person && !matches!(self, Self::New | Self::Contacted);
        let settled = matches!(self, Self::Customer | Self::Lost);
        !judged && !settled && next > self && next != Self::Customer
    }
}

/// A way to reach a person.
///
/// It reads as a text, not as a variant, so that an error inside a map of channels can name the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum Channel {
    /// Telephone calls.
    Voice,
    /// WhatsApp messages.
    Whatsapp,
    /// Text messages.
    Sms,
    /// E-mail.
    Email,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Voice, Self::Whatsapp, Self::Sms, Self::Email];

    /// The channel as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }
}

impl TryFrom<String> for Channel {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|channel| channel.as_str() == text);
        known.ok_or_else(|| Invalid::new("is not a channel: voice, whatsapp, sms or email is expected"))
    }
}

/// A person's yes or no to being contacted by us on a channel, and how we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Yes or no.
    pub granted: bool,
    /// On what ground, such as `opt_in` or `existing_customer`.
    #[serde(default)]
    pub basis: String,
    /// Where it was given, such as `web_form`.
    #[serde(default)]
    pub source: String,
    /// When it was given; when it was recorded, if that was not said.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub at: Option<Timestamp>,
}

/// A door that stays shut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Suppression {
    /// Why.
    pub reason: String,
    /// Since when.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub at: Timestamp,
    /// Who shut it.
    pub by: Author,
}

impl Suppression {
    /// The reason of a door that is shut because the number is somebody else's: another number opens it.
    pub const WRONG_NUMBER: &str = "wrong_number";
}

/// A call that a person is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCall {
    /// The call.
    pub call: CallId,
    /// When it is over at the latest.
    pub until: Timestamp,
}

/// How long a contact counts towards the pressure caps, with a day to spare.
const TOUCHES_KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);

impl Contact {
    /// A new record with these details.
    pub fn new(id: ContactId, details: Details, author: Author, now: Timestamp) -> Self {
        let mut contact = Self {
            id,
            details: Details::default(),
            status: LeadStatus::New,
            client_status: ClientStatus::Prospect,
            moves: Vec::new(),
            score: 0,
            judged: Judgement::default(),
            consent: BTreeMap::new(),
            suppression: BTreeMap::new(),
            touches: Vec::new(),
            on_call: None,
            agent_id: None,
            enrolled: None,
            whatsapp_user_id: None,
            aliases: Aliases::default(),
            last_chat: None,
            converted_by_chat: None,
            imported: None,
            provenance: BTreeMap::new(),
            last_contact_at: None,
            next_follow_up_at: None,
            last_talk: None,
            converted_by: None,
            created_on: None,
            created_at: now,
            updated_at: now,
        };
        contact.set_details(details, author, now);
        contact
    }

    /// Replaces the details; a field whose value is another one now is `author`'s from now on.
    pub fn set_details(&mut self, details: Details, author: Author, now: Timestamp) {
        let (before, after) = (fields(&self.details), fields(&details));
        // A field that was emptied is its emptier's: nobody less trusted fills it again.
        for name in before.keys().chain(after.keys()) {
            if before.get(name) != after.get(name) {
                self.provenance.insert(name.clone(), Provenance::new(author, now));
            }
        }
        if self.details.campaign_id != details.campaign_id {
            self.agent_id = None;
        }
        let (before, after) = (&self.details.custom_fields, &details.custom_fields);
        for name in before.keys().chain(after.keys()) {
            if before.get(name) != after.get(name) {
                let provenance = Provenance::new(author, now);
                self.provenance.insert(filled::custom_field(name), provenance);
            }
        }
        if self.details.phone != details.phone {
            self.suppression.retain(|_, door| door.reason != Suppression::WRONG_NUMBER);
        }
        self.aliases.exchange(&self.details, &details);
        self.details = details;
        self.updated_at = now;
    }

    /// Whether a campaign may take the lead because of its source: it belongs to none, and nobody took it out of
    /// one.
    pub fn is_free(&self) -> bool {
        self.details.campaign_id.is_none()
            && !self.details.source.is_empty()
            && !self.provenance.contains_key("campaign_id")
    }

    /// Makes the lead one of a campaign's, by the rule of its source unless somebody named the campaign, with the
    /// agent that speaks with it there.
    pub fn join(&mut self, campaign: &Campaign, now: Timestamp) {
        if self.details.campaign_id != Some(campaign.id) {
            let details = Details { campaign_id: Some(campaign.id), ..self.details.clone() };
            self.set_details(details, Author::System, now);
        }
        self.agent_id = campaign.agent_of(self);
    }

    /// The person's name as one would say it; empty when unknown.
    pub fn name(&self) -> String {
        let parts = [self.details.first_name.as_str(), self.details.last_name.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The zones that the person may be in: their own if known, else all those of their number's country.
    /// Empty means unknown, and an unknown zone permits no call.
    pub fn zones(&self) -> Vec<ZoneName> {
        if let Some(zone) = &self.details.timezone {
            return vec![zone.clone()];
        }
        let countries = self.details.phone.as_ref().map(Phone::countries).unwrap_or_default();
        countries.into_iter().flat_map(zones_of).collect()
    }

    /// The clock by which the person reads an instant: that of the first of their zones, else UTC.
    pub fn clock(&self) -> TimeZone {
        self.zones().first().map_or(TimeZone::UTC, ZoneName::time_zone)
    }

    /// Notes that we contacted the person of our own accord.
    pub fn touch(&mut self, now: Timestamp) {
        self.touches.retain(|at| now.duration_since(*at) < TOUCHES_KEPT);
        self.touches.push(now);
    }

    /// Notes that a contact noted at `at` did not come about.
    pub fn untouch(&mut self, at: Timestamp) {
        self.touches.retain(|touch| *touch != at);
    }

    /// Notes that a call is over.
    pub fn hang_up(&mut self, call: CallId) {
        self.on_call = self.on_call.filter(|on_call| on_call.call != call);
    }

    /// How often we contacted the person of our own accord in the `hours` before `now`.
    pub fn touches_within(&self, hours: i64, now: Timestamp) -> usize {
        let period = SignedDuration::from_hours(hours);
        self.touches.iter().filter(|at| now.duration_since(**at) < period).count()
    }

    /// Shuts a channel; an older reason stays.
    pub fn suppress(&mut self, channel: Channel, reason: &str, by: Author, now: Timestamp) {
        self.suppression.entry(channel).or_insert_with(|| Suppression {
            reason: reason.to_owned(),
            at: now,
            by,
        });
        self.updated_at = now;
    }

    /// Shuts what is shut already to whoever has their number or address; an older reason stays.
    pub fn keep_shut(&mut self, doors: BTreeMap<Channel, Suppression>) {
        for (channel, door) in doors {
            self.suppression.entry(channel).or_insert(door);
        }
    }

    /// Notes a yes or no that the person gave on a channel, unless it was known.
    pub fn agree(&mut self, channel: Channel, granted: bool, source: &str, now: Timestamp) {
        if self.consent.get(&channel).is_none_or(|known| known.granted != granted) {
            let basis = if granted { "opt_in" } else { "opt_out" }.to_owned();
            self.consent
                .insert(channel, Consent { granted, basis, source: source.to_owned(), at: Some(now) });
            self.updated_at = now;
        }
    }

    /// Opens a channel that was shut. What the person consented to stays as it is.
    pub fn lift(&mut self, channel: Channel, now: Timestamp) {
        self.suppression.remove(&channel);
        self.updated_at = now;
    }
}

/// A document's fields by name, without the empty ones.
fn fields(details: &Details) -> serde_json::Map<String, Value> {
    let Ok(Value::Object(mut map)) = serde_json::to_value(details) else {
        return serde_json::Map::new();
    };
    map.retain(|_, value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    });
    map
}

#[cfg(test)]
pub(crate) mod tests;
