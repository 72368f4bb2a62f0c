//! Anthropic's messages.

use crate::{Completion, LlmError, Request, parse_json};
use provider::{Answer, Http, ProviderError, Secret};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

const VERSION: &str = "2026-10-21";

/// A model at Anthropic.
#[derive(Debug, Clone)]
pub struct Client {
    http: Http,
    base_url: String,
    key: Secret,
    model: String,
}

impl Client {
    pub(crate) fn new(http: Http, base_url: &str, key: Secret, model: &str) -> Self {
        Self { http, base_url: base_url.to_owned(), key, model: model.to_owned() }
    }

    pub(crate) async fn complete(
        &self,
        request: &Request,
        timeout: Duration,
    ) -> Result<Completion, LlmError> {
        let url = provider::url(&self.base_url, &["v1", "messages"])?;
        let post = self
            .http
            .post(url)
            .header("x-api-key", self.key.expose())
            .header("anthropic-version", VERSION)
            .json(&self.body(request));
        let answer = self.http.send_json("anthropic", "message", post, timeout).await?;
        if !answer.status.is_success() {
            return Err(error(&answer).into());
        }
        self.read(answer.json()?)
    }

    /// Thinking is on unless it is switched off, and would count toward `max_tokens`. The service takes no
    /// name for a schema, and answers 400 to a temperature.
    fn body(&self, request: &Request) -> Value {
        json!({
            "model": self.model,
            "max_tokens": request.max_output_tokens,
            "thinking": {"type": "disabled"},
            "system": request.system,
            "messages": [{"role": "user", "content": request.user}],
            "output_config": {"format": {"type": "json_schema", "schema": request.schema}},
        })
    }

    fn read(&self, answer: Message) -> Result<Completion, LlmError> {
        match answer.stop_reason.as_deref() {
            Some("refusal") => return Err(LlmError::Refused),
            Some("max_tokens" | "model_context_window_exceeded") => return Err(LlmError::Truncated),
            _ => {}
        }
        let text: String =
            answer.content.into_iter().filter(|block| block.kind == "text").map(|block| block.text).collect();
        let usage = answer.usage.unwrap_or_default();
        Ok(Completion {
            json: parse_json(&text)?,
            model: answer.model.unwrap_or_else(|| self.model.clone()),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
        })
    }
}

/// `{"type": "error", "error": {"type", "message"}, "request_id"}`.
fn error(answer: &Answer) -> ProviderError {
    let body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    let error = &body["error"];
    answer.error(error["type"].as_str(), error["message"].as_str().unwrap_or_default())
}

#[derive(Deserialize)]
struct Message {
    model: Option<String>,
    #[serde(default)]
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Llm, a_request};
    use wiremock::matchers::{any, header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    fn llm(server: &MockServer) -> Llm {
        Llm::anthropic(Http::new(), &server.uri(), Secret::new("sk-ant-1"), None)
    }

    fn message(content: Value, stop_reason: &str) -> ResponseTemplate {
        ResponseTemplate::new(200).set_body_json(json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-5-5-20261007",
            "content": content, "stop_reason": stop_reason, "stop_sequence": null,
            "usage": {"input_tokens": 42, "output_tokens": 9, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "service_tier": "standard"},
        }))
    }

    /// What comes of an answer that is given `times`.
    async fn ask(response: ResponseTemplate, times: u64) -> Result<Completion, LlmError> {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(response).expect(times).mount(&server).await;
        llm(&server).complete_json(&a_request()).await
    }

    #[test]
    fn the_question_is_put_in_their_words() {
        let client =
            Client::new(Http::new(), "http://localhost", Secret::new("sk-ant-1"), Llm::ANTHROPIC_MODEL);
        assert_eq!(
            client.body(&a_request()),
            json!({
                "model": "claude-haiku-5-5",
                "max_tokens": 400,
                "thinking": {"type": "disabled"},
                "system": "Score the lead.",
                "messages": [{"role": "user", "content": "Need three rooms by March."}],
                "output_config": {"format": {"type": "json_schema", "schema": a_request().schema}},
            })
        );
    }

    #[tokio::test]
    async fn an_answer_is_read_from_its_text() {
        let server = MockServer::start().await;
        let content = json!([{"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "{\"score\":"}, {"type": "text", "text": " 80}"}]);
        Mock::given(method("POST"))
            .and(path("/v1/messages"))
            .and(header("x-api-key", "sk-ant-1"))
            .and(header("anthropic-version", "2026-10-21"))
            .respond_with(message(content, "end_turn"))
            .expect(1)
            .mount(&server)
            .await;
        let completion = llm(&server).complete_json(&a_request()).await.unwrap();
        assert_eq!(completion.json, json!({"score": 80}));
        assert_eq!(completion.model, "claude-haiku-5-5-20261007");
        assert_eq!((completion.input_tokens, completion.output_tokens), (42, 9));
    }

    #[tokio::test]
    async fn a_refusal_and_a_cut_answer_are_final() {
        let text = |text: &str| json!([{"type": "text", "text": text}]);
        assert_eq!(ask(message(json!([]), "refusal"), 1).await, Err(LlmError::Refused));
        assert_eq!(ask(message(text("{\"score\""), "max_tokens"), 1).await, Err(LlmError::Truncated));
        let full = message(text("{"), "model_context_window_exceeded");
        assert_eq!(ask(full, 1).await, Err(LlmError::Truncated));
    }

    #[tokio::test]
    async fn an_answer_without_json_is_asked_for_again() {
        let prose = json!([{"type": "text", "text": "It is 80."}]);
        let (prose, nothing) =
            tokio::join!(ask(message(prose, "end_turn"), 3), ask(message(json!([]), "end_turn"), 3));
        assert_eq!((prose, nothing), (Err(LlmError::NotJson), Err(LlmError::NotJson)));
    }

    #[tokio::test]
    async fn an_overloaded_service_is_asked_again_and_a_refusal_is_not() {
        let error = |status, kind: &str| {
            let body =
                json!({"type": "error", "error": {"type": kind, "message": "…"}, "request_id": "req_1"});
            ResponseTemplate::new(status).set_body_json(body)
        };
        assert_eq!(ask(error(529, "overloaded_error"), 3).await.unwrap_err().reason(), "unexpected");
        let refused = ask(error(400, "invalid_request_error"), 1).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the provider refused the request (status 400, code invalid_request_error)"
        );
    }
}
