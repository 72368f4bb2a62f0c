//! The data folder: the database, the simulators' memory, the keys, and how far the clock was moved.

use crate::runner::Error;
use domain::{Clock, Ids};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A data folder, or none for a run that keeps everything in memory.
#[derive(Debug, Clone)]
pub(crate) struct Folder(Option<PathBuf>);

/// What must be the same after a restart and stay in this folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    /// Wraps the tenants' data keys.
    pub(crate) master_key: [u8; 32],
    /// Signs what the simulated ElevenLabs sends.
    pub(crate) webhook_secret: String,
}

impl Folder {
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, Error> {
        if let Some(path) = &path {
            std::fs::create_dir_all(path).map_err(Error::Folder)?;
        }
        Ok(Self(path))
    }

    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        self.0.as_ref().map(|folder| folder.join(name))
    }

    /// The secrets of this folder, made on the first run.
    pub(crate) fn secrets(&self, ids: &Ids) -> Result<Secrets, Error> {
        let file = self.file("secrets.json");
        if let Some(text) = file.as_deref().and_then(|file| std::fs::read(file).ok()) {
            return serde_json::from_slice(&text).map_err(|_| Error::Damaged("secrets.json"));
        }
        let suffix = u128::from_be_bytes(ids.bytes());
        let secrets = Secrets { master_key: ids.bytes(), webhook_secret: format!("wsec_{suffix:032x}") };
        if let Some(file) = file {
            replace(&file, &secrets)?;
        }
        Ok(secrets)
    }

    /// The clock as it was left, or set to `now` where that is later: a restart never goes back.
    pub(crate) fn clock(&self, now: Option<Timestamp>) -> Result<Clock, Error> {
        let wanted = now.map(|now| now.as_millisecond() - Clock::default().now().as_millisecond());
        let kept = self.file("clock.json").and_then(|file| std::fs::read(file).ok());
        let kept: Option<i64> = kept
            .map(|text| serde_json::from_slice(&text).map_err(|_| Error::Damaged("clock.json")))
            .transpose()?;
        let clock = Clock::shifted(kept.into_iter().chain(wanted).max().unwrap_or_default());
        self.keep_clock(&clock)?;
        Ok(clock)
    }

    /// Keeps how far the clock was moved.
    pub(crate) fn keep_clock(&self, clock: &Clock) -> Result<(), Error> {
        match self.file("clock.json") {
            Some(file) if clock.is_shifted() || file.exists() => replace(&file, &clock.offset_ms()),
            _ => Ok(()),
        }
    }
}

/// Writes a file so that after a crash it is either as it was or as it is to be. Only its owner reads it.
fn replace(file: &Path, content: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_vec(content).map_err(|_| Error::Damaged("a file to write"))?;
    let fresh = file.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&fresh).and_then(|mut out| {
        out.write_all(&text)?;
        out.sync_all()
    });
    written.and_then(|()| std::fs::rename(&fresh, file)).map_err(Error::Folder)
}
