//! People who work at the business. "Agent" always means an AI agent; these are members.

use crate::{Email, MemberId, Phone};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A colleague.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The record's id.
    pub id: MemberId,
    /// What people call them.
    pub name: String,
    /// By which they are assigned work.
    pub email: Email,
    /// Where they are called.
    #[serde(default)]
    pub phone: Option<Phone>,
    /// What they do, such as `Setup Team`.
    #[serde(default)]
    pub role: String,
    /// Whether they work here now.
    pub active: bool,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
