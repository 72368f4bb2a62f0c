//! The vault against the embedded table and a stand-in of the key service that speaks its wire format.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test, and its stand-in")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use provider::Http;
use serde_json::{Value, json};
use sigv4::Credentials;
use testkit::Database;
use vault::{Error, Kms, Vault};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{header_regex, method},
};

#[tokio::test]
async fn a_secret_opens_at_its_own_place_only() {
    let database = Database::start().await;
    let (store, vault) = (database.store(), Vault::local([7; 32]));
    let (ours, theirs) = ("acme".parse().unwrap(), "other".parse().unwrap());
    let sealed = vault.seal(&store, &ours, "integration#x", b"secret").await.unwrap();
    assert!(!sealed.contains("secret"));
    let open = async |tenant, what: &str, sealed: &str| vault.open(&store, tenant, what, sealed).await;
    assert_eq!(open(&ours, "integration#x", &sealed).await.unwrap(), b"secret");
    assert!(matches!(open(&ours, "integration#y", &sealed).await, Err(Error::Damaged)));
    assert!(matches!(open(&theirs, "integration#x", &sealed).await, Err(Error::Damaged)));
    assert!(matches!(open(&ours, "integration#x", &sealed[4..]).await, Err(Error::Damaged)));
    // Another process with the same master key opens it; one with another key does not.
    assert_eq!(Vault::local([7; 32]).open(&store, &ours, "integration#x", &sealed).await.unwrap(), b"secret");
    assert!(Vault::local([8; 32]).open(&store, &ours, "integration#x", &sealed).await.is_err());
}

#[tokio::test]
async fn the_key_service_is_asked_once_and_for_the_right_tenant() {
    let database = Database::start().await;
    let kms = MockServer::start().await;
    Mock::given(method("POST")).respond_with(key_service).mount(&kms).await;
    let store = database.store();
    let vault = served_by(&kms);
    let tenant = "acme".parse().unwrap();
    let sealed = vault.seal(&store, &tenant, "x", b"secret").await.unwrap();
    assert_eq!(vault.open(&store, &tenant, "x", &sealed).await.unwrap(), b"secret");
    assert_eq!(kms.received_requests().await.unwrap().len(), 2, "one key made, one unwrapped");
}

#[tokio::test]
async fn a_key_service_that_is_asked_too_much_is_asked_again_and_one_that_refuses_is_not() {
    let database = Database::start().await;
    let (store, tenant) = (database.store(), "acme".parse().unwrap());
    let refusal = |name: &str| {
        let name = format!("com.amazonaws.kms#{name}");
        ResponseTemplate::new(400).set_body_json(json!({"__type": name, "message": "…"}))
    };
    let kms = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(refusal("ThrottlingException"))
        .up_to_n_times(1)
        .mount(&kms)
        .await;
    Mock::given(method("POST")).respond_with(key_service).mount(&kms).await;
    served_by(&kms).seal(&store, &tenant, "x", b"secret").await.unwrap();
    assert_eq!(kms.received_requests().await.unwrap().len(), 3);

    let kms = MockServer::start().await;
    Mock::given(method("POST"))
        .and(header_regex("authorization", "Credential=AKID/[0-9]{8}/eu-west-1/kms/aws4_request"))
        .respond_with(refusal("AccessDeniedException"))
        .expect(1)
        .mount(&kms)
        .await;
    let error = served_by(&kms).seal(&store, &tenant, "x", b"secret").await.unwrap_err();
    let told = error.to_string();
    assert!(told.contains("kms:Decrypt") && told.contains("AccessDeniedException"), "{told}");
}

fn served_by(kms: &MockServer) -> Vault {
    let credentials =
        Credentials { access_key: "AKID".to_owned(), secret_key: "secret".into(), session_token: None };
    Vault::kms(Kms {
        key_id: "alias/frontdesk".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: Some(kms.uri()),
        credentials,
        http: Http::new(),
    })
}

/// Speaks the key service's JSON protocol: a wrapped key is the tenant's name and the key.
fn key_service(request: &Request) -> ResponseTemplate {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let tenant = body["EncryptionContext"]["tenant"].as_str().unwrap();
    let target = request.headers["x-amz-target"].to_str().unwrap();
    let answer = match target {
        "TrentService.GenerateDataKeyWithoutPlaintext" => {
            let wrapped = [tenant.as_bytes(), &[9; 32]].concat();
            json!({"CiphertextBlob": STANDARD.encode(wrapped), "KeyId": body["KeyId"]})
        }
        "TrentService.Decrypt" => {
            let wrapped = STANDARD.decode(body["CiphertextBlob"].as_str().unwrap()).unwrap();
            let key = wrapped.strip_prefix(tenant.as_bytes()).expect("wrapped for this tenant");
            json!({"Plaintext": STANDARD.encode(key), "KeyId": body["KeyId"]})
        }
        other => panic!("{other}"),
    };
    ResponseTemplate::new(200).set_body_json(answer)
}
