//! The document and the routes say the same.

use http::Method;
use serde_json::Value;
use testkit::TestApp;

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/openapi.json");

fn document() -> Value {
    serde_json::to_value(local::openapi::document()).unwrap()
}

/// Every operation of the document: method, path with samples for its parameters, and its description.
pub(crate) fn operations() -> Vec<(Method, String, Value)> {
    let document = document();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push((method.to_uppercase().parse().unwrap(), path.clone(), operation.clone()));
        }
    }
    assert!(operations.len() > 25, "{} operations", operations.len());
    operations
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test")]
fn the_checked_in_document_is_what_the_handlers_say() {
    let generated = format!("{:#}\n", document());
    if std::env::var("FRONTDESK_UPDATE").is_ok() {
        std::fs::write(CHECKED_IN, generated).unwrap();
        return;
    }
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap();
    assert_eq!(
        checked_in, generated,
        "run `FRONTDESK_UPDATE=1 cargo test -p integration openapi` and read the diff"
    );
}

#[test]
fn every_operation_has_a_name_a_summary_and_its_problems() {
    let mut names = Vec::new();
    for (method, path, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap().to_owned();
        assert!(operation["summary"].as_str().is_some_and(|summary| summary.len() > 8), "{method} {path}");
        let open =
            operation["security"].as_array().is_some_and(|schemes| schemes == &[serde_json::json!({})]);
        assert!(open || operation["responses"]["401"].is_object(), "{method} {path}");
        names.push(name);
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "an operationId is used twice");
}

#[tokio::test]
async fn every_described_operation_is_served_and_nothing_else_is() {
    let app = TestApp::start().await;
    let nobody = app.client(None);
    for (method, path, _) in operations() {
        let path = path
            .replace("{provider}", "openai")
            .replace("{tenant}", "demo")
            .replace("{id}", "x")
            .replace("{version}", "1");
        let answer = nobody.send(method.clone(), &path, &[], None).await;
        let kind = answer.body["type"].as_str().unwrap_or_default().to_owned();
        assert!(
            !kind.ends_with("no_route") && !kind.ends_with("method_not_allowed"),
            "{method} {path}: {kind}"
        );
        let answer = nobody.send(Method::TRACE, &path, &[], None).await;
        assert_eq!(answer.problem(405), "method_not_allowed", "{path}");
    }
    assert_eq!(nobody.get("/nothing").await.problem(404), "no_route");
    let page = nobody.get("/docs").await.expect(200);
    assert!(page.as_str().unwrap().contains("openapi.json"));
    let served = nobody.get("/openapi.json").await.expect(200);
    assert_eq!(served["info"]["title"], "Frontdesk");
}
