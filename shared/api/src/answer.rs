//! What handlers answer.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use operations::Listing;
use operations::delivery::Delivery;
use serde::Serialize;
use store::Stored;

/// 200 with a record and its `ETag`.
#[derive(Debug)]
pub struct Record<T>(pub Stored<T>);

impl<T: Serialize> IntoResponse for Record<T> {
    fn into_response(self) -> Response {
        (etag(self.0.version), Json(self.0.value)).into_response()
    }
}

/// 201 with the record that was made, and its `ETag`.
#[derive(Debug)]
pub struct Created<T>(pub Stored<T>);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, etag(self.0.version), Json(self.0.value)).into_response()
    }
}

/// 202 with what will be done.
#[derive(Debug)]
pub struct Accepted<T>(pub T);

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

/// 200 with a recording, or 303 to where it is.
#[derive(Debug)]
pub struct Audio(pub Delivery);

impl IntoResponse for Audio {
    fn into_response(self) -> Response {
        delivered(self.0, "audio/mpeg")
    }
}

/// 200 with a JSON document, or 303 to where it is.
#[derive(Debug)]
pub struct Document(pub Delivery);

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        delivered(self.0, "application/json")
    }
}

/// What somebody said, or what is known of them.
fn delivered(delivery: Delivery, content_type: &'static str) -> Response {
    let mut response = match delivery {
        Delivery::Here(bytes) => {
            ([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))], bytes).into_response()
        }
        Delivery::There(url) => (StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response(),
    };
    let (name, value) = PRIVATE;
    response.headers_mut().insert(name, value);
    response
}

/// For whoever asked, and for no cache on the way.
const PRIVATE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));

/// 200 with what no cache on the way may keep.
#[derive(Debug)]
pub struct Private<T>(pub T);

impl<T: Serialize> IntoResponse for Private<T> {
    fn into_response(self) -> Response {
        ([PRIVATE], Json(self.0)).into_response()
    }
}

/// 204.
#[derive(Debug)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// 200 with one page of a list as an array; `Link: <…>; rel="next"` leads to the next one.
#[derive(Debug)]
pub struct List<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T> List<T> {
    /// The page that `listing` is, of the list at `path` with these query parameters.
    pub fn new(listing: Listing<T>, path: &str, parameters: &[(&str, Option<String>)]) -> Self {
        let next = listing.next.map(|cursor| {
            let mut link = format!("{path}?cursor={cursor}");
            for (name, value) in parameters {
                if let Some(value) = value {
                    link.extend(["&", name, "="]);
                    link.extend(value.bytes().map(escape));
                }
            }
            link
        });
        Self { items: listing.items, next }
    }
}

fn escape(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(link) =
            self.next.and_then(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).ok())
        {
            headers.insert(header::LINK, link);
        }
        (headers, Json(self.items)).into_response()
    }
}

fn etag(version: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        headers.insert(header::ETAG, value);
    }
    headers
}
