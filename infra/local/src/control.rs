//! What only the local run has: the clock that can be moved, settling, and the simulators' manners.

use crate::pump::Settled;
use crate::runner::{Error, Runner};
use api::{Api, Caller, Problem};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::SignedDuration;
use operations::integrations;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use simulators::{Lies, ModelBehaviour, Person, Script, Sent, phone_number_id};

/// The longest step of the clock, in seconds: a year.
const STEP_MAX: i64 = 366 * 24 * 3600;

#[derive(Debug, Clone)]
pub(crate) struct Control {
    pub(crate) runner: Runner,
}

/// The local routes: open on loopback, for the platform owner alone anywhere else.
pub(crate) fn router(control: Control) -> Router {
    let guarded = from_fn_with_state(control.clone(), guard);
    Router::new()
        .route("/local/clock", post(advance_clock))
        .route("/local/settle", post(settle))
        .route("/local/outbox", get(list_outbox))
        .route("/local/whatsapp/inbound", post(receive_whatsapp))
        .route("/local/simulators/scripts", put(set_script))
        .route("/local/simulators/lies", put(set_lies))
        .route("/local/simulators/model", put(set_model))
        .layer(guarded)
        .with_state(control)
}

async fn guard(State(control): State<Control>, request: Request, next: Next) -> Result<Response, Problem> {
    if control.runner.address.ip().is_loopback() {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let api = Api::new(control.runner.platform.clone());
    Caller::from_request_parts(&mut parts, &api).await?.require_platform_owner()?;
    Ok(next.run(Request::from_parts(parts, body)).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

#[derive(Debug, Serialize)]
struct Clock {
    now: String,
    #[serde(flatten)]
    settled: SettledView,
}

#[derive(Debug, Serialize)]
struct SettledView {
    ran: usize,
    next_due_at: Option<String>,
    stuck: Vec<StuckView>,
}

#[derive(Debug, Serialize)]
struct StuckView {
    id: String,
    tenant: String,
    job: &'static str,
    reason: String,
}

impl From<Settled> for SettledView {
    fn from(settled: Settled) -> Self {
        let stuck = settled.stuck.into_iter();
        Self {
            ran: settled.ran,
            next_due_at: settled.next_due_at.map(|at| at.to_string()),
            stuck: stuck
                .map(|stuck| StuckView {
                    id: stuck.id,
                    tenant: stuck.tenant,
                    job: stuck.job,
                    reason: stuck.reason,
                })
                .collect(),
        }
    }
}

/// Moves the clock, passing through every instant at which something is due.
async fn advance_clock(State(control): State<Control>, request: Request) -> Result<Json<Clock>, Problem> {
    let Advance { advance_seconds } = body(request).await?;
    if !(1..=STEP_MAX).contains(&advance_seconds) {
        return Err(Problem::invalid("/advance_seconds", format!("must be from 1 to {STEP_MAX}")));
    }
    let runner = &control.runner;
    if integrations::any_live(&runner.platform).await? {
        let detail = "The clock stands still for nobody: a live provider is set up.".to_owned();
        return Err(operations::Error::Conflict(detail).into());
    }
    let target = runner.platform.now() + SignedDuration::from_secs(advance_seconds);
    let settled = runner.pump.advance_to(target).await.map_err(operations::Error::from)?;
    runner.keep_clock().map_err(failed)?;
    Ok(Json(Clock { now: runner.platform.now().to_string(), settled: settled.into() }))
}

/// Runs all that is due now, and leaves the clock alone.
async fn settle(State(control): State<Control>) -> Result<Json<SettledView>, Problem> {
    let settled = control.runner.pump.settle().await.map_err(operations::Error::from)?;
    Ok(Json(settled.into()))
}

/// What simulated WhatsApp, e-mail and SMS sent, oldest first.
async fn list_outbox(State(control): State<Control>) -> Json<Vec<Sent>> {
    Json(control.runner.simulators.sent())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InboundInput {
    /// The person's number, in digits; none for somebody who shows a user id only.
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    text: Option<String>,
    /// Instead of a text: the message's own part, as Meta sends it.
    #[serde(default)]
    message: Option<Value>,
    #[serde(default = "demo")]
    tenant: String,
}

fn demo() -> String {
    "demo".to_owned()
}

/// Has somebody write to a tenant's simulated WhatsApp number.
async fn receive_whatsapp(State(control): State<Control>, request: Request) -> Result<Json<Value>, Problem> {
    let InboundInput { from, user_id, name, text, message, tenant } = body(request).await?;
    let content = match (text, message) {
        (Some(text), None) => json!({"type": "text", "text": {"body": text}}),
        (None, Some(message)) => message,
        _ => return Err(Problem::malformed("Give a text or a message.")),
    };
    let person = Person { phone: from, user_id, name };
    let runner = &control.runner;
    let id = runner.simulators.receive_whatsapp(&phone_number_id(&tenant), &person, content);
    let id = id.map_err(|error| Problem::malformed(error.to_string()))?;
    runner.pump.nudge();
    Ok(Json(json!({"id": id})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptInput {
    to_number: String,
    scripts: Vec<Script>,
}

/// How the next callees at a number behave.
async fn set_script(State(control): State<Control>, request: Request) -> Result<Response, Problem> {
    let ScriptInput { to_number, scripts } = body(request).await?;
    control.runner.simulators.set_script(&to_number, scripts).map_err(|e| failed(e.into()))?;
    Ok(api::NoContent.into_response())
}

/// How often the simulated provider loses, repeats, delays or forges what it sends.
async fn set_lies(State(control): State<Control>, request: Request) -> Result<Response, Problem> {
    control.runner.simulators.set_lies(body::<Lies>(request).await?);
    Ok(api::NoContent.into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelInput {
    behaviour: ModelBehaviour,
}

/// How the simulated model behaves.
async fn set_model(State(control): State<Control>, request: Request) -> Result<Response, Problem> {
    let ModelInput { behaviour } = body(request).await?;
    control.runner.simulators.set_model_behaviour(behaviour);
    Ok(api::NoContent.into_response())
}

async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    match Json::<T>::from_request(request, &()).await {
        Ok(Json(body)) => Ok(body),
        Err(rejection) => Err(Problem::malformed(rejection.body_text())),
    }
}

fn failed(error: Error) -> Problem {
    tracing::error!(%error, "the local run failed");
    operations::Error::Internal("the local run").into()
}
