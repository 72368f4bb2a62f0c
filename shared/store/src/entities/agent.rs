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
/// The mark of the agent that calls without one use: one has it at most.
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
            rows.push(Row::Listed { list: AGENTS.to_owned(), sort });
            rows.push(Row::Counted { stat: "agent", dimension: "all".to_owned() });
            if let Some(remote) = &self.elevenlabs_agent_id {
                rows.push(Row::Listed { list: known_as(remote), sort: self.id.to_string() });
            }
            if self.is_default {
                let owner = self.id.to_string();
                rows.push(Row::Claim { name: DEFAULT, value: String::new(), owner });
            }
        }
        rows.extend(self.check_at.map(|at| Row::Timer { at, job: Job::SyncAgent { agent: self.id } }));
        rows
    }
}

/// The list of the agent that a provider knows by this id.
fn known_as(remote: &str) -> String {
    format!("agent#elevenlabs#{remote}")
}

impl Store {
    /// The agent that ElevenLabs knows by this id.
    pub async fn agent_known_as(&self, tenant: &TenantId, remote: &str) -> Result<Option<Stored<Agent>>> {
        let page = Page { limit: 1, cursor: None };
        Ok(self.list::<Agent>(tenant, &known_as(remote), &page).await?.items.pop())
    }

    /// The agent that calls without one use.
    pub async fn default_agent(&self, tenant: &TenantId) -> Result<Option<Stored<Agent>>> {
        match self.owner::<AgentId>(tenant, DEFAULT, "").await? {
            Some(id) => self.get(tenant, &id).await,
            None => Ok(None),
        }
    }
}
