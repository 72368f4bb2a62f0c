//! The service as we call it.

use crate::message::TextMessage;
use crate::wire;
use jiff::Timestamp;
use provider::{Answer, Http, Limits, ProviderError};
use sigv4::{Credentials, Signer};
use std::time::Duration;

const SERVICE: &str = "sms";
/// How long the service may take to accept a message, and how much it may say to it.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(15), bytes: 64 * 1024 };

/// AWS End User Messaging SMS in one account and region. Clones are cheap.
///
/// What is sent is sent once. A refusal is [`ProviderError::Rejected`] with the exception's name as its code and, behind
/// a dot, its reason (`ConflictException.DESTINATION_PHONE_NUMBER_OPTED_OUT`), cut at 64 characters. It had no effect,
/// nor had [`ProviderError::RateLimited`].
#[derive(Debug, Clone)]
pub struct Client {
    http: Http,
    base_url: String,
    signer: Signer,
    limits: Limits,
}

impl Client {
    /// The account of these credentials in this region, such as `eu-west-1`. `endpoint` is another address than the
    /// region's own, for a stand-in.
    pub fn new(http: Http, region: &str, endpoint: Option<&str>, credentials: Credentials) -> Self {
        let own = || format!("https://sms-voice.{region}.amazonaws.com");
        Self {
            http,
            base_url: endpoint.map_or_else(own, str::to_owned),
            signer: Signer::new(credentials, region, "sms-voice"),
            limits: LIMITS,
        }
    }

    /// Sends a message, signed as of `now`, and answers the service's id of it. It is sent once, for the service knows
    /// no idempotency: where the error says `effect_unknown`, wait for an event with the message's context.
    ///
    /// A message beyond the limits ([`TextMessage::check`]) is not sent: `Rejected` with the code `over_limit`.
    pub async fn send(&self, message: &TextMessage, now: Timestamp) -> Result<String, ProviderError> {
        message.check().map_err(|_| ProviderError::unsent("over_limit"))?;
        let url = provider::url(&self.base_url, &[])?;
        let body = serde_json::to_vec(&wire::SendTextMessage::from(message))
            .map_err(|_| ProviderError::unsent("invalid_request"))?;
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "PinpointSMSVoiceV2.SendTextMessage"),
        ];
        let request = self.signer.post(&self.http, url, &headers, body, now);
        let answer = self.http.send(SERVICE, "send_text_message", request, self.limits).await?;
        if answer.status.is_success() { accepted(&answer) } else { Err(sigv4::refusal(&answer)) }
    }
}

/// The service's id of the message. Without one, the message may yet have been sent.
fn accepted(answer: &Answer) -> Result<String, ProviderError> {
    let sent: wire::Sent = answer.json()?;
    sent.message_id.filter(|id| !id.is_empty()).ok_or_else(|| ProviderError::Unexpected {
        status: Some(answer.status.as_u16()),
        detail: "a text message without MessageId".to_owned(),
    })
}

#[cfg(test)]
mod tests;
