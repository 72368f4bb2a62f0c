//! The client against answers as S3 gives them.

use super::*;
use crate::Kind;
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn bucket(endpoint: Option<String>) -> Bucket {
    Bucket {
        name: "files".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint,
        credentials: Credentials {
            access_key: "AKID".to_owned(),
            secret_key: "secret".into(),
            session_token: Some("token".into()),
        },
    }
}

fn key() -> Key {
    Key::of(&"acme".parse().unwrap(), Kind::Export, "exp_1")
}

const PATH: &str = "/files/t/acme/export/exp_1";
const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

async fn serving(mocks: impl IntoIterator<Item = Mock>) -> (MockServer, Client) {
    let server = MockServer::start().await;
    for mock in mocks {
        mock.mount(&server).await;
    }
    let client = Client::new(bucket(Some(server.uri())), Http::new());
    (server, client)
}

#[test]
fn a_link_is_the_buckets_own_address() {
    let client = Client::new(bucket(None), Http::new());
    let link = client.link(&Method::PUT, &key(), &[], SignedDuration::from_hours(1), NOW);
    assert!(
        link.starts_with("https://files.s3.eu-west-1.amazonaws.com/t/acme/export/exp_1?X-Amz-Algorithm=")
    );
    assert!(link.contains("X-Amz-Expires=3600&") && link.contains("X-Amz-Security-Token=token"));
    let china = Bucket { region: "cn-north-1".to_owned(), ..bucket(None) };
    let link = Client::new(china, Http::new()).link(&Method::GET, &key(), &[], OWN, NOW);
    assert!(link.starts_with("https://files.s3.cn-north-1.amazonaws.com.cn/"));
}

#[tokio::test]
async fn a_part_of_a_file_comes_with_the_size_of_the_whole() {
    let there = Mock::given(method("GET")).and(path(PATH)).and(header("range", "bytes=4-7"));
    let part =
        ResponseTemplate::new(206).insert_header("content-range", "bytes 4-7/10").set_body_string("efgh");
    let past = Mock::given(method("GET")).and(path(PATH)).and(header("range", "bytes=10-10"));
    let end = ResponseTemplate::new(416).insert_header("content-range", "bytes */10");
    let (_server, client) =
        serving([there.respond_with(part).expect(1), past.respond_with(end).expect(1)]).await;
    let piece = client.read(&key(), 4, 4, NOW).await.unwrap().unwrap();
    assert_eq!((&piece.bytes[..], piece.size), (&b"efgh"[..], 10));
    let piece = client.read(&key(), 10, 0, NOW).await.unwrap().unwrap();
    assert_eq!((piece.bytes.len(), piece.size), (0, 10));
}

#[tokio::test]
async fn what_is_not_there_is_none_and_a_refusal_is_an_error() {
    let (_server, client) =
        serving([Mock::given(path(PATH)).respond_with(ResponseTemplate::new(404)).expect(2)]).await;
    assert_eq!(client.read(&key(), 0, 1, NOW).await.unwrap(), None);
    assert_eq!(client.size(&key(), NOW).await.unwrap(), None);
    let refused = ResponseTemplate::new(403).set_body_string("<Error><Code>AccessDenied</Code></Error>");
    let (_server, client) = serving([Mock::given(path(PATH)).respond_with(refused).expect(1)]).await;
    let error = client.put(&key(), Bytes::from_static(b"x"), NOW).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Rejected { code, .. } if code == "AccessDenied"), "{error:?}");
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again() {
    let busy = Mock::given(method("PUT")).respond_with(ResponseTemplate::new(503)).up_to_n_times(1).expect(1);
    let well = Mock::given(method("PUT")).respond_with(ResponseTemplate::new(200)).expect(1);
    let (_server, client) = serving([busy, well]).await;
    client.put(&key(), Bytes::from_static(b"x"), NOW).await.unwrap();
}

#[tokio::test]
async fn a_large_file_is_made_of_parts_once() {
    let made = "<InitiateMultipartUploadResult><UploadId>up&amp;1</UploadId></InitiateMultipartUploadResult>";
    let begin = Mock::given(method("POST"))
        .and(query_param("uploads", ""))
        .respond_with(ResponseTemplate::new(200).set_body_string(made))
        .expect(1);
    let part = Mock::given(method("PUT"))
        .and(query_param("partNumber", "7"))
        .and(query_param("uploadId", "up&1"))
        .respond_with(ResponseTemplate::new(200).insert_header("etag", "\"abc\""))
        .expect(1);
    let whole = Mock::given(method("POST"))
        .and(query_param("uploadId", "up&1"))
        .and(body_string_contains("<PartNumber>7</PartNumber><ETag>&quot;abc&quot;</ETag>"))
        .respond_with(ResponseTemplate::new(200).set_body_string("<CompleteMultipartUploadResult/>"))
        .up_to_n_times(1)
        .expect(1);
    let gone = Mock::given(method("POST"))
        .and(query_param("uploadId", "up&1"))
        .respond_with(ResponseTemplate::new(404).set_body_string("<Error><Code>NoSuchUpload</Code></Error>"))
        .expect(1);
    let there = Mock::given(method("HEAD"))
        .respond_with(ResponseTemplate::new(200).insert_header("content-length", "3"))
        .expect(1);
    let (_server, client) = serving([begin, part, whole, gone, there]).await;
    let upload = client.begin(&key(), NOW).await.unwrap();
    let tag = client.put_part(&key(), &upload, 7, Bytes::from_static(b"abc"), NOW).await.unwrap();
    let parts = [("7".to_owned(), tag)];
    for _ in 0..2 {
        client.complete(&key(), &upload, &parts, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn a_failure_behind_success_is_a_failure() {
    let failed = ResponseTemplate::new(200).set_body_string("<Error><Code>InternalError</Code></Error>");
    let (_server, client) = serving([Mock::given(method("POST")).respond_with(failed)]).await;
    let error = client.complete(&key(), "up", &[("1".to_owned(), "a".to_owned())], NOW).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { status: Some(200), .. }), "{error:?}");
}
