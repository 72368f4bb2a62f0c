//! Files in a bucket of Amazon S3.

use crate::{Key, Piece};
use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use provider::{Answer, Http, ProviderError, Retries, Url};
use sigv4::{Asked, Credentials, Signer};
use std::fmt::Write;
use std::time::Duration;

/// A bucket, and who reads and writes it.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Its region, such as `eu-west-1`.
    pub region: String,
    /// Another address than the region's own, for an emulator.
    pub endpoint: Option<String>,
    /// Who asks.
    pub credentials: Credentials,
}

#[derive(Debug)]
pub(crate) struct Client {
    signer: Signer,
    /// Scheme and host, as the address begins.
    origin: String,
    /// The host alone, as it is signed.
    host: String,
    /// What stands before the key in the path.
    prefix: String,
    http: Http,
}

/// How long one request may take with its repetitions; the largest moves 8 MiB.
const BUDGET: Duration = Duration::from_secs(25);
/// How long the address of a request of our own is good.
const OWN: SignedDuration = SignedDuration::from_mins(5);
const REPEATS: u32 = 2;

impl Client {
    pub(crate) fn new(bucket: Bucket, http: Http) -> Self {
        let Bucket { name, region, endpoint, credentials } = bucket;
        let (origin, prefix) = match endpoint {
            Some(endpoint) => (endpoint.trim_end_matches('/').to_owned(), format!("/{name}/")),
            None => (format!("https://{name}.s3.{region}.{}", sigv4::domain(&region)), "/".to_owned()),
        };
        let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host).to_owned();
        let signer = Signer::new(credentials, &region, "s3");
        Self { signer, origin, host, prefix, http }
    }

    pub(crate) fn link(
        &self,
        method: &Method,
        key: &Key,
        parameters: &[(&str, &str)],
        valid: SignedDuration,
        now: Timestamp,
    ) -> String {
        let path = format!("{}{}", self.prefix, key.as_str());
        let asked =
            Asked { method: method.as_str(), host: &self.host, path: &path, parameters, headers: &[] };
        format!("{}{path}?{}", self.origin, self.signer.query(asked, valid, now))
    }

    pub(crate) async fn put(&self, key: &Key, bytes: Bytes, now: Timestamp) -> Result<(), ProviderError> {
        let asked = Request { method: Method::PUT, key, parameters: &[], range: None, body: Some(bytes) };
        succeeded(self.send("put_object", asked, now).await?).map(drop)
    }

    pub(crate) async fn read(
        &self,
        key: &Key,
        offset: u64,
        len: usize,
        now: Timestamp,
    ) -> Result<Option<Piece>, ProviderError> {
        let last = offset + u64::try_from(len.max(1)).unwrap_or(1) - 1;
        let range = Some(format!("bytes={offset}-{last}"));
        let asked = Request { method: Method::GET, key, parameters: &[], range, body: None };
        let answer = self.send("get_object", asked, now).await?;
        let total = |answer: &Answer| {
            let range = answer.headers.get("content-range")?.to_str().ok()?;
            range.rsplit('/').next()?.parse::<u64>().ok()
        };
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::PARTIAL_CONTENT => {
                let size = total(&answer).ok_or_else(|| unexpected(&answer, "no Content-Range"))?;
                Ok(Some(Piece { bytes: answer.bytes, size }))
            }
            // Past the end.
            StatusCode::RANGE_NOT_SATISFIABLE => {
                let size = total(&answer).unwrap_or(offset);
                Ok(Some(Piece { bytes: Bytes::new(), size }))
            }
            _ => Err(refusal(&answer)),
        }
    }

    pub(crate) async fn size(&self, key: &Key, now: Timestamp) -> Result<Option<u64>, ProviderError> {
        let asked = Request { method: Method::HEAD, key, parameters: &[], range: None, body: None };
        let answer = self.send("head_object", asked, now).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = succeeded(answer)?;
        let length =
            answer.headers.get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
        length.map(Some).ok_or_else(|| unexpected(&answer, "no Content-Length"))
    }

    pub(crate) async fn delete(&self, key: &Key, now: Timestamp) -> Result<(), ProviderError> {
        let asked = Request { method: Method::DELETE, key, parameters: &[], range: None, body: None };
        succeeded(self.send("delete_object", asked, now).await?).map(drop)
    }

    pub(crate) async fn begin(&self, key: &Key, now: Timestamp) -> Result<String, ProviderError> {
        let parameters = &[("uploads", "")];
        let asked = Request { method: Method::POST, key, parameters, range: None, body: Some(Bytes::new()) };
        let answer = succeeded(self.send("create_multipart_upload", asked, now).await?)?;
        element(&answer, "UploadId").ok_or_else(|| unexpected(&answer, "no UploadId"))
    }

    pub(crate) async fn put_part(
        &self,
        key: &Key,
        upload: &str,
        number: u64,
        bytes: Bytes,
        now: Timestamp,
    ) -> Result<String, ProviderError> {
        let number = number.to_string();
        let parameters = &[("partNumber", number.as_str()), ("uploadId", upload)];
        let asked = Request { method: Method::PUT, key, parameters, range: None, body: Some(bytes) };
        let answer = succeeded(self.send("upload_part", asked, now).await?)?;
        let tag = answer.headers.get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        tag.ok_or_else(|| unexpected(&answer, "no ETag"))
    }

    pub(crate) async fn complete(
        &self,
        key: &Key,
        upload: &str,
        parts: &[(String, String)],
        now: Timestamp,
    ) -> Result<(), ProviderError> {
        let mut body =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".to_owned();
        for (number, tag) in parts {
            let tag = tag.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            // Writing to a text cannot fail.
            let _ = write!(body, "<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>");
        }
        body.push_str("</CompleteMultipartUpload>");
        let parameters = &[("uploadId", upload)];
        let body = Some(Bytes::from(body));
        let asked = Request { method: Method::POST, key, parameters, range: None, body };
        let answer = self.send("complete_multipart_upload", asked, now).await?;
        // S3 begins to answer before it knows: a failure may come with 200.
        let failed = String::from_utf8_lossy(&answer.bytes).contains("<Error>");
        match answer.status {
            StatusCode::OK if !failed => Ok(()),
            StatusCode::OK => Err(unexpected(&answer, "a failure behind 200")),
            // It was completed before, and the answer was lost.
            StatusCode::NOT_FOUND if self.size(key, now).await?.is_some() => Ok(()),
            _ => Err(refusal(&answer)),
        }
    }

    /// Sends a request, and again where that may help: none of them does more when it comes twice.
    async fn send(
        &self,
        operation: &'static str,
        asked: Request<'_>,
        now: Timestamp,
    ) -> Result<Answer, ProviderError> {
        let url = self.link(&asked.method, asked.key, asked.parameters, OWN, now);
        let url: Url = url.parse().map_err(|_| ProviderError::unsent("invalid_url"))?;
        let mut retries = Retries::new(REPEATS, BUDGET);
        loop {
            let mut request = self.http.request(asked.method.clone(), url.clone());
            if let Some(range) = &asked.range {
                request = request.header("range", range);
            }
            if let Some(body) = &asked.body {
                request = request.body(body.clone());
            }
            let result = self.http.send_json("s3", operation, request, retries.remaining()).await;
            let failed = match &result {
                Ok(answer) if answer.status.is_server_error() || answer.status.as_u16() == 429 => {
                    Some(answer.error(None, ""))
                }
                Ok(_) => None,
                Err(error) => Some(error.clone()),
            };
            match failed {
                Some(error) if error.is_retryable() && retries.wait(error.retry_after()).await => {}
                _ => return result,
            }
        }
    }
}

struct Request<'a> {
    method: Method,
    key: &'a Key,
    parameters: &'a [(&'a str, &'a str)],
    range: Option<String>,
    body: Option<Bytes>,
}

fn succeeded(answer: Answer) -> Result<Answer, ProviderError> {
    if answer.status.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
}

fn refusal(answer: &Answer) -> ProviderError {
    answer.error(element(answer, "Code").as_deref(), "")
}

fn unexpected(answer: &Answer, detail: &str) -> ProviderError {
    ProviderError::Unexpected { status: Some(answer.status.as_u16()), detail: detail.to_owned() }
}

/// The text of an element of the answer that has no elements in it.
fn element(answer: &Answer, name: &str) -> Option<String> {
    let text = std::str::from_utf8(&answer.bytes).ok()?;
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once("</")?;
    Some(text.replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests;
