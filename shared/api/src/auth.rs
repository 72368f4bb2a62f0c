//! Who calls: the first thing that every handler asks.

use crate::identity::{Identity, identify};
use crate::{Api, Problem};
use axum::extract::FromRequestParts;
use domain::crm::CrmSettings;
use futures::future::BoxFuture;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use operations::{Context, Platform};
use std::convert::Infallible;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use store::{Rate, Stored};

/// An authenticated caller, within its rate, and the context of its request.
#[derive(Debug, Clone)]
pub struct Caller(pub Context);

impl Deref for Caller {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.0
    }
}

/// The id of the request that is being answered.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// The id of the request, for routes that know no caller.
#[derive(Debug, Clone)]
pub struct RequestName(pub String);

impl<S: Send + Sync> FromRequestParts<S> for RequestName {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()))
    }
}

/// Where the caller of a request is left for what surrounds it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(pub(crate) Arc<OnceLock<Context>>);

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        identified(parts, api).await
    }
}

/// Boxed here, all of it is compiled once, in this crate, and not anew for each handler of each function.
fn identified<'a>(parts: &'a mut Parts, api: &'a Api) -> BoxFuture<'a, Result<Caller, Problem>> {
    Box::pin(async move {
        let credential = credential(&parts.headers).ok_or_else(|| {
            Problem::unauthenticated(
                "Send an API key or a token: `Authorization: Bearer …` or `x-api-key: …`.",
            )
        })?;
        let identity = identify(api, credential).await?;
        within_rate(&api.platform, &identity, parts.uri.path()).await?;
        let Identity { tenant, actor, .. } = identity;
        let correlation = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let span = tracing::Span::current();
        span.record("tenant", tenant.as_str());
        span.record("actor", actor.name());
        let ctx = Context { platform: api.platform.clone(), tenant, actor, correlation, idempotency: None };
        if let Some(seen) = parts.extensions.get::<Seen>() {
            let _ = seen.0.set(ctx.clone());
        }
        if let Some(origin) = parts.headers.get(header::ORIGIN) {
            from_allowed_origin(&ctx, origin).await?;
        }
        Ok(Caller(ctx))
    })
}

fn credential(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, rest) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(rest.trim())
    });
    bearer
        .or_else(|| headers.get("x-api-key")?.to_str().ok().map(str::trim))
        .filter(|credential| !credential.is_empty() && credential.len() <= 8_192)
}

/// Where a page's request comes from is looked at on top of who asks: a key in a page is easily copied into another.
async fn from_allowed_origin(ctx: &Context, origin: &HeaderValue) -> Result<(), Problem> {
    let settings = ctx.store().get::<CrmSettings>(&ctx.tenant, &()).await.map_err(operations::Error::from)?;
    let is_allowed =
        |settings: Stored<CrmSettings>| origin.to_str().is_ok_and(|origin| settings.allows_origin(origin));
    if settings.is_none_or(is_allowed) { Ok(()) } else { Err(Problem::origin_not_allowed()) }
}

/// The rate of `/admin` is one of its own, whatever a credential may do elsewhere.
const ADMIN_RATE: Rate = Rate { per_second: 5, burst: 30 };

async fn within_rate(platform: &Platform, identity: &Identity, path: &str) -> Result<(), Problem> {
    let Some((user, rate)) = &identity.rate else { return Ok(()) };
    let (user, rate) = if path.starts_with("/admin/") {
        (format!("{user}#admin"), rate.at_most(ADMIN_RATE))
    } else {
        (user.clone(), *rate)
    };
    let used = platform.store.count_use(&identity.tenant, &user, rate, platform.now()).await;
    match used.map_err(operations::Error::from)? {
        Some(seconds) => Err(Problem::too_many(seconds)),
        None => Ok(()),
    }
}
