//! What holds after the stack was changed. `tests/cloud/run` changes it, and runs these one by one.

use integration::Stage;
use serde_json::{Value, json};

const KEPT: &str = "Kept";

fn agent(name: &str) -> Value {
    json!({"name": name, "system_prompt": "You qualify leads."})
}

/// The roles lack `kms:Decrypt`: whoever opens credentials fails, and whoever does not goes on.
#[tokio::test]
async fn a_missing_grant_is_felt() {
    let stage = Stage::deployed().await;
    let owner = stage.tenant("felt").await.owner;
    let refused = owner.post("/agents", agent("Maya")).await;
    assert!(refused.status.is_server_error(), "{} {:#}", refused.status, refused.body);
    assert_eq!(owner.get("/agents").await.expect(200), json!([]));
    stage.owner.post("/leads", json!({"first_name": KEPT})).await.expect(201);
}

/// The stack was updated since: records and keys are there, and what was missing works.
#[tokio::test]
async fn an_update_keeps_what_is_stored() {
    let stage = Stage::deployed().await;
    let leads = stage.owner.all("/leads").await;
    assert!(leads.iter().any(|lead| lead["first_name"] == KEPT), "{leads:#?}");
    let owner = stage.tenant("kept").await.owner;
    owner.post("/agents", agent("Maya")).await.expect(201);
}
