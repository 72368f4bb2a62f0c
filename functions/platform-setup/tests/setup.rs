//! The binary, between stand-ins for the Runtime API and DynamoDB.
#![expect(clippy::unwrap_used, reason = "this is test code")]

use serde_json::{Value, json};
use standins::{Function, Outcome, RuntimeApi, Table};
use store::{ApiKey, Store, credential_hash};

fn start(api: &RuntimeApi, table: &Table) -> Function {
    let binary = env!("CARGO_BIN_EXE_platform-setup");
    Function::start(binary, "platform-setup", api, &table.endpoint(), &[])
}

fn key(outcome: &Outcome) -> String {
    let Outcome::Answer(answer) = outcome else { panic!("{outcome:?}") };
    assert_eq!((&answer["id"], &answer["name"]), (&json!("acme"), &json!("Acme Homes")));
    answer["api_key"].as_str().unwrap().to_owned()
}

async fn stored(store: &Store, secret: &str) -> ApiKey {
    let found = store.credential(&credential_hash(secret)).await.unwrap().unwrap();
    assert_eq!(found.tenant.to_string(), "acme");
    store.get::<ApiKey>(&found.tenant, &found.key).await.unwrap().unwrap().value
}

#[tokio::test]
async fn the_first_invocation_makes_the_tenant_and_each_one_a_key() {
    let table = Table::start().await;
    let mut api = RuntimeApi::start().await;
    let function = start(&api, &table);

    let first = key(&api.invoke(json!({"id": "acme", "name": "Acme Homes"})).await);
    // The tenant keeps its name.
    let second = key(&api.invoke(json!({"id": "acme", "name": "Another"})).await);

    assert_ne!(first, second);
    for secret in [&first, &second] {
        let key = stored(&table.store, secret).await;
        assert!(key.platform_owner && key.revoked_at.is_none());
        assert!(key.rate.is_some());
    }
    let log = function.stop().await;
    assert!(log.iter().all(|line| !line.to_string().contains("fd_")), "{log:?}");
}

#[tokio::test]
async fn what_is_not_understood_makes_nothing_and_says_why() {
    let table = Table::start().await;
    let mut api = RuntimeApi::start().await;
    let _function = start(&api, &table);
    let cases = [
        (json!({}), "missing field `id`"),
        (json!({"id": "acme", "name": "Acme", "role": "viewer"}), "unknown field `role`"),
        (json!({"id": "A b", "name": "Acme"}), "id: must be 2 to 40"),
        (json!({"id": "acme", "name": " "}), "must not be empty"),
        (Value::Null, "invalid type"),
    ];
    for (event, expected) in cases {
        let Outcome::Failure(failure) = api.invoke(event.clone()).await else {
            panic!("{event} was accepted")
        };
        assert!(failure["errorMessage"].as_str().unwrap().contains(expected), "{event}: {failure}");
    }
    assert!(table.items("").await.is_empty());
}
