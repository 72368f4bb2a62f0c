//! One list of handlers a function: from it come the router and, apart from it, the OpenAPI document.

use crate::{Api, Problem, access};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodFilter;
use http::{Method, StatusCode, Uri};
use operations::Platform;
use utoipa::openapi::HttpMethod;

/// Declares a function's routes from its handlers, which carry `#[utoipa::path]`.
///
/// It makes `routes()`, for the process that serves several functions at once; `router(platform)`, which a
/// function serves alone; and `describe()`, which nothing calls at start-up.
#[macro_export]
macro_rules! routes {
    ($($handler:ident),+ $(,)?) => { $crate::pastey::paste! {
        /// The routes of this function, without what surrounds them.
        pub fn routes() -> ::axum::Router<$crate::Api> {
            ::axum::Router::new()$(.route(
                &<[<__path_ $handler>] as ::utoipa::Path>::path(),
                ::axum::routing::on($crate::method_filter(<[<__path_ $handler>] as ::utoipa::Path>::methods()), $handler),
            ))+
        }

        /// The function as it is served alone.
        pub fn router(platform: ::operations::Platform) -> ::axum::Router {
            $crate::finish(routes(), platform)
        }

        /// What the routes take and answer.
        pub fn describe() -> ::utoipa::openapi::OpenApi {
            #[derive(::utoipa::OpenApi)]
            #[openapi(paths($($handler),+))]
            struct Document;
            <Document as ::utoipa::OpenApi>::openapi()
        }
    } };
}

/// The router's word for the document's methods.
pub fn method_filter(methods: Vec<HttpMethod>) -> MethodFilter {
    let filter = |method| match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    };
    methods.into_iter().map(filter).reduce(MethodFilter::or).unwrap_or(MethodFilter::GET)
}

/// Puts around routes what surrounds all of them: ids, logs, and problems for what is not there.
pub fn finish(routes: Router<Api>, platform: Platform) -> Router {
    let api = Api::new(platform);
    routes
        .fallback(fallback)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(api.clone(), access::observed))
        .with_state(api)
}

/// 404 as a problem.
pub async fn fallback(method: Method, uri: Uri) -> Problem {
    let detail = format!("{method} {} is not a route of this API; see /docs.", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "no_route", "There is no such route", detail)
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}; see /docs.", uri.path());
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "The route does not take this method",
        detail,
    )
}
