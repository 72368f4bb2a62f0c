//! Files of the local run, for whoever has a link: what a bucket's own address serves in the cloud.

use api::Problem;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use files::{Folder, Key, Purpose};
use futures::{StreamExt, stream};
use provider::ProviderError;
use serde::Deserialize;

/// Where links lead.
pub(crate) const PATH: &str = "/local/files";

/// How much of a file is held at once.
const PIECE: usize = 1024 * 1024;
/// The largest file, in bytes.
const MAX: u64 = 256 * 1024 * 1024;

/// The routes: what lets in is the link's signature.
pub(crate) fn router(folder: Folder) -> Router {
    Router::new().route("/local/files/{*key}", get(download).put(upload)).with_state(folder)
}

#[derive(Debug, Deserialize)]
struct Link {
    until: i64,
    name: String,
    signature: String,
}

impl Link {
    fn admit(&self, folder: &Folder, purpose: Purpose, key: &str) -> Result<Key, Problem> {
        folder.admit(purpose, key, &self.name, self.until, &self.signature).map_err(|_| {
            let detail = "The link is not one of ours, is for something else, or has ended.";
            Problem::new(axum::http::StatusCode::FORBIDDEN, "forbidden", "The link does not let in", detail)
        })
    }
}

async fn upload(
    State(folder): State<Folder>,
    Path(key): Path<String>,
    Query(link): Query<Link>,
    request: Request,
) -> Result<Response, Problem> {
    let key = link.admit(&folder, Purpose::Upload, &key)?;
    let mut writer = folder.write(&key).map_err(failed)?;
    let mut body = request.into_body().into_data_stream();
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|_| Problem::malformed("The body broke off."))?;
        if writer.write(&bytes).map_err(failed)? > MAX {
            return Err(Problem::too_large(usize::try_from(MAX).unwrap_or(usize::MAX)));
        }
    }
    writer.finish().map_err(failed)?;
    Ok(axum::http::StatusCode::OK.into_response())
}

async fn download(
    State(folder): State<Folder>,
    Path(key): Path<String>,
    Query(link): Query<Link>,
) -> Result<Response, Problem> {
    let key = link.admit(&folder, Purpose::Download, &key)?;
    if folder.read(&key, 0, 0).map_err(failed)?.is_none() {
        return Err(operations::Error::NotFound("file").into());
    }
    let pieces = stream::try_unfold((folder, key, 0_u64), |(folder, key, offset)| async move {
        let piece =
            folder.read(&key, offset, PIECE)?.map(|piece| piece.bytes).filter(|bytes| !bytes.is_empty());
        let Some(bytes) = piece else { return Ok::<_, ProviderError>(None) };
        let next = offset + u64::try_from(bytes.len()).unwrap_or_default();
        Ok(Some((bytes, (folder, key, next))))
    });
    let headers = [
        ("content-type", "binary/octet-stream".to_owned()),
        ("content-disposition", files::attachment(&link.name)),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn failed(error: ProviderError) -> Problem {
    tracing::error!(%error, "a file could not be kept");
    operations::Error::Internal("the folder of files").into()
}
