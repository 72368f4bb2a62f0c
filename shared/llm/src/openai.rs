//! OpenAI's chat completions.

use crate::{Completion, LlmError, Request, parse_json};
use provider::{Answer, Http, ProviderError, Secret};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// A model at OpenAI.
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
        let url = provider::url(&self.base_url, &["chat", "completions"])?;
        let post = self.http.post(url).bearer_auth(self.key.expose()).json(&self.body(request));
        let answer = self.http.send_json("openai", "chat_completion", post, timeout).await?;
        if !answer.status.is_success() {
            return Err(error(&answer).into());
        }
        self.read(answer.json()?)
    }

    fn body(&self, request: &Request) -> Value {
        let mut body = json!({
            "model": self.model,
            "messages": [
                {"role": "developer", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            "response_format": {"type": "json_schema", "json_schema": {
                "name": request.schema_name,
                "strict": true,
                "schema": request.schema,
            }},
            "max_completion_tokens": request.max_output_tokens,
            "store": false,
        });
        if can_skip_thinking(&self.model) {
            body["reasoning_effort"] = "none".into();
        }
        body
    }

    fn read(&self, answer: Chat) -> Result<Completion, LlmError> {
        let choice = answer.choices.into_iter().next().ok_or(LlmError::NotJson)?;
        if choice.message.refusal.is_some() || choice.finish_reason.as_deref() == Some("content_filter") {
            return Err(LlmError::Refused);
        }
        if choice.finish_reason.as_deref() == Some("length") {
            return Err(LlmError::Truncated);
        }
        let usage = answer.usage.unwrap_or_default();
        Ok(Completion {
            json: parse_json(&choice.message.content.unwrap_or_default())?,
            model: answer.model.unwrap_or_else(|| self.model.clone()),
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
        })
    }
}

/// Whether the model thinks unless it is told not to, and can be told. Our questions are extractions that
/// gain little from thoughts, which cost time and count as output. `gpt-6-luna` thinks at `medium` by default
/// and takes `none`; its larger siblings answer 400 to `none`, and older models to the field itself.
fn can_skip_thinking(model: &str) -> bool {
    model.starts_with("gpt-6-luna")
}

/// `{"error": {"message", "type", "param", "code"}}`. A 429 for an empty account is a refusal: waiting does
/// not fill it.
pub(crate) fn error(answer: &Answer) -> ProviderError {
    let body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    let error = &body["error"];
    let code = error["code"].as_str().or(error["type"].as_str());
    let message = error["message"].as_str().unwrap_or_default();
    let unpaid = ["code", "type"]
        .iter()
        .any(|key| matches!(error[*key].as_str(), Some("insufficient_quota" | "credit_balance_exhausted")));
    if unpaid { answer.refusal(code, message) } else { answer.error(code, message) }
}

#[derive(Deserialize)]
struct Chat {
    model: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    finish_reason: Option<String>,
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Llm, a_request};
    use wiremock::matchers::{any, header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    fn llm(server: &MockServer) -> Llm {
        Llm::openai(Http::new(), &format!("{}/v1", server.uri()), Secret::new("sk-1"), None)
    }

    fn chat(choice: Value) -> Value {
        json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-6-luna-2026-09-01",
            "choices": [choice], "service_tier": "default", "system_fingerprint": null,
            "usage": {"prompt_tokens": 31, "completion_tokens": 7, "total_tokens": 38,
                "completion_tokens_details": {"reasoning_tokens": 0}}})
    }

    fn said(content: &str) -> Value {
        let message = json!({"role": "assistant", "content": content, "refusal": null});
        chat(json!({"index": 0, "finish_reason": "stop", "message": message}))
    }

    /// What comes of an answer that is given `times`.
    async fn ask(response: ResponseTemplate, times: u64) -> Result<Completion, LlmError> {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(response).expect(times).mount(&server).await;
        llm(&server).complete_json(&a_request()).await
    }

    fn ok(body: Value) -> ResponseTemplate {
        ResponseTemplate::new(200).set_body_json(body)
    }

    fn body(model: &str) -> Value {
        Client::new(Http::new(), "http://localhost/v1", Secret::new("sk-1"), model).body(&a_request())
    }

    #[test]
    fn the_question_is_put_in_their_words() {
        let body = body(Llm::OPENAI_MODEL);
        assert_eq!(body["model"], "gpt-6-luna");
        assert_eq!(body["messages"][0], json!({"role": "developer", "content": "Score the lead."}));
        assert_eq!(body["messages"][1], json!({"role": "user", "content": "Need three rooms by March."}));
        let format = &body["response_format"];
        assert_eq!(format["type"], "json_schema");
        assert_eq!(
            (&format["json_schema"]["name"], &format["json_schema"]["strict"]),
            (&json!("lead_score"), &json!(true))
        );
        assert_eq!(format["json_schema"]["schema"], a_request().schema);
        assert_eq!((&body["max_completion_tokens"], &body["store"]), (&json!(400), &json!(false)));
    }

    #[test]
    fn only_a_model_that_can_is_told_not_to_think() {
        assert_eq!(body("gpt-6-luna-2026-09-01")["reasoning_effort"], "none");
        for model in ["gpt-6-astra", "gpt-6.1-sol", "gpt-4.1-mini", "local"] {
            assert!(body(model).get("reasoning_effort").is_none(), "{model}");
        }
    }

    #[tokio::test]
    async fn an_answer_is_read() {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/v1/chat/completions"))
            .and(header("authorization", "Bearer sk-1"))
            .respond_with(ok(said("{\"score\": 80}")))
            .expect(1)
            .mount(&server)
            .await;
        let completion = llm(&server).complete_json(&a_request()).await.unwrap();
        assert_eq!(completion.json, json!({"score": 80}));
        assert_eq!(completion.model, "gpt-6-luna-2026-09-01");
        assert_eq!((completion.input_tokens, completion.output_tokens), (31, 7));
    }

    #[tokio::test]
    async fn a_refusal_and_a_cut_answer_are_final() {
        let message = json!({"role": "assistant", "content": null, "refusal": "I cannot."});
        let refused = chat(json!({"finish_reason": "stop", "message": message}));
        assert_eq!(ask(ok(refused), 1).await, Err(LlmError::Refused));
        let filtered = chat(json!({"finish_reason": "content_filter", "message": {"content": null}}));
        assert_eq!(ask(ok(filtered), 1).await, Err(LlmError::Refused));
        let cut = chat(json!({"finish_reason": "length", "message": {"content": "{\"score\": 8"}}));
        assert_eq!(ask(ok(cut), 1).await, Err(LlmError::Truncated));
    }

    #[tokio::test]
    async fn an_answer_without_json_is_asked_for_again() {
        let (prose, nothing, no_choice) = tokio::join!(
            ask(ok(said("It is 80.")), 3),
            ask(ok(said("")), 3),
            ask(ok(json!({"choices": []})), 3)
        );
        assert_eq!(
            [prose, nothing, no_choice],
            [Err(LlmError::NotJson), Err(LlmError::NotJson), Err(LlmError::NotJson)]
        );
    }

    #[tokio::test]
    async fn an_empty_account_is_not_asked_again() {
        let quota = json!({"error": {"message": "You exceeded your quota.", "type": "insufficient_quota",
            "param": null, "code": "insufficient_quota"}});
        let error = ask(ResponseTemplate::new(429).set_body_json(quota), 1).await.unwrap_err();
        assert_eq!((error.reason(), error.is_retryable()), ("rejected", false));
        let key = json!({"error": {"message": "Wrong key sk-1", "code": "invalid_api_key"}});
        let error = ask(ResponseTemplate::new(401).set_body_json(key), 1).await.unwrap_err();
        assert_eq!(error.to_string(), "the provider refused the request (status 401, code invalid_api_key)");
    }

    #[tokio::test]
    async fn a_busy_service_is_asked_again() {
        let limit = json!({"error": {"message": "slow", "type": "requests", "code": "rate_limit_exceeded"}});
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "0").set_body_json(&limit))
            .up_to_n_times(1)
            .expect(1)
            .mount(&server)
            .await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(503))
            .up_to_n_times(1)
            .expect(1)
            .mount(&server)
            .await;
        Mock::given(any()).respond_with(ok(said("{}"))).expect(1).mount(&server).await;
        assert_eq!(llm(&server).complete_json(&a_request()).await.unwrap().json, json!({}));

        let long = ResponseTemplate::new(429).insert_header("retry-after", "60").set_body_json(limit);
        let error = ask(long, 1).await.unwrap_err();
        assert_eq!((error.reason(), error.retry_after()), ("rate_limited", Some(Duration::from_mins(1))));
    }
}
