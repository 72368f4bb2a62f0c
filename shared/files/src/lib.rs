//! What is too large for the table: one type, [`Files`], over a bucket of Amazon S3 or over a folder.
//!
//! Only this crate builds keys: `t/<tenant>/<kind>/<id>` of what is removed after a week, `k/<tenant>/<kind>/<id>` of
//! what is kept.

mod folder;
mod s3;
mod signature;

pub use folder::{Folder, Purpose, Refused, Writer};
pub use s3::Bucket;

use bytes::Bytes;
use domain::{Clock, TenantId};
use jiff::{SignedDuration, Timestamp};
use provider::{Http, ProviderError};
use std::fmt;
use std::sync::Arc;

/// The least size of a part of a large file, but for its last one, in bytes: 5 MiB, as S3 has it.
pub const PART_MIN: usize = 5 * 1024 * 1024;

/// Where files are kept. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Files {
    room: Arc<Room>,
    clock: Clock,
}

#[derive(Debug)]
enum Room {
    Bucket(s3::Client),
    Folder(Folder),
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Leads on their way in.
    Import,
    /// Leads on their way out.
    Export,
    /// What was said in a call.
    Recording,
    /// A document of a practice.
    Document,
    /// All that is stored of one person.
    Dossier,
}

/// The name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The name of a tenant's file of this kind and id.
    pub fn of(tenant: &TenantId, kind: Kind, id: impl fmt::Display) -> Self {
        let (shelf, kind) = match kind {
            Kind::Import => ("t", "import"),
            Kind::Export => ("t", "export"),
            Kind::Recording => ("t", "recording"),
            Kind::Document => ("k", "document"),
            Kind::Dossier => ("t", "dossier"),
        };
        Self(format!("{shelf}/{tenant}/{kind}/{id}"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address that whoever has it may use until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub url: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What stands in it.
    pub bytes: Bytes,
    /// How large the whole file is, in bytes.
    pub size: u64,
}

impl Files {
    /// The files in this bucket. Nothing is sent yet.
    pub fn bucket(bucket: Bucket, http: Http, clock: Clock) -> Self {
        Self { room: Arc::new(Room::Bucket(s3::Client::new(bucket, http))), clock }
    }

    /// The files in this folder.
    pub fn folder(folder: Folder, clock: Clock) -> Self {
        Self { room: Arc::new(Room::Folder(folder)), clock }
    }

    /// Stores a file, or replaces it.
    pub async fn put(&self, key: &Key, bytes: Bytes) -> Result<(), ProviderError> {
        match &*self.room {
            Room::Bucket(bucket) => bucket.put(key, bytes, self.clock.now()).await,
            Room::Folder(folder) => folder.put(key, &bytes),
        }
    }

    /// At most `len` bytes from `offset` on, at most 4 MiB; none if there is no such file. Past the end there are none.
    pub async fn read(&self, key: &Key, offset: u64, len: usize) -> Result<Option<Piece>, ProviderError> {
        match &*self.room {
            Room::Bucket(bucket) => bucket.read(key, offset, len, self.clock.now()).await,
            Room::Folder(folder) => folder.read(key, offset, len),
        }
    }

    /// How large a file is, in bytes; none if there is no such file.
    pub async fn size(&self, key: &Key) -> Result<Option<u64>, ProviderError> {
        match &*self.room {
            Room::Bucket(bucket) => bucket.size(key, self.clock.now()).await,
            Room::Folder(folder) => folder.size(key),
        }
    }

    /// Removes a file. One that is not there is removed already.
    pub async fn delete(&self, key: &Key) -> Result<(), ProviderError> {
        match &*self.room {
            Room::Bucket(bucket) => bucket.delete(key, self.clock.now()).await,
            Room::Folder(folder) => folder.delete(key),
        }
    }

    /// Begins a file that is written in parts; answers what names the writing.
    pub async fn begin(&self, key: &Key) -> Result<String, ProviderError> {
        match &*self.room {
            Room::Bucket(bucket) => bucket.begin(key, self.clock.now()).await,
            Room::Folder(folder) => folder.begin(key),
        }
    }

    /// Writes the part of this number, from 1 to 10,000; all but the last have [`PART_MIN`] bytes or more. Parts follow
    /// one another by their numbers, which may leave some out. Answers what names the part: its number and what is in
    /// it. Of what is written under one number, only the latest can be made a file of.
    pub async fn put_part(
        &self,
        key: &Key,
        upload: &str,
        number: u64,
        bytes: Bytes,
    ) -> Result<String, ProviderError> {
        let tag = match &*self.room {
            Room::Bucket(bucket) => bucket.put_part(key, upload, number, bytes, self.clock.now()).await,
            Room::Folder(folder) => folder.put_part(key, number, &bytes),
        };
        tag.map(|tag| format!("{number} {tag}"))
    }

    /// Makes one file of its parts, by their names. Doing it again changes nothing; from then on no part can be written.
    pub async fn complete(&self, key: &Key, upload: &str, parts: &[String]) -> Result<(), ProviderError> {
        let numbered =
            |part: &String| part.split_once(' ').map(|(number, tag)| (number.to_owned(), tag.to_owned()));
        let parts: Option<Vec<(String, String)>> = parts.iter().map(numbered).collect();
        let parts = parts.ok_or_else(|| ProviderError::unsent("no_part"))?;
        match &*self.room {
            Room::Bucket(bucket) => bucket.complete(key, upload, &parts, self.clock.now()).await,
            Room::Folder(folder) => folder.complete(key, &parts),
        }
    }

    /// Where a file can be put with `PUT`, for `valid`.
    pub fn upload_link(&self, key: &Key, valid: SignedDuration) -> Link {
        let now = self.clock.now();
        let url = match &*self.room {
            Room::Bucket(bucket) => bucket.link(&http::Method::PUT, key, &[], valid, now),
            Room::Folder(folder) => folder.link(Purpose::Upload, key, "", now + valid),
        };
        Link { url, expires_at: now + valid }
    }

    /// Where a file can be had with `GET`, for `valid`, as a download of this name.
    pub fn download_link(&self, key: &Key, name: &str, valid: SignedDuration) -> Link {
        let now = self.clock.now();
        let url = match &*self.room {
            Room::Bucket(bucket) => {
                let disposition = attachment(name);
                let parameters = [("response-content-disposition", disposition.as_str())];
                bucket.link(&http::Method::GET, key, &parameters, valid, now)
            }
            Room::Folder(folder) => folder.link(Purpose::Download, key, name, now + valid),
        };
        Link { url, expires_at: now + valid }
    }
}

/// The `Content-Disposition` of a download of this name (RFC 6266): in ASCII, with the name as it is beside it where that
/// says more.
pub fn attachment(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._ ()".contains(c);
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    if ascii == name {
        return format!("attachment; filename=\"{name}\"");
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", sigv4::escaped(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_has_the_name_that_was_given_to_it() {
        assert_eq!(attachment("leads.csv"), "attachment; filename=\"leads.csv\"");
        let expected = "attachment; filename=\"Citt_ _1_.pdf\"; filename*=UTF-8''Citt%C3%A0%20%221%22.pdf";
        assert_eq!(attachment("Citt\u{e0} \"1\".pdf"), expected);
    }
}
