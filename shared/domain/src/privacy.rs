//! What a person may ask of a business that stores things about them.

use crate::ContactId;
use crate::import::ImportPlace;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// That all that was stored of a person is gone, or going: what stays of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Erasure {
    /// By which id they were known.
    pub contact_id: ContactId,
    /// How far it is.
    pub status: ErasureStatus,
    /// How many records of each kind are gone.
    pub removed: BTreeMap<String, u32>,
    /// The provider's ids of conversations that it refused to remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_at_provider: Vec<String>,
    /// Talks that ended since, by the voice provider's ids: still to be removed there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub talks: Vec<String>,
    /// The import that wrote them last, for as long as imports keep how they were before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<ImportPlace>,
    /// Who asked for it, as the audit names them.
    pub erased_by: String,
    /// When.
    pub erased_at: Timestamp,
    /// When all was gone.
    #[serde(default)]
    pub done_at: Option<Timestamp>,
}

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErasureStatus {
    /// The person is in no list; what hung on them is being removed.
    Running,
    /// Nothing is left.
    Done,
}
