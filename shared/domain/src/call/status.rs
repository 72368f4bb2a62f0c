//! Where a call stands, who began it, and what goes first.

use serde::{Deserialize, Serialize};

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// We called.
    #[default]
    Outbound,
    /// The lead called.
    Inbound,
}

impl Direction {
    /// The direction as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
        }
    }
}

/// What goes first when slots are scarce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before all others.
    High,
    /// As they come.
    #[default]
    Normal,
    /// When nothing else waits.
    Low,
}

impl Priority {
    /// Every priority, the first to be served first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// The priority as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// Where a call or an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// Waits for its time and a slot.
    Queued,
    /// Holds a slot; the dial job is on its way.
    Claimed,
    /// The intent is written and the request to the provider is out.
    Dialing,
    /// The provider accepted it.
    InProgress,
    /// Somebody spoke.
    Completed,
    /// Nobody picked up.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// A machine picked up.
    Voicemail,
    /// It could not be made.
    Failed,
    /// Its asker took it back.
    Cancelled,
    /// The rules forbid it.
    Blocked,
    /// Nobody can tell whether it was made; a person has to look.
    Ambiguous,
}

impl CallStatus {
    /// Every status.
    pub const ALL: [Self; 12] = [
        Self::Queued,
        Self::Claimed,
        Self::Dialing,
        Self::InProgress,
        Self::Completed,
        Self::NoAnswer,
        Self::Busy,
        Self::Voicemail,
        Self::Failed,
        Self::Cancelled,
        Self::Blocked,
        Self::Ambiguous,
    ];

    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::Dialing => "dialing",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Voicemail => "voicemail",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Blocked => "blocked",
            Self::Ambiguous => "ambiguous",
        }
    }

    /// Whether a slot is held and a provider may be at work.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Claimed | Self::Dialing | Self::InProgress)
    }

    /// Whether nothing more will happen by itself.
    pub fn is_final(self) -> bool {
        !self.is_active() && self != Self::Queued
    }
}
