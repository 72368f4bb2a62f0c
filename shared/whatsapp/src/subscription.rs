//! The question by which Meta makes sure that a webhook's address is ours: a `GET` with `hub.mode`,
//! `hub.verify_token` and `hub.challenge`.

use provider::{Secret, Url, hmac_sha256_hex, verify_hmac_sha256_hex};

/// The answer to the question in this raw query, for a 200 as `text/plain`; `None` stands for a 403. The token is
/// compared in constant time, and an empty one never matches.
pub fn challenge(verify_token: &Secret, query: &str) -> Option<String> {
    let mut url = Url::parse("https://localhost/").ok()?;
    url.set_query(Some(query));
    let told =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());

    let ours = told("hub.mode")? == "subscribe" && is_token(verify_token, &told("hub.verify_token")?);
    told("hub.challenge").filter(|challenge| ours && !challenge.is_empty())
}

/// Compares what the secret signs instead of the secret, so that the time says nothing of how much of it is right.
fn is_token(verify_token: &Secret, claimed: &str) -> bool {
    let expected = hmac_sha256_hex(verify_token, &[verify_token.expose().as_bytes()]);
    !claimed.is_empty() && verify_hmac_sha256_hex(verify_token, &[claimed.as_bytes()], &expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(query: &str) -> Option<String> {
        challenge(&Secret::new("our token/1+1"), query)
    }

    #[test]
    fn the_right_token_is_answered_with_the_challenge() {
        for query in [
            "hub.mode=subscribe&hub.verify_token=our%20token%2F1%2B1&hub.challenge=1158201444",
            "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=our+token/1%2b1",
            "a=b&hub%2Emode=subscribe&hub%2Everify_token=our+token%2F1%2B1&&hub%2Echallenge=1158201444&x",
        ] {
            assert_eq!(ask(query).as_deref(), Some("1158201444"), "{query}");
        }
        let odd = "hub.mode=subscribe&hub.verify_token=our+token%2F1%2B1&hub.challenge=a%26b%3D%E0%A4%B9";
        assert_eq!(ask(odd).as_deref(), Some("a&b=ह"));
    }

    #[test]
    fn anything_else_is_not_answered() {
        for query in [
            "",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=our+token%2F1%2B2&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=our+token%2F1%2B1+&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=our+token/1+1&hub.challenge=1",
            "hub.mode=unsubscribe&hub.verify_token=our+token%2F1%2B1&hub.challenge=1",
            "hub.verify_token=our+token%2F1%2B1&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=our+token%2F1%2B1",
            "hub.mode=subscribe&hub.verify_token=our+token%2F1%2B1&hub.challenge=",
            "hub_mode=subscribe&hub_verify_token=our+token%2F1%2B1&hub_challenge=1",
        ] {
            assert_eq!(ask(query), None, "{query}");
        }
    }

    #[test]
    fn a_token_that_was_never_set_matches_nothing() {
        let unset = Secret::new("");
        for query in
            ["hub.mode=subscribe&hub.verify_token=&hub.challenge=1", "hub.mode=subscribe&hub.challenge=1"]
        {
            assert_eq!(challenge(&unset, query), None, "{query}");
        }
    }
}
