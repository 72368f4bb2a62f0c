//! Every kind of record: where it lives and which rows go with it. `docs/data-model.md` lists them all.

mod account;
mod agent;
mod call;
mod contact;
mod event;
mod journal;
mod leads;

pub use account::{ApiKey, Integration, JwtIssuer, Planner, Settings, TenantRecord, WrappedKey};
pub use agent::AGENTS;
pub use call::{
    AnalysisRecord, CALLS, CallRecord, ContextRecord, SlotRow, Transcript, TranscriptTurn, VOICE_ACCOUNT,
    calls_of_lead, ready_list,
};
pub use contact::{ContactRecord, HistoryRecord, StoredAction};
pub use event::RawEvent;
pub use journal::{AuditEntry, Change, SavedAnswer};
pub use leads::{LEADS, LeadFilter};
