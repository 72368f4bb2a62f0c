//! What may be too large for an answer.

use crate::context::Context;
use crate::error::{Error, Result};
use bytes::Bytes;
use files::Key;
use jiff::SignedDuration;

/// How much is answered as it is, in bytes: a function's answer may have 6 MB, and bytes grow by a third on their way
/// through the gateway.
const ANSWERED_MAX: usize = 4_500_000;
/// How long something larger can be had by its link.
const LINK_VALID: SignedDuration = SignedDuration::from_mins(15);

/// Something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Here it is.
    Here(Bytes),
    /// It is too large for an answer, and can be had at this address for some minutes.
    There(String),
}

/// Hands something over, by way of a file of this key if it is large; `name` is what the file is called where it is saved.
pub(crate) async fn deliver(ctx: &Context, key: &Key, name: &str, bytes: Bytes) -> Result<Delivery> {
    if bytes.len() <= ANSWERED_MAX {
        return Ok(Delivery::Here(bytes));
    }
    let files = &ctx.platform.files;
    files.put(key, bytes).await.map_err(Error::files)?;
    Ok(Delivery::There(files.download_link(key, name, LINK_VALID).url))
}
