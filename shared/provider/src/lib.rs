//! The common ground of outside services.
//!
//! A provider crate brings its paths, its JSON and its signature; everything that is the same for all of
//! them is here: the HTTP client, what can go wrong, when to ask again, keys, and proof of origin.

mod answer;
mod digest;
mod error;
mod http;
mod retries;
mod secret;
mod verified;

pub use answer::Answer;
pub use digest::{hmac_sha256_hex, sha256_hex, verify_hmac_sha256_hex};
pub use error::ProviderError;
pub use http::{Http, Limits, client, url};
pub use reqwest::{RequestBuilder, Url};
pub use retries::Retries;
pub use secret::Secret;
pub use verified::Verified;
