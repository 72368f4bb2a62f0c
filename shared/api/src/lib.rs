//! HTTP at the edge, the same in every function.
//!
//! A function lists its handlers in [`routes!`]; a handler takes a [`Caller`] or a [`Submitted`] body, calls
//! one operation, and answers with one of the types of [`answer`]. Whatever goes wrong is a [`Problem`].

mod access;
pub mod answer;
mod auth;
mod extract;
mod identity;
mod jwt;
mod problem;
mod routes;

pub use access::observed;
pub use answer::{Accepted, Audio, Created, Document, List, NoContent, Private, Record};
pub use auth::{Caller, RequestName};
pub use extract::{IfMatch, PageQuery, Path, Query, RawBody, Submitted, SubmittedFile, WebhookTenant};
pub use identity::Identities;
#[doc(hidden)]
pub use pastey;
pub use problem::{FieldError, Problem};
pub use routes::{fallback, finish, method_filter};

/// What a handler answers: a typed answer, or a problem.
pub type Result<T> = std::result::Result<T, Problem>;

use operations::Platform;

/// The state of every HTTP function: the platform, and who was recognised lately.
#[derive(Debug, Clone)]
pub struct Api {
    /// What operations stand on.
    pub platform: Platform,
    /// Who was recognised lately.
    pub identities: Identities,
}

impl Api {
    /// The state on this platform.
    pub fn new(platform: Platform) -> Self {
        Self { platform, identities: Identities::default() }
    }
}
