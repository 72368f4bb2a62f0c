//! Every kind of record: where it lives and which rows go with it. `docs/data-model.md` lists them all.

mod account;
mod agent;
mod alike;
mod call;
mod campaign;
mod chat;
mod contact;
mod conversation;
mod deal;
mod dossier;
mod erasing;
mod event;
mod figures;
mod import;
mod interaction;
mod journal;
mod leads;
mod meaning;
mod merging;
mod practice;
mod renewal;
mod saved;
mod sensitive;
mod suppression;
mod task;
mod team;
mod template;
mod timeline;

pub use account::{
    ApiKey, Integration, JwtIssuer, Planner, Rest, Review, Settings, TenantRecord, WrappedKey,
};
pub use agent::{AGENT_TEMPLATES, AGENTS};
pub use call::{
    AnalysisRecord, CallFilter, CallRecord, ContextRecord, PieceRecord, SlotRow, Transcript, TranscriptTurn,
    VOICE_ACCOUNT, ready_list,
};
pub use campaign::{
    CAMPAIGNS, calls_of_campaign, campaigns_in, free_leads, held_calls_of_campaign, open_calls_of_campaign,
    waiting_leads,
};
pub use chat::ChatFigures;
pub use contact::{ContactRecord, DELETED_LEADS, DeletedContact, HistoryRecord, StoredAction, Writer};
pub use conversation::{BotStatus, ConversationFilter, Feedback, Halt, WhatsappTemplate};
pub use deal::{DEALS, DealFilter};
pub use erasing::{EventTrace, Part};
pub use event::RawEvent;
pub use figures::{AttemptFigures, ConversionFigures, LeadFigures, MonthFigures, ReadingFigures};
pub use import::{EXPORTS, IMPORTS, ImportErrors, ImportStep, ImportedLead, Owners, Undone, counter_shard};
pub use interaction::{INTERACTIONS, InteractionFigures, InteractionFilter};
pub use journal::{AuditEntry, Change, SavedAnswer};
pub use leads::{LEADS, LeadCounts, LeadFilter};
pub use meaning::MeaningRecord;
pub use merging::{MergeStep, MergedContact, Relation};
pub use practice::{
    DOCUMENTS_MAX, PRACTICE_TYPES_MAX, PRACTICES, PracticeFigures, PracticeFilter, PracticeMoney,
};
pub use saved::SavedPart;
pub use sensitive::{SealedField, SensitiveRead};
pub use suppression::{AddressDigest, SuppressionEntry};
pub use task::{TASKS, TaskFilter};
pub use team::MEMBERS_MAX;
pub use template::{CONTEXT_TEMPLATES_MAX, WHATSAPP_TEMPLATES_MAX};
pub use timeline::Moment;

/// The partition of a tenant's templates of every kind: few enough to lie together.
const TEMPLATES: &str = "TPL";
