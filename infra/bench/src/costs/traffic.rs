//! What is asked of the product over HTTP.

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use std::ops::Sub;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts requests. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic {
    sum: Arc<Mutex<Requests>>,
}

/// Requests as the gateway would see them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Requests {
    /// Those of whoever uses the API.
    pub(super) callers: u64,
    /// Those by which a provider tells something.
    pub(super) webhooks: u64,
    /// The answers' bodies, in bytes.
    pub(super) answered: u64,
}

impl Sub for Requests {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            callers: self.callers - earlier.callers,
            webhooks: self.webhooks - earlier.webhooks,
            answered: self.answered - earlier.answered,
        }
    }
}

impl Traffic {
    /// The same routes, whose requests are counted; but not those that are the local run's own.
    pub(crate) fn counted(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), count))
    }

    /// What was asked so far.
    pub(super) fn so_far(&self) -> Requests {
        *self.sum.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn count(State(traffic): State<Traffic>, request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let (is_local, is_webhook) = (path.starts_with("/local/"), path.starts_with("/webhooks/"));
    // What comes of the request may be seen before its answer is, so it is counted first.
    if !is_local {
        let mut sum = traffic.sum.lock().unwrap_or_else(PoisonError::into_inner);
        *(if is_webhook { &mut sum.webhooks } else { &mut sum.callers }) += 1;
    }
    let response = next.run(request).await;
    if !is_local {
        let mut sum = traffic.sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.answered += response.body().size_hint().exact().unwrap_or_default();
    }
    response
}
