//! How the bot speaks with a person, by where they stand.

use crate::contact::{Contact, LeadStatus};

/// A manner of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplyStyle {
    /// They bought.
    Customer,
    /// They want it now.
    Hot,
    /// They fit.
    Qualified,
    /// Nobody knows yet.
    New,
}

impl ReplyStyle {
    /// The style for a person: customer if they are one; hot at that status or a score from 80; qualified at that
    /// status or a score from 60; else new.
    pub fn of(contact: &Contact) -> Self {
        match (contact.status, contact.score) {
            (LeadStatus::Customer, _) => Self::Customer,
            (LeadStatus::Hot, _) | (_, 80..) => Self::Hot,
            (LeadStatus::Qualified, _) | (_, 60..) => Self::Qualified,
            _ => Self::New,
        }
    }

    /// The style in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Hot => "hot",
            Self::Qualified => "qualified",
            Self::New => "new",
        }
    }

    /// The line that tells the model.
    pub fn note(self) -> &'static str {
        match self {
            Self::Customer => {
                "NOTE: This is an EXISTING customer - thank them for coming back, use what they have, and help with it \
                 before offering anything else."
            }
            Self::Hot => "NOTE: This is a HOT lead - prioritize their requests and be extra helpful.",
            Self::Qualified => {
                "NOTE: This is a QUALIFIED lead - speak of the benefits that fit what they need and help them decide."
            }
            Self::New => {
                "NOTE: This is a NEW lead - be welcoming, answer briefly, and find out what they need."
            }
        }
    }
}
