//! The service as we call it.

use crate::media::Media;
use crate::open_enum::open_enum;
use crate::outgoing::Outgoing;
use crate::{Consequence, convert, error, wire};
use bytes::Bytes;
use provider::{Answer, Http, Limits, ProviderError, RequestBuilder, Retries, Secret, Url};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

const SERVICE: &str = "whatsapp";
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const READ_BUDGET: Duration = Duration::from_secs(20);
const SEND_TIMEOUT: Duration = Duration::from_secs(15);
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(20);

/// One business number at the Graph API. Clones are cheap.
///
/// Reads are repeated up to twice within 20 s when that can help; everything else is sent once. An error body of the
/// Graph API means that nothing was done, but where the service fails and does not know of what; `Rejected` then has its
/// code ([`graph_code`](crate::graph_code)), and [`Consequence::of_error`] says what it asks for.
#[derive(Debug, Clone)]
pub struct Client {
    http: Http,
    base_url: String,
    version: String,
    phone_number_id: String,
    access_token: Secret,
    send_timeout: Duration,
}

/// A message that Meta has accepted. Whether it arrives is told by the statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Meta's id of the message, `wamid.…`.
    pub message_id: String,
    /// The person's number at WhatsApp in digits, if it was told. It need not be the one that was written to.
    pub wa_id: Option<String>,
    /// The person's business-scoped user id, if it was told.
    pub user_id: Option<String>,
    /// What became of a template at first, if it was told.
    pub message_status: Option<AcceptedStatus>,
}

open_enum! {
    /// What becomes of a template that was accepted.
    AcceptedStatus {
        /// It is on its way.
        Accepted = "accepted",
        /// It waits until the first ones of its template were judged.
        HeldForQualityAssessment = "held_for_quality_assessment",
        /// Its template is paused.
        Paused = "paused",
    }
}

impl Client {
    /// The version of the Graph API that this crate was written for.
    pub const VERSION: &str = "v26.0";

    /// The number of this id. `base_url` is without version, such as `https://graph.facebook.com`; `version` is
    /// such as [`Client::VERSION`].
    pub fn new(
        http: Http,
        base_url: &str,
        version: &str,
        phone_number_id: &str,
        access_token: Secret,
    ) -> Self {
        Self {
            http,
            base_url: base_url.to_owned(),
            version: version.to_owned(),
            phone_number_id: phone_number_id.to_owned(),
            access_token,
            send_timeout: SEND_TIMEOUT,
        }
    }

    /// Sends a message. It is sent once, for Meta knows no idempotency: where the error says `effect_unknown`, wait
    /// for a status with the message's `callback_data`.
    ///
    /// A message beyond Meta's limits ([`Outgoing::check`]) is not sent: `Rejected` with the code `over_limit`.
    pub async fn send(&self, message: &Outgoing) -> Result<Accepted, ProviderError> {
        message.check().map_err(|_| ProviderError::unsent("over_limit"))?;
        let answer = self.post("send_message", &wire::Message::from(message)).await?;
        read(&answer, convert::accepted)
    }

    /// Marks a message of theirs as read, and the earlier ones with it. With `typing`, they see that somebody types,
    /// until the next message and at most 25 s. Sent once.
    pub async fn mark_read(&self, message_id: &str, typing: bool) -> Result<(), ProviderError> {
        let answer = self.post("mark_read", &convert::read(message_id, typing)).await?;
        let marked = read(&answer, |body| body["success"].as_bool())?;
        if marked { Ok(()) } else { Err(answer.refusal(Some("not_marked"), "")) }
    }

    /// Where a file is found. The address is good for about five minutes; after that, ask again.
    pub async fn media(&self, media_id: &str) -> Result<Media, ProviderError> {
        let answer = self.get("get_media", self.url(&[media_id])?, Limits::of(READ_TIMEOUT)).await?;
        read(&answer, |body| convert::found_media(media_id, body))
    }

    /// The bytes of a file, at most `limit` of them. A file that says it is larger is not fetched: `Rejected` with
    /// the code `too_large`; one that turns out to be is `Unexpected`.
    ///
    /// The token goes with the request, so only to an `https` address or to the service's own (`insecure_url`).
    pub async fn download(&self, media: &Media, limit: usize) -> Result<Bytes, ProviderError> {
        if media.file_size.is_some_and(|size| usize::try_from(size).map_or(true, |size| size > limit)) {
            return Err(ProviderError::unsent("too_large"));
        }
        let url = Url::parse(&media.url).map_err(|_| ProviderError::unsent("invalid_url"))?;
        if url.scheme() != "https" && url.origin() != self.url(&[])?.origin() {
            return Err(ProviderError::unsent("insecure_url"));
        }
        let limits = Limits { timeout: DOWNLOAD_TIMEOUT, bytes: limit };
        Ok(self.get("download_media", url, limits).await?.bytes)
    }

    fn url(&self, segments: &[&str]) -> Result<Url, ProviderError> {
        provider::url(&self.base_url, &[&[self.version.as_str()], segments].concat())
    }

    async fn post<T: Serialize>(&self, operation: &'static str, body: &T) -> Result<Answer, ProviderError> {
        let request = self.http.post(self.url(&[&self.phone_number_id, "messages"])?).json(body);
        self.exchange(operation, request, Limits::of(self.send_timeout)).await
    }

    async fn get(&self, operation: &'static str, url: Url, limits: Limits) -> Result<Answer, ProviderError> {
        let mut retries = Retries::new(2, READ_BUDGET);
        loop {
            let limits = Limits { timeout: limits.timeout.min(retries.remaining()), ..limits };
            match self.exchange(operation, self.http.get(url.clone()), limits).await {
                Err(error) if passes(&error) && retries.wait(error.retry_after()).await => {}
                result => return result,
            }
        }
    }

    async fn exchange(
        &self,
        operation: &'static str,
        request: RequestBuilder,
        limits: Limits,
    ) -> Result<Answer, ProviderError> {
        let request = request.bearer_auth(self.access_token.expose());
        let answer = self.http.send(SERVICE, operation, request, limits).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(error::read(&answer)) }
    }
}

/// Whether a read may be tried again: as the error says, or as the Graph API's code does.
fn passes(error: &ProviderError) -> bool {
    error.is_retryable() || Consequence::of_error(error) == Some(Consequence::Retry)
}

/// What a success holds. One that holds something else may yet have had its effect, unless it is an error in a
/// success's clothes.
fn read<T>(answer: &Answer, find: impl Fn(&Value) -> Option<T>) -> Result<T, ProviderError> {
    let body: Value = answer.json()?;
    find(&body).ok_or_else(|| {
        error::graph(answer).unwrap_or_else(|| ProviderError::Unexpected {
            status: Some(answer.status.as_u16()),
            detail: "the answer lacks what it should hold".to_owned(),
        })
    })
}

#[cfg(test)]
mod tests;
