//! Why a call is where it is, and which rule says so.

use serde::{Deserialize, Serialize};

/// Why a call is where it is; stable codes of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The lead is gone.
    NoLead,
    /// The lead has no telephone number.
    NoPhone,
    /// The lead asked not to be called.
    Suppressed,
    /// The lead has not agreed to be called.
    NoConsent,
    /// Nobody knows what time it is where the lead lives.
    UnknownZone,
    /// No hour suits all the zones that the lead may live in.
    NoCommonWindow,
    /// It is outside the hours in which the lead may be called.
    OutsideWindow,
    /// The call is for later.
    Scheduled,
    /// The wait after the last attempt is not over.
    Retry,
    /// The lead was contacted as often as the caps allow.
    ContactPressure,
    /// The lead is on another call of ours.
    OnCall,
    /// Every attempt was used.
    AttemptsUsed,
    /// No line is free.
    NoSlot,
    /// There is no agent to speak.
    NoAgent,
    /// The agent is not at the provider.
    AgentNotReady,
    /// The tenant has no telephone provider.
    NotConfigured,
    /// The callee was busy.
    Busy,
    /// The callee did not pick up.
    NoAnswer,
    /// A machine picked up.
    Voicemail,
    /// The provider refused the call.
    ProviderRejected,
    /// The provider could not be reached, has no line, or does not let us in: nothing was tried.
    ProviderUnavailable,
    /// The provider began the call and could not finish it.
    ProviderFailed,
    /// The provider never heard of the attempt.
    NeverPlaced,
    /// Nobody can tell whether the call was made.
    EffectUnknown,
    /// A member took the call back.
    Cancelled,
    /// What implied the lead's consent is too long ago for the law of the place.
    ConsentLapsed,
    /// The call's campaign is paused.
    CampaignPaused,
    /// The call's campaign was cancelled, or is gone.
    CampaignCancelled,
    /// The lead was taken out of the call's campaign.
    LeftCampaign,
    /// The month's budget is used up.
    Budget,
    /// A price is unknown, so nobody can tell whether the month's budget is used up.
    PriceUnknown,
}

impl Reason {
    /// One sentence for a person.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoLead => "The lead was deleted.",
            Self::NoPhone => "The lead has no telephone number.",
            Self::Suppressed => "The lead is not to be called.",
            Self::NoConsent => "The lead has not agreed to be called.",
            Self::UnknownZone => {
                "The lead's time zone is unknown, so no hour is safe; set the lead's timezone."
            }
            Self::NoCommonWindow => {
                "No hour suits every time zone of the lead's country; set the lead's timezone."
            }
            Self::OutsideWindow => "It is outside the hours in which the lead may be called.",
            Self::Scheduled => "The call is scheduled for later.",
            Self::Retry => "The wait after the last attempt is not over.",
            Self::ContactPressure => "The lead was contacted as often as the caps allow.",
            Self::OnCall => "The lead is on another call.",
            Self::AttemptsUsed => "Every attempt was used.",
            Self::NoSlot => "Every line is busy.",
            Self::NoAgent => "There is no agent: create one, or name one in the call.",
            Self::AgentNotReady => "The agent does not exist at the voice provider; save it again.",
            Self::NotConfigured => {
                "The voice provider is not set up; see PUT /admin/integrations/elevenlabs."
            }
            Self::Busy => "The line was busy.",
            Self::NoAnswer => "Nobody picked up.",
            Self::Voicemail => "A machine picked up.",
            Self::ProviderRejected => "The voice provider refused the call.",
            Self::ProviderUnavailable => {
                "The voice provider could not be reached, has no line free, or does not let us in; it is tried again."
            }
            Self::ProviderFailed => "The voice provider could not finish the call.",
            Self::NeverPlaced => "The voice provider never heard of the attempt.",
            Self::EffectUnknown => "Nobody can tell whether the call was made; please look.",
            Self::Cancelled => "The call was cancelled.",
            Self::ConsentLapsed => {
                "What implied the lead's consent is too long ago for the law of its country; ask anew."
            }
            Self::CampaignPaused => "The call's campaign is paused.",
            Self::CampaignCancelled => "The call's campaign was cancelled.",
            Self::LeftCampaign => "The lead is no longer one of the call's campaign.",
            Self::Budget => {
                "This month's budget is used up; the call waits for the next month or a higher budget."
            }
            Self::PriceUnknown => {
                "A price is unknown, so the budget cannot be kept; GET /usage names it, PUT /business-config sets it."
            }
        }
    }

    /// Whether a queued call with this reason waits by its own rule of retry, and not by the callee's clock
    /// or caps, which are asked anew each time.
    pub(super) fn is_own_wait(self) -> bool {
        !matches!(
            self,
            Self::OutsideWindow
                | Self::ContactPressure
                | Self::NoSlot
                | Self::Scheduled
                | Self::AgentNotReady
                | Self::NotConfigured
                | Self::ProviderUnavailable
                | Self::Budget
                | Self::PriceUnknown
        )
    }
}

/// A rule, by the name under which `GET /calls/{id}/why` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is explained by the reason it gives")]
pub enum Rule {
    Phone,
    Suppression,
    Consent,
    Campaign,
    Attempts,
    Schedule,
    Zone,
    OnCall,
    ContactPressure,
    Window,
    Agent,
    Provider,
    Line,
    Budget,
}
