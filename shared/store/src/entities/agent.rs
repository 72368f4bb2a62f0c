//! AI agents, their versions, and the templates that they are made from.

use super::TEMPLATES;
use crate::Store;
use crate::entity::{Entity, Row, Stored, newest_first};
use crate::error::Result;
use crate::key::{Key, partition};
use crate::read::{Listing, Page, Stretch};
use contracts::Job;
use domain::agent::template::AgentTemplate;
use domain::agent::{Agent, AgentVersion, Sync};
use domain::{AgentId, TemplateId, TenantId};

/// The list of all agents, newest first.
pub const AGENTS: &str = "agent";
/// The counter of a tenant's own agent templates.
pub const AGENT_TEMPLATES: &str = "agent_template";
/// How the keys of agent templates begin.
const TEMPLATE: &str = "agent#";
/// The mark of the agent that calls without one use: one has it at most.
const DEFAULT: &str = "agent#default";
/// The id by which ElevenLabs knows an agent: one has it at most.
const REMOTE: &str = "agent#elevenlabs";

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
            let claim = |name, value| Row::Claim { name, value, owner: self.id.to_string() };
            rows.extend(self.elevenlabs_agent_id.clone().map(|remote| claim(REMOTE, remote)));
            if self.is_default {
                rows.push(claim(DEFAULT, String::new()));
            }
        }
        rows.extend(self.check_at.map(|at| Row::Timer { at, job: Job::SyncAgent { agent: self.id } }));
        rows
    }
}

/// Versions lie behind their agent and outlive it: what an agent was when it spoke can be asked for as long as
/// its calls are there.
impl Entity for AgentVersion {
    const KIND: &'static str = "agent_version";
    type Id = (AgentId, u32);

    fn key_of(tenant: &TenantId, (agent, version): &(AgentId, u32)) -> Key {
        Key::of(tenant, format_args!("AGT#{agent}"), format!("V#{version:05}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.agent, self.version))
    }
}

impl Entity for AgentTemplate {
    const KIND: &'static str = "agent_template";
    type Id = TemplateId;

    fn key_of(tenant: &TenantId, id: &TemplateId) -> Key {
        Key::of(tenant, TEMPLATES, format!("{TEMPLATE}{id}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        vec![Row::Counted { stat: AGENT_TEMPLATES, dimension: "all".to_owned() }]
    }
}

impl Store {
    /// The agent that ElevenLabs knows by this id.
    pub async fn agent_known_as(&self, tenant: &TenantId, remote: &str) -> Result<Option<Stored<Agent>>> {
        match self.owner::<AgentId>(tenant, REMOTE, remote).await? {
            Some(id) => self.get(tenant, &id).await,
            None => Ok(None),
        }
    }

    /// Versions of an agent before number `before`, the newest first, at most `limit`.
    pub async fn agent_versions(
        &self,
        tenant: &TenantId,
        agent: AgentId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<AgentVersion>> {
        let mut stretch = Stretch::of(partition(tenant, format_args!("AGT#{agent}")), limit);
        "V#".clone_into(&mut stretch.prefix);
        stretch.up_to = before.map(|version| format!("V#{:05}", version.saturating_sub(1)));
        stretch.backwards = true;
        let versions = self.records::<AgentVersion>(&stretch).await?;
        Ok(versions.into_iter().map(|version| version.value).collect())
    }

    /// One page of a tenant's own agent templates, the oldest first.
    pub async fn agent_templates(&self, tenant: &TenantId, page: &Page) -> Result<Listing<AgentTemplate>> {
        let stretch = Stretch::within(partition(tenant, TEMPLATES), TEMPLATE);
        Ok(self.page_of(stretch, page).await?.map(|template| template.value))
    }

    /// The agent that calls without one use.
    pub async fn default_agent(&self, tenant: &TenantId) -> Result<Option<Stored<Agent>>> {
        match self.owner::<AgentId>(tenant, DEFAULT, "").await? {
            Some(id) => self.get(tenant, &id).await,
            None => Ok(None),
        }
    }
}
