//! The signer against what AWS publishes.

use super::*;

/// The session token of `post-sts-header-before` in AWS's test suite.
const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP\
                     fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT\
                     7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz\
                     m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

const PLAIN: Asked<'_> =
    Asked { method: "GET", host: "example.amazonaws.com", path: "/", parameters: &[], headers: &[] };

fn credentials(access_key: &str, secret_key: &str, session_token: Option<&str>) -> Credentials {
    let session_token = session_token.map(Secret::from);
    Credentials { access_key: access_key.to_owned(), secret_key: secret_key.into(), session_token }
}

/// As AWS's test suite of Signature Version 4 signs.
fn suite(session_token: Option<&str>) -> Signer {
    let credentials = credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", session_token);
    Signer::new(credentials, "us-east-1", "service")
}

/// As the examples of Amazon's S3 API reference are signed.
fn s3(session_token: Option<&str>) -> Signer {
    let credentials =
        credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", session_token);
    Signer::new(credentials, "us-east-1", "s3")
}

fn suites_time() -> Timestamp {
    "2015-08-30T12:36:00Z".parse().unwrap()
}

fn s3s_time() -> Timestamp {
    "2013-05-24T00:00:00Z".parse().unwrap()
}

fn value<'a>(headers: &'a [(&str, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

#[test]
fn the_test_suite_holds() {
    let post = Asked { method: "POST", ..PLAIN };
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    for (name, asked, body, signed, signature) in [
        (
            "get-vanilla",
            PLAIN,
            "",
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "get-vanilla-query-order-key-case",
            Asked { parameters: &[("Param2", "value2"), ("Param1", "value1")], ..PLAIN },
            "",
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "get-header-value-trim",
            Asked { headers: &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")], ..PLAIN },
            "",
            "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "post-vanilla",
            post,
            "",
            "host;x-amz-date",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "post-header-key-sort",
            Asked { headers: &[("My-Header1", "value1")], ..post },
            "",
            "host;my-header1;x-amz-date",
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        ),
        (
            "post-x-www-form-urlencoded",
            Asked { headers: &form, ..post },
            "Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        let headers = suite(None).headers(asked, body.as_bytes(), suites_time());
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={signed}, Signature={signature}"
        );
        let own = [("x-amz-date", "20150830T123600Z".to_owned()), ("authorization", expected)];
        assert_eq!(headers, own, "{name}");
    }
}

#[test]
fn a_temporary_keys_token_is_signed_and_sent() {
    let headers = suite(Some(TOKEN)).headers(
        Asked { method: "POST", ..PLAIN },
        b"",
        "2015-08-30T12:36:00Z".parse().unwrap(),
    );
    assert_eq!(value(&headers, "x-amz-security-token"), Some(TOKEN));
    let authorization = value(&headers, "authorization").unwrap();
    let (_, signed) = authorization.split_once(", ").unwrap();
    assert_eq!(
        signed,
        "SignedHeaders=host;x-amz-date;x-amz-security-token, \
         Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
    );
}

/// The examples of the page on the `Authorization` header in Amazon's S3 API reference.
#[test]
fn s3_is_told_the_bodys_digest() {
    let bucket = Asked { host: "examplebucket.s3.amazonaws.com", ..PLAIN };
    let range = [("Range", "bytes=0-9")];
    let dated = [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
    for (asked, body, digest, signature) in [
        (
            Asked { path: "/test.txt", headers: &range, ..bucket },
            "",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            Asked { method: "PUT", path: "/test%24file.text", headers: &dated, ..bucket },
            "Welcome to Amazon S3.",
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            Asked { parameters: &[("lifecycle", "")], ..bucket },
            "",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            Asked { parameters: &[("max-keys", "2"), ("prefix", "J")], ..bucket },
            "",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ] {
        let headers = s3(None).headers(asked, body.as_bytes(), s3s_time());
        assert_eq!(value(&headers, "x-amz-content-sha256"), Some(digest));
        assert!(value(&headers, "authorization").unwrap().ends_with(signature), "{asked:?}");
    }
}

/// The example of the page on query parameters in Amazon's S3 API reference.
#[test]
fn the_published_address_holds() {
    let asked = Asked { host: "examplebucket.s3.amazonaws.com", path: "/test.txt", ..PLAIN };
    let query = s3(None).query(asked, SignedDuration::from_hours(24), s3s_time());
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
    let (asked, minute) = (Asked { host: "h", path: "/k", ..PLAIN }, SignedDuration::from_mins(1));
    let query = |asked| s3(None).query(asked, minute, s3s_time());
    let mut queries = vec![
        query(asked),
        s3(None).query(asked, minute * 2, s3s_time()),
        s3(None).query(asked, minute, s3s_time() + minute),
        query(Asked { method: "PUT", ..asked }),
        query(Asked { host: "i", ..asked }),
        query(Asked { path: "/l", ..asked }),
        query(Asked { headers: &[("content-type", "text/csv")], ..asked }),
        query(Asked { parameters: &[("uploads", "")], ..asked }),
        s3(Some("a/b+c=")).query(asked, minute, s3s_time()),
    ];
    assert!(queries[8].contains("X-Amz-Security-Token=a%2Fb%2Bc%3D"));
    assert!(queries[7].contains("&uploads=&"), "parameters are sorted with the others");
    assert!(queries[6].contains("X-Amz-SignedHeaders=content-type%3Bhost&"));
    let signature = |query: &String| query.rsplit('=').next().unwrap().to_owned();
    queries.sort_by_key(signature);
    queries.dedup_by_key(|query| signature(query));
    assert_eq!(queries.len(), 9);
}

#[test]
fn parameters_are_sorted_by_name_and_not_by_the_text_of_the_pair() {
    let parameters = [("a-b", "1"), ("a1", "2"), ("a", "z"), ("a", "B c"), ("é", "")];
    assert_eq!(canonical_query(&parameters), "%C3%A9=&a=B%20c&a=z&a-b=1&a1=2");
}

#[test]
fn a_post_says_what_was_signed() {
    let http = Http::new();
    for (address, host) in [
        ("https://email.eu-west-1.amazonaws.com/v2/email", "email.eu-west-1.amazonaws.com"),
        ("http://127.0.0.1:4566/v2/email", "127.0.0.1:4566"),
        ("http://[::1]:4566/v2/email", "[::1]:4566"),
    ] {
        let (url, headers) = (address.parse().unwrap(), [("content-type", "application/json")]);
        let request =
            suite(Some("token")).post(&http, url, &headers, b"{}".to_vec(), suites_time()).build().unwrap();
        let asked = Asked { method: "POST", host, path: "/v2/email", parameters: &[], headers: &headers };
        let own = suite(Some("token")).headers(asked, b"{}", suites_time());
        assert_eq!(request.method(), "POST");
        assert_eq!(request.body().unwrap().as_bytes(), Some(&b"{}"[..]));
        assert_eq!(request.headers().len(), 4, "{:?}", request.headers());
        for (name, value) in own.into_iter().chain([("content-type", "application/json".to_owned())]) {
            assert_eq!(request.headers()[name], value);
        }
    }
}

#[test]
fn keys_are_not_shown() {
    let shown = format!("{:?}", suite(Some(TOKEN)));
    assert!(!shown.contains("wJalr") && !shown.contains("AQoDY"), "{shown}");
}
