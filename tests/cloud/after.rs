//! What holds after the stack was changed. `tests/cloud/run` changes it, and runs these one by one.

use integration::Stage;
use serde_json::json;

const KEPT: &str = "Kept";

/// The roles lack `kms:Decrypt`: whoever has to do with credentials fails, and whoever does not goes on.
#[tokio::test]
async fn a_missing_grant_is_felt() {
    let stage = Stage::deployed().await;
    let owner = stage.bare_tenant("felt").await.owner;
    let refused = owner.put("/admin/integrations/openai", json!({"api_key": "sk-1"})).await;
    assert!(refused.status.is_server_error(), "{} {:#}", refused.status, refused.body);
    let listed = owner.get("/admin/integrations").await.expect(200);
    assert!(listed.as_array().unwrap().iter().all(|one| one["configured"] == false), "{listed:#}");
    stage.owner.post("/leads", json!({"first_name": KEPT})).await.expect(201);
}

/// The stack was updated since: records and keys are there, and what was missing works.
#[tokio::test]
async fn an_update_keeps_what_is_stored() {
    let stage = Stage::deployed().await;
    let leads = stage.owner.all("/leads").await;
    assert!(leads.iter().any(|lead| lead["first_name"] == KEPT), "{leads:#?}");
    let owner = stage.tenant("kept").await.owner;
    owner.post("/agents", json!({"name": "Maya", "system_prompt": "Be kind."})).await.expect(201);
}
