//! OpenAI's embeddings: what a text means, as a direction.

use crate::{LlmError, openai};
use provider::{Http, Retries, Secret};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// How many numbers a vector is asked to have, of a model that can shorten its own.
const DIMENSIONS: u32 = 256;
/// How much of a text is embedded, in characters: well below 8,192 tokens in any script.
const TEXT_MAX: usize = 6_000;
const RETRIES: u32 = 1;

/// An embedding model at OpenAI, or at a server that speaks its embeddings. Clones are cheap.
#[derive(Debug, Clone)]
pub struct Embeddings {
    http: Http,
    base_url: String,
    key: Secret,
    model: String,
}

/// What a text means.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// The direction.
    pub vector: Vec<f32>,
    /// The model as it was asked for: vectors of two models cannot be compared.
    pub model: String,
    /// Tokens read.
    pub tokens: u64,
}

impl Embeddings {
    /// A model; `base_url` includes `/v1`.
    pub fn openai(http: Http, base_url: &str, key: Secret, model: &str) -> Self {
        Self { http, base_url: base_url.to_owned(), key, model: model.to_owned() }
    }

    /// What a text means; of a long text its first 6,000 characters. Asked again once, within `patience` in all.
    pub async fn embed(&self, text: &str, patience: Duration) -> Result<Embedded, LlmError> {
        let mut retries = Retries::new(RETRIES, patience);
        loop {
            match self.ask(text, retries.remaining()).await {
                Err(error) if error.is_retryable() && retries.wait(error.retry_after()).await => {}
                result => return result,
            }
        }
    }

    async fn ask(&self, text: &str, timeout: Duration) -> Result<Embedded, LlmError> {
        let url = provider::url(&self.base_url, &["embeddings"])?;
        let post = self.http.post(url).bearer_auth(self.key.expose()).json(&self.body(text));
        let answer = self.http.send_json("openai", "embedding", post, timeout).await?;
        if !answer.status.is_success() {
            return Err(openai::error(&answer).into());
        }
        let List { data, usage } = answer.json()?;
        let vector = data.into_iter().next().map(|item| item.embedding).unwrap_or_default();
        if vector.is_empty() {
            return Err(LlmError::NotJson);
        }
        Ok(Embedded { vector, model: self.model.clone(), tokens: usage.unwrap_or_default().total_tokens })
    }

    fn body(&self, text: &str) -> Value {
        let text: String = text.chars().take(TEXT_MAX).collect();
        let mut body = json!({"model": self.model, "input": [text], "encoding_format": "float"});
        // Other models answer 400 to a wish for a length.
        if self.model.starts_with("text-embedding-3") {
            body["dimensions"] = DIMENSIONS.into();
        }
        body
    }
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    data: Vec<Item>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Item {
    embedding: Vec<f32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Usage {
    total_tokens: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use wiremock::matchers::{any, header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    const PATIENCE: Duration = Duration::from_secs(5);

    fn model(server: &MockServer, model: &str) -> Embeddings {
        Embeddings::openai(Http::new(), &format!("{}/v1", server.uri()), Secret::new("sk-1"), model)
    }

    async fn ask(response: ResponseTemplate, times: u64) -> Result<Embedded, LlmError> {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(response).expect(times).mount(&server).await;
        model(&server, "text-embedding-3-small").embed("a", PATIENCE).await
    }

    #[tokio::test]
    async fn a_text_is_asked_about_in_their_words() {
        let server = MockServer::start().await;
        let list = json!({"object": "list", "model": "text-embedding-3-small-v1",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1, 0.25]}],
            "usage": {"prompt_tokens": 3, "total_tokens": 3}});
        Mock::given(method("POST"))
            .and(path("/v1/embeddings"))
            .and(header("authorization", "Bearer sk-1"))
            .respond_with(ResponseTemplate::new(200).set_body_json(list))
            .expect(1)
            .mount(&server)
            .await;
        let model = model(&server, "text-embedding-3-small");
        let embedded = model.embed(&"\u{9b9}".repeat(7_000), PATIENCE).await.unwrap();
        assert_eq!((embedded.vector, embedded.tokens), (vec![0.5, -1.0, 0.25], 3));
        assert_eq!(embedded.model, "text-embedding-3-small");
        let sent: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
        assert_eq!((&sent["dimensions"], &sent["encoding_format"]), (&json!(256), &json!("float")));
        assert_eq!(sent["input"][0].as_str().unwrap().chars().count(), TEXT_MAX);
        let other = Embeddings { model: "nomic-embed".to_owned(), ..model };
        assert!(other.body("a").get("dimensions").is_none());
    }

    #[tokio::test]
    async fn what_is_no_vector_is_an_error() {
        let ok = |body: Value| ResponseTemplate::new(200).set_body_json(body);
        assert_eq!(ask(ok(json!({"data": []})), 2).await, Err(LlmError::NotJson));
        let key = json!({"error": {"message": "no", "code": "invalid_api_key"}});
        let error = ask(ResponseTemplate::new(401).set_body_json(key), 1).await.unwrap_err();
        assert!(!error.is_retryable());
        assert!(ask(ResponseTemplate::new(500), 2).await.is_err());
    }
}
