//! Logs carry ids and no personal data.

use crate::story::{agent, call, minutes};
use serde_json::{Value, json};
use simulators::{ModelBehaviour, Person, Script, phone_number_id};
use std::io::Write;
use std::sync::{Arc, Mutex};
use testkit::TestApp;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_carry_ids_and_no_personal_data() {
    let lines = Lines::default();
    let writer = lines.clone();
    // For the whole process: the other tests' lines come too, and are told apart by their ids.
    lambda::telemetry::init_with("test", tracing::Level::DEBUG, move || writer.clone());
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let canaries =
        ["Kanarienvogel", "Gelbfeder", "9876500014", "canary@birds.example", "sings-at-dawn", "Volierenbau"];
    let lead = json!({"first_name": canaries[0], "last_name": canaries[1], "phone": format!("+91{}", canaries[2]),
        "email": canaries[3], "notes": canaries[4], "company": canaries[5], "consent": crate::story::consent()});
    let lead = owner.post("/leads", lead).await.expect(201);
    let id = lead["id"].as_str().unwrap();
    owner.post("/leads", json!({"phone": format!("+91{}", canaries[2])})).await.problem(409);
    owner.post("/leads", json!({"email": "canary@birds.example", "score": "x"})).await.problem(422);
    // They write, also while no model answers; and to a person of the business.
    let writer = Person {
        phone: Some(format!("91{}", canaries[2])),
        name: Some(canaries[1].to_owned()),
        user_id: None,
    };
    for (behaviour, words) in [
        (ModelBehaviour::Honest, "Zwitschern: what is the price?"),
        (ModelBehaviour::Inventing, "Zwitschern again"),
        (ModelBehaviour::Error500, "Zwitschern, please"),
    ] {
        app.simulators().set_model_behaviour(behaviour);
        app.simulators()
            .receive_whatsapp(
                &phone_number_id("demo"),
                &writer,
                json!({"type": "text", "text": {"body": words}}),
            )
            .unwrap();
        app.advance(minutes(1)).await;
    }
    let talk = owner.get("/conversations").await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    owner.post(&format!("/conversations/{talk}/messages"), json!({"text": "Federvieh"})).await.expect(202);
    app.advance(minutes(1)).await;
    assert!(app.simulators().sent().iter().any(|sent| sent.text == "Federvieh"));
    let reply = app.simulators().sent()[0].text.clone();
    app.simulators().set_script("+919876500014", vec![Script::Stop]).unwrap();
    app.simulators().set_model_behaviour(ModelBehaviour::BrokenJson);
    let call_id = call(owner, id).await;
    app.advance(minutes(2)).await;
    app.simulators().set_model_behaviour(ModelBehaviour::Honest);
    app.advance(minutes(30)).await;
    owner
        .post(&format!("/leads/{id}/suppress"), json!({"channel": "all", "reason": "sings-at-dawn"}))
        .await
        .expect(200);
    let call = owner.get(&format!("/calls/{call_id}")).await.expect(200);
    let said = call["transcript"][1]["message"].as_str().unwrap().to_owned();

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for secret in canaries.iter().copied().chain([
        said.as_str(),
        reply.as_str(),
        "Zwitschern",
        "Federvieh",
        "fd_local_owner",
    ]) {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret:?} is in the logs");
    }
    let parsed: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let ours = call_id.trim_start_matches("cal_");
    let is_ours = |line: &&Value| line["attempt"].as_str().is_some_and(|attempt| attempt.contains(ours));
    let dialed = parsed
        .iter()
        .find(|line| line["operation"] == "outbound_call" && is_ours(line))
        .expect("the dial's metric");
    assert!(
        dialed["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            .as_array()
            .is_some_and(|metrics| metrics.len() == 2)
    );
    assert_eq!(dialed["tenant"], "demo", "{dialed}");
    assert!(dialed["attempt"].as_str().unwrap().starts_with("att_"));
    // What the chat's keepers look for is there, without a name.
    for message in
        ["a message was taken in", "loaded customer context", "generating a reply", "generated a reply"]
    {
        let line = parsed.iter().find(|line| line["message"] == message && line["contact"] == id);
        assert!(line.is_some_and(|line| line["status"].is_string()), "{message}");
    }
    // What the request set off carries the request's own id.
    let request =
        parsed.iter().find(|line| line["request_id"] == dialed["correlation"]).expect("the request");
    assert_eq!((&request["route"], &request["status"]), (&json!("/calls"), &json!(202)));
    assert!(parsed.iter().any(|line| line["call_attempt"] == 1 && line["outcome"] == "completed"));
}
