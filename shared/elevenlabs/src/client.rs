//! The service as we call it.

use crate::agent::{AgentSpec, RemoteAgent};
use crate::conversation::{Conversation, ConversationSummary};
use crate::outbound::{OutboundCall, PhoneProvider, Placed};
use crate::{convert, error, wire};
use bytes::Bytes;
use provider::{Answer, Http, Limits, ProviderError, RequestBuilder, Retries, Secret, Url};
use serde::de::DeserializeOwned;
use std::time::Duration;

const SERVICE: &str = "elevenlabs";
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const READ_BUDGET: Duration = Duration::from_secs(20);
const WRITE_TIMEOUT: Duration = Duration::from_secs(15);
const AUDIO_TIMEOUT: Duration = Duration::from_secs(20);
const AUDIO_MAX: usize = 64 * 1024 * 1024;
const PAGE_SIZE: &str = "100";
const MAX_PAGES: usize = 20;

/// One ElevenLabs account. Clones are cheap.
///
/// Reads are repeated up to twice within 20 s when that can help; everything else is sent once.
#[derive(Debug, Clone)]
pub struct Client {
    http: Http,
    base_url: String,
    api_key: Secret,
}

impl Client {
    /// The account of this key. `base_url` is without `/v1`: `https://api.elevenlabs.io` or a residency's
    /// own host.
    pub fn new(http: Http, base_url: &str, api_key: Secret) -> Self {
        Self { http, base_url: base_url.to_owned(), api_key }
    }

    /// Creates an agent and answers ElevenLabs' id of it.
    pub async fn create_agent(&self, spec: &AgentSpec) -> Result<String, ProviderError> {
        let request = self.http.post(self.url(&["agents", "create"])?).json(&wire::Agent::from(spec));
        let answer = self.send("create_agent", request, WRITE_TIMEOUT).await?;
        Ok(answer.json::<wire::Created>()?.agent_id)
    }

    /// Changes an agent to this; `false` if there is none of this id. What the spec leaves out stays as it is at
    /// ElevenLabs.
    pub async fn update_agent(&self, agent_id: &str, spec: &AgentSpec) -> Result<bool, ProviderError> {
        let request = self.http.patch(self.url(&["agents", agent_id])?).json(&wire::Agent::from(spec));
        Ok(found(self.send("update_agent", request, WRITE_TIMEOUT).await)?.is_some())
    }

    /// Deletes an agent. One that is gone already is fine.
    pub async fn delete_agent(&self, agent_id: &str) -> Result<(), ProviderError> {
        let request = self.http.delete(self.url(&["agents", agent_id])?);
        found(self.send("delete_agent", request, WRITE_TIMEOUT).await)?;
        Ok(())
    }

    /// An agent as it stands at ElevenLabs; `None` if there is none of this id.
    pub async fn get_agent(&self, agent_id: &str) -> Result<Option<RemoteAgent>, ProviderError> {
        let url = self.url(&["agents", agent_id])?;
        let Some(answer) = found(self.read("get_agent", url).await)? else {
            return Ok(None);
        };
        let agent = convert::remote_agent(answer.json()?).ok_or_else(|| ProviderError::Unexpected {
            status: Some(answer.status.as_u16()),
            detail: "an agent without agent_id".to_owned(),
        })?;
        Ok(Some(agent))
    }

    /// ElevenLabs' id of an agent that has this tag, among those that a search for the name brings, or among all
    /// without a name; at most 2000 are looked at. So a create without an answer can be found again.
    pub async fn find_agent_by_tag(
        &self,
        name: Option<&str>,
        tag: &str,
    ) -> Result<Option<String>, ProviderError> {
        let filter = name.map(|name| ("search", name));
        let agents: Vec<wire::ListedAgent> = self.list("list_agents", "agents", filter).await?;
        Ok(agents.into_iter().find(|agent| agent.tags.iter().any(|t| t == tag)).map(|agent| agent.agent_id))
    }

    /// Makes a call. It is sent once, for ElevenLabs knows no idempotency: where the error says
    /// `effect_unknown`, look for the conversation by its `user_id`.
    ///
    /// A refusal inside a 200 is [`ProviderError::Rejected`] with the code `not_placed`.
    pub async fn outbound_call(
        &self,
        phone: PhoneProvider,
        call: &OutboundCall,
    ) -> Result<Placed, ProviderError> {
        let url = self.url(&[phone.segment(), "outbound-call"])?;
        let request = self.http.post(url).json(&wire::OutboundCall::from(call));
        let answer = self.send("outbound_call", request, WRITE_TIMEOUT).await?;
        let outcome: wire::OutboundAnswer = answer.json()?;
        if outcome.success {
            Ok(outcome.into())
        } else {
            Err(answer.refusal(Some("not_placed"), outcome.message))
        }
    }

    /// The conversations that carry this `user_id`, at most 2000.
    ///
    /// The service ignores filters that it does not know, so check [`Conversation::user_id`] before adopting.
    pub async fn conversations_of_user(
        &self,
        user_id: &str,
    ) -> Result<Vec<ConversationSummary>, ProviderError> {
        self.list("list_conversations", "conversations", Some(("user_id", user_id))).await
    }

    /// A conversation with its transcript; `None` if there is none of this id.
    pub async fn conversation(&self, conversation_id: &str) -> Result<Option<Conversation>, ProviderError> {
        let url = self.url(&["conversations", conversation_id])?;
        found(self.read("get_conversation", url).await)?.map(|answer| answer.json()).transpose()
    }

    /// The recording of a conversation as MP3, at most 64 MiB; `None` if there is none.
    pub async fn conversation_audio(&self, conversation_id: &str) -> Result<Option<Bytes>, ProviderError> {
        let url = self.url(&["conversations", conversation_id, "audio"])?;
        let limits = Limits { timeout: AUDIO_TIMEOUT, bytes: AUDIO_MAX };
        let answer = found(self.read_within("get_conversation_audio", url, limits).await)?;
        Ok(answer.map(|answer| answer.bytes))
    }

    /// Removes a conversation with its recording; one that is not there is removed already.
    pub async fn delete_conversation(&self, conversation_id: &str) -> Result<(), ProviderError> {
        let url = self.url(&["conversations", conversation_id])?;
        found(self.send("delete_conversation", self.http.delete(url), WRITE_TIMEOUT).await).map(drop)
    }

    fn url(&self, segments: &[&str]) -> Result<Url, ProviderError> {
        provider::url(&self.base_url, &[&["v1", "convai"], segments].concat())
    }

    async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        collection: &str,
        filter: Option<(&str, &str)>,
    ) -> Result<Vec<T>, ProviderError> {
        let mut first = self.url(&[collection])?;
        first.query_pairs_mut().extend_pairs(filter).append_pair("page_size", PAGE_SIZE);
        let (mut items, mut url) = (Vec::new(), first.clone());
        for _ in 0..MAX_PAGES {
            let mut page: wire::Page<T> = self.read(operation, url).await?.json()?;
            items.append(&mut page.items);
            let Some(cursor) = page.next() else { break };
            url = first.clone();
            url.query_pairs_mut().append_pair("cursor", &cursor);
        }
        Ok(items)
    }

    async fn read(&self, operation: &'static str, url: Url) -> Result<Answer, ProviderError> {
        self.read_within(operation, url, Limits::of(READ_TIMEOUT)).await
    }

    async fn read_within(
        &self,
        operation: &'static str,
        url: Url,
        limits: Limits,
    ) -> Result<Answer, ProviderError> {
        let mut retries = Retries::new(2, READ_BUDGET);
        loop {
            let limits = Limits { timeout: limits.timeout.min(retries.remaining()), ..limits };
            match self.exchange(operation, self.http.get(url.clone()), limits).await {
                Err(error) if error.is_retryable() && retries.wait(error.retry_after()).await => {}
                result => return result,
            }
        }
    }

    async fn send(
        &self,
        operation: &'static str,
        request: RequestBuilder,
        timeout: Duration,
    ) -> Result<Answer, ProviderError> {
        self.exchange(operation, request, Limits::of(timeout)).await
    }

    async fn exchange(
        &self,
        operation: &'static str,
        request: RequestBuilder,
        limits: Limits,
    ) -> Result<Answer, ProviderError> {
        let request = request.header("xi-api-key", self.api_key.expose());
        let answer = self.http.send(SERVICE, operation, request, limits).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(error::read(&answer)) }
    }
}

/// `None` for what is not there.
fn found(result: Result<Answer, ProviderError>) -> Result<Option<Answer>, ProviderError> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(ProviderError::Rejected { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
