//! The service as we call it.

use crate::mail::Mail;
use crate::wire;
use jiff::Timestamp;
use provider::{Answer, Http, Limits, ProviderError};
use sigv4::{Credentials, Signer};
use std::time::Duration;

const SERVICE: &str = "ses";
/// How long SES may take to accept a mail, and how much it may say to it.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(15), bytes: 64 * 1024 };

/// Amazon SES in one account and region. Clones are cheap.
///
/// What is sent is sent once. A refusal is [`ProviderError::Rejected`] with SES's name of the exception as its code,
/// and had no effect, nor had [`ProviderError::RateLimited`].
#[derive(Debug, Clone)]
pub struct Client {
    http: Http,
    base_url: String,
    signer: Signer,
    limits: Limits,
}

impl Client {
    /// The account of these credentials in this region, such as `eu-west-1`. `endpoint` is another address than the
    /// region's own, for a stand-in: without `/v2`.
    pub fn new(http: Http, region: &str, endpoint: Option<&str>, credentials: Credentials) -> Self {
        let own = || format!("https://email.{region}.amazonaws.com");
        Self {
            http,
            base_url: endpoint.map_or_else(own, str::to_owned),
            signer: Signer::new(credentials, region, "ses"),
            limits: LIMITS,
        }
    }

    /// Sends a mail, signed as of `now`, and answers SES's id of it. It is sent once, for SES knows no idempotency:
    /// where the error says `effect_unknown`, wait for an event with the mail's tag.
    ///
    /// A mail beyond the limits ([`Mail::check`]) is not sent: `Rejected` with the code `over_limit`.
    pub async fn send(&self, mail: &Mail, now: Timestamp) -> Result<String, ProviderError> {
        mail.check().map_err(|_| ProviderError::unsent("over_limit"))?;
        let url = provider::url(&self.base_url, &["v2", "email", "outbound-emails"])?;
        let body = serde_json::to_vec(&wire::SendEmail::from(mail))
            .map_err(|_| ProviderError::unsent("invalid_request"))?;
        let headers = [("content-type", "application/json")];
        let request = self.signer.post(&self.http, url, &headers, body, now);
        let answer = self.http.send(SERVICE, "send_email", request, self.limits).await?;
        if answer.status.is_success() { accepted(&answer) } else { Err(sigv4::refusal(&answer)) }
    }
}

/// SES's id of the mail. Without one, the mail may yet have been sent.
fn accepted(answer: &Answer) -> Result<String, ProviderError> {
    let sent: wire::Sent = answer.json()?;
    sent.message_id.filter(|id| !id.is_empty()).ok_or_else(|| ProviderError::Unexpected {
        status: Some(answer.status.as_u16()),
        detail: "a mail without MessageId".to_owned(),
    })
}

#[cfg(test)]
mod tests;
