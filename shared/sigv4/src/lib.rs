//! What AWS's services have in common that are called without their SDK: Signature Version 4, and error bodies
//! ([`refusal`]).
//!
//! A [`Signer`] signs for one service in one region: in the headers of a request ([`Signer::headers`],
//! [`Signer::post`]), or in the query of an address that is handed out ([`Signer::query`]).

mod refusal;

pub use refusal::refusal;

use jiff::{SignedDuration, Timestamp};
use provider::{Http, RequestBuilder, Secret, Url, sha256_hex};
use ring::hmac;
use std::fmt::Write;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DIGEST_HEADER: &str = "x-amz-content-sha256";

/// The domain under which a region has its services.
pub fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The access key's id.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: Secret,
    /// The token of a temporary access key.
    pub session_token: Option<Secret>,
}

/// Who signs, for one service in one region. Nothing is sent before somebody sends it.
#[derive(Debug, Clone)]
pub struct Signer {
    credentials: Credentials,
    region: String,
    service: &'static str,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The `Host` header, with the port where it is not the scheme's own.
    pub host: &'a str,
    /// The path as it is sent: its segments escaped.
    pub path: &'a str,
    /// The query's parameters, not escaped, in any order.
    pub parameters: &'a [(&'a str, &'a str)],
    /// The headers that are signed beside `Host` and the signature's own, each of them once.
    pub headers: &'a [(&'a str, &'a str)],
}

impl Signer {
    /// Signs for `service`, by the name that it has in signatures: `s3`, `ses`.
    pub fn new(credentials: Credentials, region: &str, service: &'static str) -> Self {
        Self { credentials, region: region.to_owned(), service }
    }

    /// The query that lets whoever has it do this for as long as it is `valid`, counted in seconds from `at`. It
    /// holds the parameters; the body is not signed.
    pub fn query(&self, asked: Asked<'_>, valid: SignedDuration, at: Timestamp) -> String {
        let headers = canonical_headers(&asked, &[]);
        let credential = format!("{}/{}", self.credentials.access_key, self.scope(at));
        let (instant, seconds) = (instant(at), valid.as_secs().to_string());
        let names = names(&headers);
        let mut parameters = vec![
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &instant),
            ("X-Amz-Expires", &seconds),
            ("X-Amz-SignedHeaders", &names),
        ];
        parameters.extend(self.token().map(|token| ("X-Amz-Security-Token", token)));
        parameters.extend(asked.parameters);
        let query = canonical_query(&parameters);
        let signature = self.signature(&asked, &query, &headers, "UNSIGNED-PAYLOAD", at);
        format!("{query}&X-Amz-Signature={signature}")
    }

    /// The headers that a request with this body needs beside those that are asked with: `x-amz-date`,
    /// `authorization`, `x-amz-security-token` if the access key is a temporary one, and `x-amz-content-sha256` if
    /// the service is S3.
    pub fn headers(&self, asked: Asked<'_>, body: &[u8], at: Timestamp) -> Vec<(&'static str, String)> {
        let digest = sha256_hex(body);
        let mut own = vec![("x-amz-date", instant(at))];
        own.extend(self.token().map(|token| ("x-amz-security-token", token.to_owned())));
        if self.service == "s3" {
            own.push((DIGEST_HEADER, digest.clone()));
        }
        let headers = canonical_headers(&asked, &own);
        let signature = self.signature(&asked, &canonical_query(asked.parameters), &headers, &digest, at);
        let (access_key, scope) = (&self.credentials.access_key, self.scope(at));
        let authorization = format!(
            "{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={}, Signature={signature}",
            names(&headers)
        );
        own.push(("authorization", authorization));
        own
    }

    /// Begins a signed `POST` of this body to an address without a query.
    pub fn post(
        &self,
        http: &Http,
        url: Url,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        at: Timestamp,
    ) -> RequestBuilder {
        let host = url.host_str().unwrap_or_default();
        // `port` is none where it is the scheme's own, and then the `Host` header has none either.
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let asked = Asked { method: "POST", host: &host, path: url.path(), parameters: &[], headers };
        let own = self.headers(asked, &body, at);
        let request =
            headers.iter().fold(http.post(url), |request, (name, value)| request.header(*name, *value));
        own.into_iter().fold(request, |request, (name, value)| request.header(name, value)).body(body)
    }

    fn token(&self) -> Option<&str> {
        self.credentials.session_token.as_ref().map(Secret::expose)
    }

    /// What the signature is good for.
    fn scope(&self, at: Timestamp) -> String {
        format!("{}/{}/{}/aws4_request", day(at), self.region, self.service)
    }

    /// The signature of the canonical request. `query` and `headers` are in their canonical forms, `payload` is the
    /// body's digest or what stands for it.
    fn signature(
        &self,
        asked: &Asked<'_>,
        query: &str,
        headers: &[(String, String)],
        payload: &str,
        at: Timestamp,
    ) -> String {
        let lines: String = headers.iter().flat_map(|(name, value)| [name, ":", value, "\n"]).collect();
        let (method, path, names) = (asked.method, asked.path, names(headers));
        let request = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}");
        let (instant, scope) = (instant(at), self.scope(at));
        let text = format!("{ALGORITHM}\n{instant}\n{scope}\n{}", sha256_hex(request.as_bytes()));
        let secret = format!("AWS4{}", self.credentials.secret_key.expose());
        let key = [&day(at), &self.region, self.service, "aws4_request"]
            .into_iter()
            .fold(secret.into_bytes(), |key, part| mac(&key, part));
        hex::encode(mac(&key, &text))
    }
}

/// All but letters, digits and `-._~` as a signature wants it.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// By name and then by value, both escaped.
fn canonical_query(parameters: &[(&str, &str)]) -> String {
    let mut escaped: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (escaped(name), escaped(value))).collect();
    escaped.sort();
    escaped.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// All that are signed, by name in lower case; of spaces in a value only single ones within it count.
fn canonical_headers(asked: &Asked<'_>, own: &[(&'static str, String)]) -> Vec<(String, String)> {
    let own = own.iter().map(|(name, value)| (*name, value.as_str()));
    let all = [("host", asked.host)].into_iter().chain(asked.headers.iter().copied()).chain(own);
    let plain = |value: &str| value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut headers: Vec<(String, String)> =
        all.map(|(name, value)| (name.to_ascii_lowercase(), plain(value))).collect();
    headers.sort();
    headers
}

fn names(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";")
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y%m%d").to_string()
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests;
