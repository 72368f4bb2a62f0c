//! The nouns of Frontdesk and the rules that need nothing but values.
//!
//! Everything here is pure: no async, no I/O, no AWS, no HTTP. Time and randomness come in through
//! [`Clock`] and [`Ids`], so that every rule can be tested at any instant.

pub mod action;
pub mod agent;
pub mod analysis;
pub mod answer;
pub mod business;
pub mod call;
pub mod calling;
pub mod campaign;
pub mod chat;
pub mod clock;
pub mod contact;
pub mod context;
pub mod conversion;
pub mod cost;
pub mod crm;
pub mod csv;
mod day;
pub mod deal;
pub mod email;
pub mod extraction;
pub mod id;
pub mod import;
pub mod interaction;
pub mod invalid;
pub mod member;
pub mod merging;
pub mod messages;
pub mod money;
pub mod nationality;
pub mod next_actions;
pub mod period;
pub mod phone;
pub mod placeholder;
pub mod practice;
pub mod privacy;
pub mod provenance;
pub mod question;
pub mod renewal;
pub mod role;
pub mod saved;
pub mod score;
pub mod statistics;
pub mod task;
pub mod text;
pub mod zone;

pub use clock::{Clock, Ids};
pub use day::Day;
pub use email::Email;
pub use id::{
    ActionId, AgentId, AttemptId, CallId, CampaignId, ContactId, ConversationId, DealId, DocumentId,
    ExportId, ImportId, InteractionId, JobId, KeyId, MemberId, MergeId, MessageId, PracticeId,
    RenewalAlertId, RequestId, ReviewId, SavedConversationId, TaskId, TemplateId, TenantId,
};
pub use invalid::Invalid;
pub use money::{Currency, Money};
pub use phone::{Country, Phone};
pub use provenance::{Author, Provenance};
pub use role::Role;
