//! What the product can do, one module per noun, one function per thing.
//!
//! This is the only place where the domain's rules, the store and the providers meet. HTTP handlers, queue
//! steps, bots and the assistant all call these functions, so that each thing is done in one way.

pub mod agents;
pub mod analysis;
pub mod analytics;
pub mod api_keys;
pub mod audit;
pub mod budget;
pub mod business_config;
pub mod call_context;
pub mod calls;
pub mod campaigns;
pub mod changes;
pub mod chat;
pub mod clients;
mod context;
pub mod context_templates;
pub mod conversations;
pub mod crm_settings;
pub mod crm_tables;
pub mod customers;
pub mod deals;
mod deleting;
pub mod delivery;
pub mod dialing;
pub mod duplicates;
pub mod erasing;
mod error;
pub mod exports;
pub mod imports;
pub mod inbound;
pub mod ingest;
pub mod integrations;
pub mod interactions;
mod journal;
pub mod jwt_issuer;
pub mod leads;
mod merge;
pub mod merging;
pub mod messages;
pub mod next_actions;
pub mod planning;
pub mod practice_types;
pub mod practices;
pub mod privacy;
mod raw_events;
pub mod reconciling;
pub mod recordings;
pub mod renewals;
pub mod reviews;
pub mod saved_conversations;
pub mod sensitive;
pub mod shared_memory;
mod similarity;
pub mod tasks;
pub mod team;
pub mod tenants;
pub mod timeline;
pub mod voice_events;
pub mod whatsapp_events;
pub mod whatsapp_templates;

pub use context::{Account, Actor, Context, Idempotency, Platform};
pub use error::{Error, Result};
pub use merge::merge_patch;
pub use store::{Listing, Page};
