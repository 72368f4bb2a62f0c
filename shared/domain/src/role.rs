//! What a caller may do.

use serde::{Deserialize, Serialize};

/// A caller's role in a tenant, from least to most: each may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads records.
    Viewer,
    /// Works with leads, calls and conversations.
    Member,
    /// Also changes agents, campaigns and the business configuration.
    Manager,
    /// Also holds credentials, API keys and the audit.
    Owner,
}

impl Role {
    /// The role as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Manager => "manager",
            Self::Owner => "owner",
        }
    }

    /// The role of this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Member, Self::Manager, Self::Owner]
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(name))
    }
}
