//! AWS Signature Version 4 in the query of an address, payload unsigned.

use jiff::Timestamp;
use provider::Secret;
use ring::{digest, hmac};
use std::fmt::Write;

/// Who signs, and for which region.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    pub(crate) access_key: String,
    pub(crate) secret_key: Secret,
    pub(crate) session_token: Option<String>,
    pub(crate) region: String,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    /// The `Host` header, with the port where it is not the scheme's own.
    pub(crate) host: &'a str,
    /// The path, its segments escaped.
    pub(crate) path: &'a str,
    pub(crate) parameters: &'a [(&'a str, &'a str)],
}

impl Signer {
    /// The query that lets whoever has it do this within `seconds` from `at`.
    pub(crate) fn query(&self, asked: Asked<'_>, seconds: i64, at: Timestamp) -> String {
        let (day, instant) = (at.strftime("%Y%m%d").to_string(), at.strftime("%Y%m%dT%H%M%SZ").to_string());
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let credential = format!("{}/{scope}", self.access_key);
        let seconds = seconds.to_string();
        let mut parameters = vec![
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &instant),
            ("X-Amz-Expires", &seconds),
            ("X-Amz-SignedHeaders", "host"),
        ];
        parameters.extend(self.session_token.as_deref().map(|token| ("X-Amz-Security-Token", token)));
        parameters.extend(asked.parameters);
        let mut query: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        query.sort();
        let query = query.join("&");
        let Asked { method, host, path, .. } = asked;
        let canonical = format!("{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
        let canonical = hex::encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{instant}\n{scope}\n{canonical}");
        let secret = format!("AWS4{}", self.secret_key.expose());
        let key = [day.as_str(), &self.region, "s3", "aws4_request"]
            .into_iter()
            .fold(secret.into_bytes(), |key, part| mac(&key, part));
        format!("{query}&X-Amz-Signature={}", hex::encode(mac(&key, &text)))
    }
}

pub(crate) fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// All but letters, digits and `-._~` as the signature wants it.
pub(crate) fn escaped(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer {
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
            region: "us-east-1".to_owned(),
        }
    }

    /// The example of the page on query parameters in Amazon's S3 API reference.
    #[test]
    fn the_published_example_holds() {
        let asked = Asked {
            method: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path: "/test.txt",
            parameters: &[],
        };
        let query = signer().query(asked, 86_400, "2013-05-24T00:00:00Z".parse().unwrap());
        let (signed, signature) = query.split_once("&X-Amz-Signature=").unwrap();
        assert_eq!(signature, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
        assert_eq!(
            signed,
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F\
             aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        );
    }

    #[test]
    fn whatever_is_asked_otherwise_is_signed_otherwise() {
        let at = "2013-05-24T00:00:00Z".parse().unwrap();
        let asked = Asked { method: "GET", host: "h", path: "/k", parameters: &[] };
        let mut with_token = signer();
        with_token.session_token = Some("a/b+c=".to_owned());
        let mut queries = vec![
            signer().query(asked, 60, at),
            signer().query(asked, 61, at),
            signer().query(Asked { method: "PUT", ..asked }, 60, at),
            signer().query(Asked { host: "i", ..asked }, 60, at),
            signer().query(Asked { path: "/l", ..asked }, 60, at),
            signer().query(Asked { parameters: &[("uploads", "")], ..asked }, 60, at),
            with_token.query(asked, 60, at),
        ];
        assert!(queries[6].contains("X-Amz-Security-Token=a%2Fb%2Bc%3D"));
        assert!(queries[5].contains("&uploads=&"), "parameters are sorted with the others");
        let signature = |query: &String| query.rsplit('=').next().unwrap().to_owned();
        queries.sort_by_key(signature);
        queries.dedup_by_key(|query| signature(query));
        assert_eq!(queries.len(), 7);
    }
}
