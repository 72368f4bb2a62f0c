//! What handlers take: path, query, body, each refused with a problem.

use crate::auth::Caller;
use crate::{Api, Problem};
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::{Invalid, TenantId};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use operations::{Context, Idempotency, Page};
use ring::digest::{Context as Digest, SHA256};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::SavedAnswer;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Type};

/// The largest body of an ordinary request, in bytes.
const BODY_MAX: usize = 1024 * 1024;

/// An authenticated caller and the JSON it sent. A request with an `Idempotency-Key` that was answered before
/// gets the same answer and does not reach the handler.
#[derive(Debug)]
pub struct Submitted<T> {
    /// The context of the request.
    pub ctx: Context,
    /// What was sent.
    pub body: T,
}

impl<T: DeserializeOwned> FromRequest<Api> for Submitted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (ctx, bytes) = submitted(request, api, BODY_MAX, "").await?;
        let body = parse(&bytes).map_err(IntoResponse::into_response)?;
        Ok(Self { ctx, body })
    }
}

/// An authenticated caller and the file it sent, of whatever content type, at most `MAX` bytes. A repeated request is
/// answered as one that [`Submitted`] takes.
#[derive(Debug)]
pub struct SubmittedFile<const MAX: usize> {
    /// The context of the request.
    pub ctx: Context,
    /// What was sent.
    pub bytes: Bytes,
}

impl<const MAX: usize> FromRequest<Api> for SubmittedFile<MAX> {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (ctx, bytes) =
            submitted(request, api, MAX, "A larger file goes where POST /imports says.").await?;
        Ok(Self { ctx, bytes })
    }
}

/// Who sent the request, and its body; the answer that the same request was given before is a rejection. `hint` says
/// what to do with a body that is too large.
async fn submitted(
    request: Request,
    api: &Api,
    limit: usize,
    hint: &str,
) -> Result<(Context, Bytes), Response> {
    let (mut parts, body) = request.into_parts();
    let Caller(mut ctx) =
        Caller::from_request_parts(&mut parts, api).await.map_err(IntoResponse::into_response)?;
    let hinted = |problem: Problem| if problem.status == 413 { problem.with_hint(hint) } else { problem };
    let bytes = read(body, limit).await.map_err(|problem| hinted(problem).into_response())?;
    if let Some(idempotency) = idempotency(&parts, &ctx, &bytes).map_err(IntoResponse::into_response)? {
        match answered(&ctx, &idempotency).await {
            Ok(None) => ctx.idempotency = Some(idempotency),
            Ok(Some(answer)) => return Err(answer),
            Err(problem) => return Err(problem.into_response()),
        }
    }
    Ok((ctx, bytes))
}

/// Reads JSON, and says which field does not fit.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Problem::malformed("The body is not UTF-8."));
    }
    // Read twice where it fails: a syntax error and a wrong field are different problems, and the first
    // reading must not stop at whichever comes first.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let fitted = serde_path_to_error::deserialize(&mut reader);
    let complete = reader.end();
    match (fitted, complete) {
        (Ok(value), Ok(())) => Ok(value),
        (fitted, _) => {
            if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
                return Err(Problem::malformed(format!("The body is not JSON: {error}.")));
            }
            let Err(error) = fitted else {
                return Err(Problem::malformed("The body is not one JSON document."));
            };
            let pointer = Invalid::pointer_of(error.path());
            let message = error.into_inner().to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            Err(Problem::invalid(pointer, message))
        }
    }
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Problem::too_large(limit)),
        Err(_) => Err(Problem::malformed("The body broke off.")),
    }
}

/// The body as it came, for signatures; at most 3 MB.
#[derive(Debug)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request.into_body(), 3 * 1024 * 1024).await.map(Self)
    }
}

/// What the request asks under its `Idempotency-Key`, if it has one.
fn idempotency(parts: &Parts, ctx: &Context, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
    let Some(key) = parts.headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=200).contains(&key.len()));
    let key = key.ok_or_else(|| Problem::malformed("Idempotency-Key must be 1 to 200 ASCII characters."))?;
    let hash = |parts: &[&[u8]]| {
        let mut digest = Digest::new(&SHA256);
        for part in parts {
            digest.update(part);
            digest.update(b"\n");
        }
        hex::encode(digest.finish())
    };
    let asked = parts.uri.path_and_query().map_or("", |asked| asked.as_str());
    // A key is its caller's own: another one's does not meet it.
    Ok(Some(Idempotency {
        key: hash(&[ctx.actor.name().as_bytes(), key.as_bytes()]),
        request_hash: hash(&[parts.method.as_str().as_bytes(), asked.as_bytes(), body]),
    }))
}

/// The answer that the same request was given before.
async fn answered(ctx: &Context, request: &Idempotency) -> Result<Option<Response>, Problem> {
    let saved =
        ctx.store().get::<SavedAnswer>(&ctx.tenant, &request.key).await.map_err(operations::Error::from)?;
    let Some(saved) = saved.map(|saved| saved.value) else { return Ok(None) };
    if saved.request_hash != request.request_hash {
        let detail = "This Idempotency-Key came with another request before.";
        let title = "The key was used for another request";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", title, detail));
    }
    if saved.status == SavedAnswer::PROMISED {
        return Err(operations::Error::Answered.into());
    }
    let status = StatusCode::from_u16(saved.status).unwrap_or(StatusCode::OK);
    let is_empty = status == StatusCode::NO_CONTENT;
    let mut response = (status, if is_empty { String::new() } else { saved.body }).into_response();
    if is_empty {
        response.headers_mut().remove(header::CONTENT_TYPE);
    } else {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(Some(response))
}

/// The values in the path. One that cannot name anything names nothing: 404, for those whom we know.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        if let Ok(axum::extract::Path(value)) = axum::extract::Path::from_request_parts(parts, api).await {
            return Ok(Self(value));
        }
        // A handler may take its path before its caller. Who calls is still asked first.
        Caller::from_request_parts(parts, api).await?;
        let detail = "The path names nothing that could exist.";
        Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing", detail))
    }
}

/// The tenant in a webhook's path. Whoever calls proves it with that tenant's own secret, so a name that no tenant
/// can have is answered as one that none has, and nobody is asked for a credential: a function that takes webhooks
/// only does not carry what reads them.
#[derive(Debug)]
pub struct WebhookTenant(pub TenantId);

impl FromRequestParts<Api> for WebhookTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let tenant = axum::extract::Path::from_request_parts(parts, api).await;
        let axum::extract::Path(tenant) =
            tenant.map_err(|_| Problem::unauthenticated("No tenant has this name."))?;
        Ok(Self(tenant))
    }
}

/// The query.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        match serde_path_to_error::deserialize(reader) {
            Ok(value) => Ok(Self(value)),
            Err(error) => {
                let parameter = format!("?{}", error.path());
                Err(Problem::invalid(parameter, error.into_inner().to_string()))
            }
        }
    }
}

/// Which part of a list to answer.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct PageQuery {
    /// How many, at most 100; 50 if not given.
    pub limit: Option<usize>,
    /// Where the last page ended, as its `Link` header said.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// The page that is asked for.
    pub fn page(&self) -> Page {
        Page { limit: self.limit.unwrap_or_default(), cursor: self.cursor.clone() }
    }

    /// The limit, to be kept in the link to the next page.
    pub fn kept(&self) -> (&'static str, Option<String>) {
        ("limit", self.limit.map(|limit| limit.to_string()))
    }
}

/// The version that the caller saw, if it sent `If-Match`.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub Option<u64>);

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let tag = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .description(Some("The `ETag` of the state that is to be changed; any state if not given"))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        vec![tag.build()]
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value =
            parts.headers.get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default().trim());
        Ok(Self(value.filter(|text| *text != "*").map(|text| {
            let version = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
            // An ETag that we never gave out matches nothing.
            version.parse().unwrap_or(u64::MAX)
        })))
    }
}
