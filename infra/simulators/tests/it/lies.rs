use crate::support::{World, agent, call};
use jiff::SignedDuration;
use serde_json::json;
use simulators::{Lie, Lies, Script};
use std::time::Duration;

const OUTBOUND: &str = "/v1/convai/twilio/outbound-call";

#[tokio::test]
async fn webhooks_are_lost_doubled_forged_and_late() {
    for lie in [Lie::Lose, Lie::Duplicate, Lie::Forge, Lie::Late] {
        let world = World::start().await;
        let agent_id = world.create_agent(agent()).await;
        world.simulators.force_next(lie);
        let id = world.dial(call(&agent_id, "+919876543210")).await;
        world.finish().await;
        let received = world.receiver.all();
        let genuine: Vec<bool> = received.iter().map(crate::support::Received::is_genuine).collect();
        match lie {
            Lie::Lose => assert!(received.is_empty()),
            Lie::Duplicate => {
                assert_eq!(genuine, [true, true]);
                assert_eq!(received[0].body, received[1].body);
            }
            Lie::Forge => {
                assert_eq!(genuine, [false, true]);
                assert_ne!(received[0].body, received[1].body);
            }
            _ => {
                assert_eq!(genuine, [true]);
                let late = received[0].signed_at() - received[0].json()["event_timestamp"].as_i64().unwrap();
                assert!((600..=2701).contains(&late), "{late}");
            }
        }
        assert_eq!(world.conversation(&id).await["status"], "done");
    }
}

#[tokio::test]
async fn a_reordered_webhook_comes_after_the_next_one() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    world.simulators.set_script("+919876543210", vec![Script::Busy, Script::NoAnswer]).unwrap();
    world.simulators.force_next(Lie::Reorder);
    let first = world.dial(call(&agent_id, "+919876543210")).await;
    let second = world.dial(call(&agent_id, "+919876543210")).await;
    world.finish().await;
    let order: Vec<String> =
        world.receiver.all().iter().map(crate::support::Received::conversation_id).collect();
    assert_eq!(order, [second, first]);
}

#[tokio::test]
async fn a_dial_is_refused_or_placed_without_an_answer() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    let body = call(&agent_id, "+919876543210");
    world.simulators.force_next(Lie::RateLimit429);
    world.simulators.force_next(Lie::ServerError5xx);
    let (status, answer) = world.post(OUTBOUND, body.clone()).await;
    assert_eq!((status, &answer["detail"]["code"]), (429, &json!("rate_limit_exceeded")));
    assert_eq!(world.post(OUTBOUND, body.clone()).await.0, 503);
    assert!(world.simulators.dials().is_empty());

    world.simulators.force_next(Lie::SuccessThen5xx);
    assert_eq!(world.post(OUTBOUND, body.clone()).await.0, 500);
    assert_eq!(world.simulators.dials().len(), 1);

    let send = || {
        let url = format!("{}{OUTBOUND}", world.simulators.elevenlabs_base_url());
        world.http.post(url).header("xi-api-key", crate::support::KEY).json(&body)
    };
    world.simulators.force_next(Lie::SuccessThenClose);
    let error = send().send().await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_body(), "{error:?}");
    assert_eq!(world.simulators.dials().len(), 2);

    world.simulators.force_next(Lie::SuccessThenTimeout);
    let error = send().timeout(Duration::from_millis(200)).send().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(world.simulators.dials().len(), 3);

    world.simulators.set_slowness(Duration::ZERO);
    world.simulators.force_next(Lie::Slow);
    world.dial(body.clone()).await;
    world.dial(body).await;
}

#[tokio::test]
async fn a_held_request_ends_with_the_simulators() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    world.simulators.force_next(Lie::SuccessThenTimeout);
    let url = format!("{}{OUTBOUND}", world.simulators.elevenlabs_base_url());
    let request = world.http.post(url).header("xi-api-key", crate::support::KEY);
    let held = tokio::spawn(request.json(&call(&agent_id, "+919876543210")).send());
    while world.simulators.dials().is_empty() {
        tokio::task::yield_now().await;
    }
    world.simulators.stop().await;
    assert!(held.await.unwrap().is_err());
}

#[tokio::test]
async fn a_failed_delivery_is_retried_on_the_published_schedule() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    world.dial(call(&agent_id, "+919876543210")).await;
    world.receiver.answer_next(&[500, 429, 408, 503, 500, 500]);
    world.finish().await;
    let received = world.receiver.all();
    assert_eq!(received.len(), 5);
    assert!(received.iter().all(|webhook| webhook.is_genuine() && webhook.body == received[0].body));
    let waits: Vec<i64> = received.windows(2).map(|pair| pair[1].signed_at() - pair[0].signed_at()).collect();
    for (wait, least) in waits.iter().zip([30, 120, 480, 1800]) {
        assert!((least..=least + least / 10 + 1).contains(wait), "{waits:?}");
    }
}

#[tokio::test]
async fn a_refused_delivery_and_a_failed_initiation_are_not_retried() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    world.dial(call(&agent_id, "+919876543210")).await;
    world.receiver.answer_next(&[401]);
    world.finish().await;
    assert_eq!(world.receiver.all().len(), 1);
    world.dial(call(&agent_id, "+919876543218")).await;
    world.receiver.answer_next(&[500]);
    world.finish().await;
    assert_eq!(world.receiver.all().len(), 2);
}

#[tokio::test]
async fn under_every_lie_at_once_no_call_is_lost_to_the_list() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    world.simulators.set_lies(Lies {
        lose: 0.2,
        late: 0.2,
        duplicate: 0.3,
        reorder: 0.2,
        forge: 0.2,
        rate_limit_429: 0.2,
        server_error_5xx: 0.1,
        success_then_5xx: 0.1,
        seed: 42,
        ..Lies::default()
    });
    let mut accepted = 0;
    for _ in 0..60 {
        let (status, _) = world.post(OUTBOUND, call(&agent_id, "+919876543210")).await;
        accepted += usize::from(status == 200);
    }
    let placed = world.simulators.dials().len();
    assert!(accepted < placed && placed < 60, "{accepted} {placed}");
    world.finish().await;
    let (_, list) = world.get("/v1/convai/conversations?page_size=100").await;
    let calls = list["conversations"].as_array().unwrap();
    assert_eq!(calls.len(), placed);
    assert!(calls.iter().all(|call| call["status"] == "done"));
    let received = world.receiver.all();
    assert!(received.iter().any(|webhook| !webhook.is_genuine()));
    assert!(world.simulators.next_due().is_none());
    let later = world.clock.now() + SignedDuration::from_hours(1);
    assert_eq!(world.simulators.run_due(later).await, 0);
}
