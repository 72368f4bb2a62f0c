//! Functions behind the HTTP API (payload format 2.0).

use crate::aws::Aws;
use crate::boot::{self, Error};
use axum::Router;
use axum::body::to_bytes;
use axum::http::{Response, Uri};
use lambda_http::request::RequestContext;
use lambda_http::{Body, IntoResponse, Request, RequestExt, service_fn};
use operations::Platform;
use std::future::{Future, ready};
use std::pin::Pin;
use tower::ServiceExt;
use tracing::{Instrument, info_span};

/// The whole `main` of a function behind the HTTP API.
///
/// A handler sees the bytes that the client sent, whether or not the gateway sent them to us in base64, and
/// the path without the name of the stage. Everything is logged with the invocation's `request_id`.
///
/// Every request's caller is looked up in the table, so the connection is opened before the first.
pub fn serve_http(build: impl FnOnce(Platform) -> Router) -> Result<(), Error> {
    boot::run(false, |environment| async move {
        let aws = Aws::new(&environment);
        let router = build(aws.platform());
        aws.open_table().await;
        serve(router).await
    })
}

/// The same for a function whose answers do not need the table: it opens no connection.
pub fn serve_http_without_table(build: impl FnOnce(Platform) -> Router) -> Result<(), Error> {
    boot::run(false, |environment| async move { serve(build(Aws::new(&environment).platform())).await })
}

async fn serve(router: Router) -> Result<(), lambda_runtime::Error> {
    lambda_http::run(service_fn(move |request| answer(router.clone(), request))).await
}

async fn answer(router: Router, mut request: Request) -> Result<Answer, lambda_runtime::Error> {
    strip_stage(&mut request);
    let request_id = request.lambda_context_ref().map(|context| context.request_id.clone());
    let span = info_span!("request", request_id);
    let Ok(response) = router.oneshot(request).instrument(span).await;
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await?;
    let body = String::from_utf8(bytes.into()).map_or_else(|error| error.into_bytes().into(), Body::from);
    Ok(Answer(Response::from_parts(parts, body)))
}

/// An answer that says by itself whether it is text. Asked to find that out, the library would consult the
/// content type, and link every character set that one can name: 140 kB of a function's package.
struct Answer(Response<Body>);

impl IntoResponse for Answer {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}

/// Takes the stage's name off the path. Only the stage `$default` has none; the runtime puts any other there
/// even where a domain of our own has taken it off.
fn strip_stage(request: &mut Request) {
    let stage = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.stage.as_deref(),
        _ => None,
    };
    let Some(stage) = stage.filter(|stage| *stage != "$default") else {
        return;
    };
    let Some(rest) = request.uri().path().strip_prefix(&format!("/{stage}")) else {
        return;
    };
    let path = match rest {
        "" => "/",
        rest if rest.starts_with('/') => rest,
        _ => return,
    };
    let target = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    if let Ok(uri) = target.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use axum::extract::OriginalUri;
    use axum::routing::{get, post};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    fn event(stage: &str, path: &str, body: Option<&str>, base64: bool) -> Value {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "a=1&a=%C3%A9",
            "headers": {"host": "api.test", "content-type": "application/json", "x-signature": "v0=1"},
            "requestContext": {
                "accountId": "1", "apiId": "x", "domainName": "api.test", "requestId": "gw1", "stage": stage,
                "http": {
                    "method": if body.is_some() { "POST" } else { "GET" }, "path": path, "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1", "userAgent": "test",
                },
                "time": "21/Nov/2026:10:00:00 +0000", "timeEpoch": 1_795_255_200_000_i64,
            },
            "body": body, "isBase64Encoded": base64,
        })
    }

    async fn served(router: Router, event: &Value) -> (u16, Body) {
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let Answer(response) = answer(router, request).await.unwrap();
        (response.status().as_u16(), response.into_body())
    }

    #[tokio::test]
    async fn a_body_arrives_as_it_was_sent() {
        let echo = Router::new().route("/echo", post(|body: Bytes| async { body }));
        let text = "{ \"a\" :\t\"é\\u00e9\",\r\n \"b\": 1.0 }  \n";
        let binary = [0, 159, 146, 150, 255, b'\n'];
        let cases = [
            (event("$default", "/echo", Some(text), false), text.as_bytes()),
            (event("$default", "/echo", Some(&STANDARD.encode(text)), true), text.as_bytes()),
            (event("$default", "/echo", Some(&STANDARD.encode(binary)), true), &binary[..]),
        ];
        for (event, expected) in cases {
            let (status, body) = served(echo.clone(), &event).await;
            assert_eq!((status, &body[..]), (200, expected));
            assert_eq!(matches!(body, Body::Text(_)), expected != binary);
        }
    }

    #[tokio::test]
    async fn the_name_of_a_stage_is_no_part_of_the_path() {
        let show = |OriginalUri(uri): OriginalUri| async move {
            uri.path_and_query().map(ToString::to_string).unwrap_or_default()
        };
        let router = Router::new().route("/", get(show)).route("/leads", get(show)).fallback(show);
        let cases = [
            ("$default", "/leads", "/leads?a=1&a=%C3%A9"),
            ("prod", "/prod/leads", "/leads?a=1&a=%C3%A9"),
            ("prod", "/leads", "/leads?a=1&a=%C3%A9"),
            ("prod", "/prod/", "/?a=1&a=%C3%A9"),
            ("prod", "/products", "/products?a=1&a=%C3%A9"),
            ("$default", "/prod/leads", "/prod/leads?a=1&a=%C3%A9"),
        ];
        for (stage, path, expected) in cases {
            let (_, body) = served(router.clone(), &event(stage, path, None, false)).await;
            assert_eq!(&body[..], expected.as_bytes(), "{stage} {path}");
        }
    }
}
