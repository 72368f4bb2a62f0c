//! Which talk a sale is put down to: the last one before it, of the 30 days before it.

use crate::call::Call;
use crate::contact::{Contact, LeadStatus};
use crate::provenance::{Author, Provenance};
use crate::{AgentId, CallId, CampaignId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A talk that an agent of ours had with a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// The call.
    pub call: CallId,
    /// Who spoke for us.
    pub agent: Option<AgentId>,
    /// The campaign that asked for the call.
    pub campaign: Option<CampaignId>,
    /// The business's own day under which the attempt counts.
    pub day: Date,
    /// When it was dialed.
    pub at: Timestamp,
}

impl Talk {
    /// The talk that an attempt of a call was, if it counts under a day.
    pub fn of(call: &Call, number: u32) -> Option<Self> {
        let attempt = call.attempt(number)?;
        Some(Self {
            call: call.id,
            agent: attempt.agent_id,
            campaign: call.campaign_id,
            day: attempt.day?,
            at: attempt.dialed_at.or(attempt.ended_at)?,
        })
    }
}

/// When somebody wrote in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// When.
    pub at: Timestamp,
    /// The business's own day on which that was.
    pub day: Date,
}

/// How often a person's writing is noted on their record: the conversation knows it better.
const CHAT_NOTED_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// How long after a talk a sale is put down to it.
const CONVERTS_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Contact {
    /// Notes that somebody spoke with them in an attempt of a call, as is known at `now`. News of an earlier talk than
    /// the last one does not make that one earlier.
    pub fn spoke(&mut self, call: &Call, attempt: u32, now: Timestamp) {
        let ended_at = call.attempt(attempt).and_then(|attempt| attempt.ended_at);
        self.last_contact_at = self.last_contact_at.max(ended_at);
        if let Some(talk) = Talk::of(call, attempt) {
            self.talked(talk);
        }
        if self.may_advance_to(LeadStatus::Contacted) {
            let by_call = Provenance::new(Author::System, now).on(&call.id.to_string());
            self.set_status(LeadStatus::Contacted, by_call);
        }
    }

    /// Notes a talk. News of an earlier one than is known changes nothing; news that comes after the sale that
    /// followed the talk still counts.
    pub fn talked(&mut self, talk: Talk) {
        if self.last_talk.is_some_and(|known| known.at >= talk.at) {
            return;
        }
        self.last_talk = Some(talk);
        let bought_at = self.provenance.get("status").map(|provenance| provenance.at);
        if self.converted_by.is_none() && bought_at.is_some_and(|at| self.is_bought_after(talk.at, at)) {
            self.converted_by = Some(talk);
        }
    }

    /// Notes that they wrote to us. One that writes every minute is noted every ten.
    pub fn chatted(&mut self, chat: Chat) {
        let noted = self.last_chat.is_some_and(|known| chat.at.duration_since(known.at) < CHAT_NOTED_EVERY);
        if !noted {
            self.last_chat = Some(chat);
            self.last_contact_at = self.last_contact_at.max(Some(chat.at));
        }
    }

    /// Whether a sale at `bought_at` is put down to what was said at `said_at`.
    pub(crate) fn is_bought_after(&self, said_at: Timestamp, bought_at: Timestamp) -> bool {
        self.status == LeadStatus::Customer
            && said_at <= bought_at
            && bought_at.duration_since(said_at) <= CONVERTS_WITHIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ids;
    use crate::contact::tests::contact;

    #[test]
    fn a_sale_within_thirty_days_is_put_down_to_the_talk_before_it() {
        let at = |days: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * days);
        let talk = |days: i64| Talk {
            call: Ids::default().next(at(days)),
            agent: None,
            campaign: None,
            day: at(days).to_zoned(jiff::tz::TimeZone::UTC).date(),
            at: at(days),
        };
        let become_ = |contact: &mut Contact, status, days| {
            contact.set_status(status, Provenance::new(Author::Human, at(days)));
        };
        let mut lead = contact();
        become_(&mut lead, LeadStatus::Customer, 1);
        assert_eq!(lead.converted_by, None, "nobody talked");

        let (mut lead, first, second) = (contact(), talk(1), talk(5));
        lead.talked(second);
        lead.talked(first);
        become_(&mut lead, LeadStatus::Customer, 35);
        assert_eq!(lead.converted_by, Some(second), "the last talk counts, in whatever order they were told");
        become_(&mut lead, LeadStatus::Lost, 36);
        assert_eq!(lead.converted_by, None);
        become_(&mut lead, LeadStatus::Customer, 36);
        assert_eq!(lead.converted_by, None, "31 days are too long");

        let mut lead = contact();
        become_(&mut lead, LeadStatus::Customer, 6);
        lead.talked(second);
        assert_eq!(lead.converted_by, Some(second), "the news of the talk came after the sale");
        lead.talked(talk(7));
        assert_eq!(lead.converted_by, Some(second), "a talk with a customer sells nothing");
    }
}
