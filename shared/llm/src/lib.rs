//! Language models: one question, one JSON answer that fits a schema; and what a text means, as a vector.
//!
//! The answer is data. It was checked by nobody but the model's maker, so it is parsed like any other input,
//! and never decides what is done to whom.

mod anthropic;
mod embeddings;
mod error;
mod openai;

pub use embeddings::{Embedded, Embeddings};
pub use error::LlmError;

use provider::{Http, Retries, Secret};
use serde_json::Value;
use std::time::Duration;

/// Time for one question, retries and waits included: under the 30 s that a gateway waits.
const BUDGET: Duration = Duration::from_secs(25);
const RETRIES: u32 = 2;

/// A language model at one of its makers. Clones are cheap.
#[derive(Debug, Clone)]
pub enum Llm {
    /// OpenAI, or a server that speaks its chat completions.
    OpenAi(openai::Client),
    /// Anthropic.
    Anthropic(anthropic::Client),
}

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What the model is to do. Ours alone: nothing that a stranger wrote belongs here.
    pub system: String,
    /// What it is to look at.
    pub user: String,
    /// Name of the answer's schema: at most 64 of `A-Z a-z 0-9 _ -`.
    pub schema_name: &'static str,
    /// JSON schema of the answer, in the subset that README names.
    pub schema: Value,
    /// Longest answer, in tokens. A longer one is [`LlmError::Truncated`].
    pub max_output_tokens: u32,
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The answer. It is JSON; that it fits the schema is the maker's promise, so parse it.
    pub json: Value,
    /// The model that answered, as its maker names it.
    pub model: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written, thoughts included.
    pub output_tokens: u64,
}

impl Llm {
    /// The OpenAI model that is used unless another is configured.
    pub const OPENAI_MODEL: &str = "gpt-6-luna";
    /// The Anthropic model that is used unless another is configured.
    pub const ANTHROPIC_MODEL: &str = "claude-haiku-5-5";

    /// A model at OpenAI; `base_url` includes `/v1`, `None` as `model` is [`Self::OPENAI_MODEL`].
    pub fn openai(http: Http, base_url: &str, key: Secret, model: Option<&str>) -> Self {
        Self::OpenAi(openai::Client::new(http, base_url, key, model.unwrap_or(Self::OPENAI_MODEL)))
    }

    /// A model at Anthropic; `base_url` is without `/v1`, `None` as `model` is [`Self::ANTHROPIC_MODEL`].
    pub fn anthropic(http: Http, base_url: &str, key: Secret, model: Option<&str>) -> Self {
        Self::Anthropic(anthropic::Client::new(http, base_url, key, model.unwrap_or(Self::ANTHROPIC_MODEL)))
    }

    /// Asks for a JSON answer that fits the request's schema.
    ///
    /// Asking changes nothing anywhere, so what may succeed next time is asked again: twice at most, within
    /// 25 s in all.
    pub async fn complete_json(&self, request: &Request) -> Result<Completion, LlmError> {
        let mut retries = Retries::new(RETRIES, BUDGET);
        loop {
            let timeout = retries.remaining();
            let result = match self {
                Self::OpenAi(client) => client.complete(request, timeout).await,
                Self::Anthropic(client) => client.complete(request, timeout).await,
            };
            match result {
                Err(error) if error.is_retryable() && retries.wait(error.retry_after()).await => {}
                result => return result,
            }
        }
    }
}

/// The model's text as JSON.
fn parse_json(text: &str) -> Result<Value, LlmError> {
    serde_json::from_str(text).map_err(|_| LlmError::NotJson)
}

#[cfg(test)]
fn a_request() -> Request {
    Request {
        system: "Score the lead.".to_owned(),
        user: "Need three rooms by March.".to_owned(),
        schema_name: "lead_score",
        schema: serde_json::json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["score"],
            "properties": {"score": {"type": "integer"}},
        }),
        max_output_tokens: 400,
    }
}
