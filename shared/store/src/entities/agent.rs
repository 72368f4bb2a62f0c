//! AI agents.

use crate::Store;
use crate::entity::{Entity, Row, Stored, newest_first};
use crate::error::Result;
use crate::key::Key;
use crate::read::Page;
use contracts::Job;
use domain::agent::{Agent, Sync};
use domain::{AgentId, TenantId};

/// The list of all agents, newest first.
pub const AGENTS: &str = "agent";
/// The list of the agent that calls without one use: one at most.
const DEFAULT: &str = "agent#default";

impl Entity for Agent {
    const KIND: &'static str = "agent";
    type Id = AgentId;

    fn key_of(tenant: &TenantId, id: &AgentId) -> Key {
        Key::of(tenant, format_args!("AGT#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.sync != Sync::Deleting {
            let sort = newest_first(self.created_at, self.id);
            rows.push(Row::Listed { list: AGENTS.to_owned(), sort: sort.clone() });
            rows.push(Row::Counted { stat: "agent", dimension: "all".to_owned() });
            if self.is_default {
                rows.push(Row::Listed { list: DEFAULT.to_owned(), sort });
            }
        }
        rows.extend(self.check_at.map(|at| Row::Timer { at, job: Job::SyncAgent { agent: self.id } }));
        rows
    }
}

impl Store {
    /// The agent that calls without one use.
    pub async fn default_agent(&self, tenant: &TenantId) -> Result<Option<Stored<Agent>>> {
        let listing = self.list::<Agent>(tenant, DEFAULT, &Page { limit: 1, cursor: None }).await?;
        Ok(listing.items.into_iter().next())
    }
}
