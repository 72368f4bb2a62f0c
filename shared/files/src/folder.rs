//! Files in a folder, or in memory, for the local run and the tests.
//!
//! Reading and writing hold up the thread for the moment that they take: a part of a file of this machine.

use crate::signature::{escaped, mac};
use crate::{Key, Piece};
use bytes::Bytes;
use domain::Clock;
use jiff::Timestamp;
use provider::ProviderError;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A folder, and the address under which its links lead to it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Folder {
    shelf: Shelf,
    base_url: Arc<str>,
    secret: Arc<[u8]>,
    clock: Clock,
}

#[derive(Debug, Clone)]
enum Shelf {
    Disk(Arc<PathBuf>),
    Memory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>),
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Putting a file there.
    Upload,
    /// Having the file.
    Download,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }
}

/// A link that was not made here, was changed, or has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl Folder {
    /// The files below this path, or in memory if there is none. `base_url` is where links lead: whatever serves it
    /// asks [`Folder::admit`] first. Links are signed with a key of their own that comes from `secret`.
    pub fn new(path: Option<PathBuf>, base_url: &str, secret: [u8; 32], clock: Clock) -> Self {
        let shelf = path.map_or_else(|| Shelf::Memory(Arc::default()), |path| Shelf::Disk(Arc::new(path)));
        let secret: Arc<[u8]> = mac(&secret, "links to files").into();
        Self { shelf, base_url: base_url.trim_end_matches('/').into(), secret, clock }
    }

    pub(crate) fn link(&self, purpose: Purpose, key: &Key, name: &str, until: Timestamp) -> String {
        let (until, key) = (until.as_second(), key.as_str());
        let signature = self.signature(purpose, key, name, until);
        format!("{}/{key}?until={until}&name={}&signature={signature}", self.base_url, escaped(name))
    }

    /// The file that a link leads to, if the link was made here for this and has not ended.
    pub fn admit(
        &self,
        purpose: Purpose,
        key: &str,
        name: &str,
        until: i64,
        signature: &str,
    ) -> Result<Key, Refused> {
        // The signatures are signed and compared, so that the time which that takes tells nothing of them.
        let own = mac(&self.secret, &self.signature(purpose, key, name, until));
        let fits = own == mac(&self.secret, signature);
        if fits && self.clock.now().as_second() < until { Ok(Key(key.to_owned())) } else { Err(Refused) }
    }

    fn signature(&self, purpose: Purpose, key: &str, name: &str, until: i64) -> String {
        hex::encode(mac(&self.secret, &format!("{}\n{key}\n{name}\n{until}", purpose.as_str())))
    }

    /// Begins to write a file; it is there once [`Writer::finish`] was called.
    pub fn write(&self, key: &Key) -> Result<Writer, ProviderError> {
        let draft = match &self.shelf {
            Shelf::Memory(_) => Draft::Memory(Vec::new()),
            Shelf::Disk(_) => {
                let path = self.path(&format!("{}.new", key.as_str()));
                if let Some(parent) = path.parent() {
                    std::fs::create_dir_all(parent).map_err(failed)?;
                }
                Draft::Disk(File::create(path).map_err(failed)?)
            }
        };
        Ok(Writer { folder: self.clone(), key: key.clone(), draft, size: 0 })
    }

    pub(crate) fn put(&self, key: &Key, bytes: &[u8]) -> Result<(), ProviderError> {
        let mut writer = self.write(key)?;
        writer.write(bytes)?;
        writer.finish()
    }

    /// See [`crate::Files::read`].
    pub fn read(&self, key: &Key, offset: u64, len: usize) -> Result<Option<Piece>, ProviderError> {
        match &self.shelf {
            Shelf::Memory(files) => Ok(lock(files).get(key.as_str()).map(|bytes| {
                let from = usize::try_from(offset).map_or(bytes.len(), |from| from.min(bytes.len()));
                let until = from.saturating_add(len).min(bytes.len());
                Piece { bytes: Bytes::copy_from_slice(&bytes[from..until]), size: size_of(bytes.len()) }
            })),
            Shelf::Disk(_) => {
                let mut file = match File::open(self.path(key.as_str())) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                    file => file.map_err(failed)?,
                };
                let size = file.metadata().map_err(failed)?.len();
                file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                let mut bytes = Vec::new();
                file.take(size_of(len)).read_to_end(&mut bytes).map_err(failed)?;
                Ok(Some(Piece { bytes: bytes.into(), size }))
            }
        }
    }

    pub(crate) fn size(&self, key: &Key) -> Result<Option<u64>, ProviderError> {
        Ok(self.read(key, 0, 0)?.map(|piece| piece.size))
    }

    pub(crate) fn delete(&self, key: &Key) -> Result<(), ProviderError> {
        match &self.shelf {
            Shelf::Memory(files) => {
                lock(files).remove(key.as_str());
                Ok(())
            }
            Shelf::Disk(_) => match std::fs::remove_file(self.path(key.as_str())) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
                _ => Ok(()),
            },
        }
    }

    /// An upload is there as long as its mark. A file has one at a time.
    pub(crate) fn begin(&self, key: &Key) -> Result<String, ProviderError> {
        self.put(&beside(key, "upload"), &[])?;
        Ok("parts".to_owned())
    }

    pub(crate) fn put_part(&self, key: &Key, number: u64, bytes: &[u8]) -> Result<String, ProviderError> {
        if self.size(&beside(key, "upload"))?.is_none() {
            return Err(refused(404, "NoSuchUpload"));
        }
        self.put(&part(key, number), bytes)?;
        Ok(provider::sha256_hex(bytes))
    }

    /// Refuses what S3 refuses: an upload that is over, unless its file is there, and a part that was written over.
    pub(crate) fn complete(&self, key: &Key, parts: &[(String, String)]) -> Result<(), ProviderError> {
        let mark = beside(key, "upload");
        if self.size(&mark)?.is_none() {
            return if self.size(key)?.is_some() { Ok(()) } else { Err(refused(404, "NoSuchUpload")) };
        }
        let mut writer = self.write(key)?;
        for (number, tag) in parts {
            let piece = self.read(&part(key, number), 0, usize::MAX)?;
            let piece = piece.filter(|piece| provider::sha256_hex(&piece.bytes) == *tag);
            writer.write(&piece.ok_or_else(|| refused(400, "InvalidPart"))?.bytes)?;
        }
        writer.finish()?;
        self.delete(&mark)?;
        parts.iter().try_for_each(|(number, _)| self.delete(&part(key, number)))
    }

    fn path(&self, key: &str) -> PathBuf {
        match &self.shelf {
            Shelf::Disk(path) => path.join(key),
            Shelf::Memory(_) => PathBuf::new(),
        }
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct Writer {
    folder: Folder,
    key: Key,
    draft: Draft,
    size: u64,
}

#[derive(Debug)]
enum Draft {
    Disk(File),
    Memory(Vec<u8>),
}

impl Writer {
    /// Adds these bytes; answers how many there are now.
    pub fn write(&mut self, bytes: &[u8]) -> Result<u64, ProviderError> {
        match &mut self.draft {
            Draft::Disk(file) => file.write_all(bytes).map_err(failed)?,
            Draft::Memory(draft) => draft.extend_from_slice(bytes),
        }
        self.size += size_of(bytes.len());
        Ok(self.size)
    }

    /// Puts the file in its place.
    pub fn finish(self) -> Result<(), ProviderError> {
        match (self.draft, &self.folder.shelf) {
            (Draft::Memory(draft), Shelf::Memory(files)) => {
                lock(files).insert(self.key.0, draft);
                Ok(())
            }
            (Draft::Disk(file), _) => {
                file.sync_all().map_err(failed)?;
                let draft = self.folder.path(&format!("{}.new", self.key.0));
                std::fs::rename(draft, self.folder.path(&self.key.0)).map_err(failed)
            }
            (Draft::Memory(_), Shelf::Disk(_)) => Err(ProviderError::unsent("no_such_shelf")),
        }
    }
}

fn part(key: &Key, number: impl Display) -> Key {
    beside(key, &format!("part{number}"))
}

fn beside(key: &Key, what: &str) -> Key {
    Key(format!("{}.{what}", key.as_str()))
}

fn refused(status: u16, code: &str) -> ProviderError {
    ProviderError::Rejected { status, code: code.to_owned(), message: String::new() }
}

fn size_of(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

fn lock(files: &Mutex<BTreeMap<String, Vec<u8>>>) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
    files.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: std::io::Error) -> ProviderError {
    ProviderError::Unexpected { status: None, detail: format!("the folder: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Files, Kind};
    use jiff::SignedDuration;

    fn folders() -> [(Option<tempfile::TempDir>, Folder); 2] {
        let temporary = tempfile::tempdir().unwrap();
        let path = Some(temporary.path().join("files"));
        let folder = |path| Folder::new(path, "http://localhost/local/files/", [7; 32], Clock::default());
        [(Some(temporary), folder(path)), (None, folder(None))]
    }

    fn key() -> Key {
        Key::of(&"acme".parse().unwrap(), Kind::Import, "imp_1")
    }

    #[tokio::test]
    async fn a_file_is_read_in_parts_and_made_of_parts() {
        for (_kept, folder) in folders() {
            let files = Files::folder(folder, Clock::default());
            assert_eq!(files.read(&key(), 0, 9).await.unwrap(), None);
            files.put(&key(), Bytes::from_static(b"0123456789")).await.unwrap();
            assert_eq!(files.size(&key()).await.unwrap(), Some(10));
            for (offset, expected) in [(0, "012"), (8, "89"), (10, ""), (99, "")] {
                let piece = files.read(&key(), offset, 3).await.unwrap().unwrap();
                assert_eq!((&piece.bytes[..], piece.size), (expected.as_bytes(), 10));
            }
            let large = Key::of(&"acme".parse().unwrap(), Kind::Export, "exp_1");
            let put = async |upload: &str, number, text: &'static str| {
                files.put_part(&large, upload, number, Bytes::from_static(text.as_bytes())).await
            };
            let is_refused = |result: Result<_, ProviderError>, code: &str| {
                assert!(matches!(result, Err(ProviderError::Rejected { code: is, .. }) if is == code));
            };
            is_refused(put("parts", 1, "early").await.map(drop), "NoSuchUpload");
            let upload = files.begin(&large).await.unwrap();
            let lost = put(&upload, 2, "lost").await.unwrap();
            let parts = [put(&upload, 2, "one ").await.unwrap(), put(&upload, 7, "two").await.unwrap()];
            is_refused(files.complete(&large, &upload, &[lost, parts[1].clone()]).await, "InvalidPart");
            for _ in 0..2 {
                files.complete(&large, &upload, &parts).await.unwrap();
                assert_eq!(&files.read(&large, 0, 99).await.unwrap().unwrap().bytes[..], b"one two");
                is_refused(put(&upload, 8, "late").await.map(drop), "NoSuchUpload");
            }
            for _ in 0..2 {
                files.delete(&key()).await.unwrap();
                assert_eq!(files.size(&key()).await.unwrap(), None);
            }
        }
    }

    #[test]
    fn a_link_admits_to_what_it_was_made_for_while_it_lasts() {
        let [_, (_, folder)] = folders();
        let files = Files::folder(folder.clone(), folder.clock.clone());
        let link = files.download_link(&key(), "leads 1.csv", SignedDuration::from_mins(15));
        let (path, query) = link.url.split_once('?').unwrap();
        assert_eq!(path, "http://localhost/local/files/t/acme/import/imp_1");
        let values: Vec<&str> = query.split('&').map(|pair| pair.split_once('=').unwrap().1).collect();
        let (until, signature): (i64, &str) = (values[0].parse().unwrap(), values[2]);
        assert_eq!(values[1], "leads%201.csv");
        let admit = |purpose, path: &str, until| folder.admit(purpose, path, "leads 1.csv", until, signature);
        assert_eq!(admit(Purpose::Download, key().as_str(), until), Ok(key()));
        assert_eq!(admit(Purpose::Upload, key().as_str(), until), Err(Refused));
        assert_eq!(admit(Purpose::Download, "t/other/import/imp_1", until), Err(Refused));
        assert_eq!(admit(Purpose::Download, key().as_str(), until + 1), Err(Refused));
        folder.clock.advance_to(link.expires_at);
        assert_eq!(admit(Purpose::Download, key().as_str(), until), Err(Refused));
    }
}
