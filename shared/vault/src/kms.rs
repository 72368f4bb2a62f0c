//! The AWS Key Management Service, as far as a vault needs it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::TenantId;
use jiff::Timestamp;
use provider::{Answer, Http, ProviderError, Retries};
use serde_json::{Value, json};
use sigv4::{Credentials, Signer};
use std::time::Duration;

/// How to reach a KMS key.
#[derive(Debug, Clone)]
pub struct Kms {
    /// The key's id or ARN.
    pub key_id: String,
    /// The region.
    pub region: String,
    /// Another address than the region's own.
    pub endpoint: Option<String>,
    /// Who asks.
    pub credentials: Credentials,
    /// What carries the requests.
    pub http: Http,
}

pub(crate) const GENERATE: &str = "GenerateDataKeyWithoutPlaintext";
pub(crate) const DECRYPT: &str = "Decrypt";
/// How long a request may take with its repetitions.
const BUDGET: Duration = Duration::from_secs(5);
const REPEATS: u32 = 2;

#[derive(Debug)]
pub(crate) struct Client {
    key_id: String,
    base_url: String,
    signer: Signer,
    http: Http,
}

impl Client {
    pub(crate) fn new(kms: Kms) -> Self {
        let Kms { key_id, region, endpoint, credentials, http } = kms;
        let own = || format!("https://kms.{region}.{}", sigv4::domain(&region));
        let base_url = endpoint.unwrap_or_else(own);
        Self { key_id, base_url, signer: Signer::new(credentials, &region, "kms"), http }
    }

    /// A fresh key of 256 bits for the tenant, wrapped; base64.
    pub(crate) async fn wrapped_key(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<String, ProviderError> {
        let asked =
            json!({"KeyId": self.key_id, "KeySpec": "AES_256", "EncryptionContext": {"tenant": tenant}});
        let answer = self.ask(GENERATE, &asked, now).await?;
        text_in(&answer, "CiphertextBlob")
    }

    /// The key in the clear.
    pub(crate) async fn unwrap(
        &self,
        tenant: &TenantId,
        wrapped: &str,
        now: Timestamp,
    ) -> Result<Vec<u8>, ProviderError> {
        let asked = json!({
            "KeyId": self.key_id,
            "CiphertextBlob": wrapped,
            "EncryptionContext": {"tenant": tenant},
        });
        let answer = self.ask(DECRYPT, &asked, now).await?;
        let key = text_in(&answer, "Plaintext")?;
        STANDARD.decode(key).map_err(|_| unexpected(&answer, "no key"))
    }

    /// Asks, and again where that may help: neither operation does more when it comes twice.
    async fn ask(
        &self,
        operation: &'static str,
        asked: &Value,
        now: Timestamp,
    ) -> Result<Answer, ProviderError> {
        let url = provider::url(&self.base_url, &[])?;
        let target = format!("TrentService.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        let body = asked.to_string().into_bytes();
        let mut retries = Retries::new(REPEATS, BUDGET);
        loop {
            let request = self.signer.post(&self.http, url.clone(), &headers, body.clone(), now);
            let failed = match self.http.send_json("kms", operation, request, retries.remaining()).await {
                Ok(answer) if answer.status.is_success() => return Ok(answer),
                Ok(answer) => sigv4::refusal(&answer),
                Err(error) => error,
            };
            if !failed.is_retryable() || !retries.wait(failed.retry_after()).await {
                return Err(failed);
            }
        }
    }
}

fn text_in(answer: &Answer, name: &str) -> Result<String, ProviderError> {
    match answer.json::<Value>()?.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(unexpected(answer, "a field is missing")),
    }
}

fn unexpected(answer: &Answer, detail: &str) -> ProviderError {
    ProviderError::Unexpected { status: Some(answer.status.as_u16()), detail: detail.to_owned() }
}
