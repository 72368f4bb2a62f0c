//! The file, read record by record without holding more of it than a few windows.

use crate::error::{Error, Result};
use bytes::Bytes;
use domain::business::BusinessConfig;
use domain::import::{Header, Options, columns};
use domain::{Invalid, csv};
use files::{Files, Key};

/// How much of a file is read at once.
const WINDOW: usize = 1024 * 1024;
/// How large a record may be.
const RECORD_MAX: usize = 1024 * 1024;

/// Where the file is.
#[derive(Debug)]
pub(super) enum Source {
    /// In the request.
    Body(Bytes),
    /// Among the files.
    File(Files, Key),
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Reader {
    source: Source,
    /// What was read and is not used up.
    buffer: Vec<u8>,
    /// Where in the buffer the next record begins.
    at: usize,
    /// How many bytes of the file are before the buffer's end.
    read: u64,
    ended: bool,
}

impl Reader {
    pub(super) fn new(source: Source, offset: u64) -> Self {
        Self { source, buffer: Vec::new(), at: 0, read: offset, ended: false }
    }

    /// How many bytes were used up.
    pub(super) fn offset(&self) -> u64 {
        self.read - u64::try_from(self.buffer.len() - self.at).unwrap_or_default()
    }

    /// The first line. What is wrong with the file as a whole is `Invalid`.
    pub(super) async fn header(&mut self, options: &Options, config: &BusinessConfig) -> Result<Header> {
        loop {
            let rest = &self.buffer[self.at..];
            if (!rest.is_empty() || self.ended)
                && let Some((header, len)) = columns::header(rest, self.ended, &options.mapping, config)?
            {
                self.at += len;
                return Ok(header);
            }
            self.more(0).await?;
        }
    }

    /// The next record that has anything in it; none at the end. `number` is what it is called if it is too large.
    pub(super) async fn next(&mut self, delimiter: u8, number: u32) -> Result<Option<csv::Cells>> {
        loop {
            let rest = &self.buffer[self.at..];
            match csv::record(rest, delimiter, self.ended) {
                Some(record) => {
                    self.at += record.len;
                    let is_blank = |cells: &csv::Cells| matches!(cells, csv::Cells::Read(cells) if cells.iter().all(|c| c.trim().is_empty()));
                    if !is_blank(&record.cells) {
                        return Ok(Some(record.cells));
                    }
                }
                None if self.ended => return Ok(None),
                None => self.more(number).await?,
            }
        }
    }

    async fn more(&mut self, number: u32) -> Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        if self.buffer.len() > RECORD_MAX {
            let detail =
                format!("has more than 1 MiB in row {number}, which may open a quote that is never closed");
            return Err(Invalid::new(detail).into());
        }
        let (window, size) = match &self.source {
            Source::Body(body) => {
                let from = usize::try_from(self.read).unwrap_or(usize::MAX).min(body.len());
                let until = from.saturating_add(WINDOW).min(body.len());
                (body.slice(from..until), u64::try_from(body.len()).unwrap_or_default())
            }
            Source::File(files, key) => {
                let piece = files.read(key, self.read, WINDOW).await.map_err(Error::files)?;
                let piece =
                    piece.ok_or_else(|| Invalid::new("is gone: it was not read within seven days"))?;
                (piece.bytes, piece.size)
            }
        };
        self.read += u64::try_from(window.len()).unwrap_or_default();
        self.buffer.extend_from_slice(&window);
        self.ended = self.read >= size || window.is_empty();
        Ok(())
    }
}
