//! Leads that come from a file, and leads that go into one.

pub mod columns;

use crate::{ContactId, ExportId, ImportId, Invalid};
use columns::Column;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long an import can be undone, and its errors are shown.
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How many wrong rows of an import are shown.
pub const ERRORS_SHOWN: u32 = 1_000;

/// Leads on their way out of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The import's id.
    pub id: ImportId,
    /// Where it stands.
    pub status: ImportStatus,
    /// What the file is called where it comes from; may be empty.
    pub filename: String,
    /// What to do with what is in it.
    pub options: Options,
    /// The file's columns, once its first line was read.
    #[serde(default)]
    pub header: Option<Header>,
    /// Where the file is read on.
    #[serde(default)]
    pub place: Place,
    /// What became of the rows so far.
    #[serde(default)]
    pub tally: Tally,
    /// How many wrong rows are kept to be shown.
    #[serde(default)]
    pub errors_kept: u32,
    /// What became of taking it back, if that was asked for.
    #[serde(default)]
    pub undo: Option<Undo>,
    /// Rows before this one are still to be taken back; all, if there is none.
    #[serde(default)]
    pub undo_below: Option<u32>,
    /// Why it could not go on, in a sentence.
    #[serde(default)]
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last came forward.
    pub updated_at: Timestamp,
    /// When the last row was done.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// For its file, and to be started.
    Waiting,
    /// Its rows are being read.
    Running,
    /// Every row was read.
    Completed,
    /// The file cannot be read on; `failure` says why. What was read before stays, until it is undone.
    Failed,
    /// It is being taken back.
    Undoing,
    /// It was taken back.
    Undone,
}

/// What to do with what is in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// What a row does that names a lead who is there.
    pub on_duplicate: OnDuplicate,
    /// Which field a column is, by the column's name in the file; an empty text leaves the column out.
    pub mapping: BTreeMap<String, String>,
    /// Whether to say what would be done, and do nothing.
    pub dry_run: bool,
}

/// What a row does that names a lead who is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnDuplicate {
    /// Its cells that are not empty replace what the lead has.
    #[default]
    Update,
    /// Nothing.
    Skip,
}

/// The first line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// What separates its cells.
    pub delimiter: char,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
}

/// Where a file is read on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// How many bytes were read.
    pub offset: u64,
    /// How many rows were read.
    pub row: u32,
}

/// Where a lead stands in a file that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlace {
    /// The import.
    pub import: ImportId,
    /// The first row that names the lead.
    pub row: u32,
}

/// What became of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Rows that made a lead.
    pub created: u32,
    /// Rows that changed one.
    pub updated: u32,
    /// Rows that said what was known.
    pub unchanged: u32,
    /// Rows that were left out, because their lead is there.
    pub skipped: u32,
    /// Rows that are wrong.
    pub failed: u32,
}

/// What became of a row that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in `Tally`")]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    Skipped,
}

impl Tally {
    /// Counts one row.
    pub fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Updated => &mut self.updated,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Skipped => &mut self.skipped,
        } += 1;
    }

    /// How many rows were read.
    pub fn rows(&self) -> u32 {
        self.created + self.updated + self.unchanged + self.skipped + self.failed
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowError {
    /// Which row: the one after the line of names is 1; empty lines are not counted.
    pub row: u32,
    /// The field, as a lead has it; empty where the row as a whole is wrong.
    pub field: String,
    /// The column that it comes from, as the file calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What is wrong, without the value.
    pub detail: String,
}

/// What became of taking an import back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Undo {
    /// Leads that the import made and that are gone again.
    pub removed: u32,
    /// Leads that are again as they were before.
    pub restored: u32,
    /// Leads that somebody changed since, and that stay as they are.
    pub kept: u32,
    /// Some of the leads that stay as they are: a hundred at most.
    pub kept_leads: Vec<ContactId>,
}

/// Leads on their way into a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// The export's id.
    pub id: ExportId,
    /// Where it stands.
    pub status: ExportStatus,
    /// Which leads: the parameters of the list.
    pub filter: BTreeMap<String, String>,
    /// The custom fields that have a column of their own.
    #[serde(default)]
    pub custom_fields: Vec<String>,
    /// The page to go on with.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many leads are in the file.
    #[serde(default)]
    pub rows: u32,
    /// The file while it is being written in parts.
    #[serde(default)]
    pub upload: Option<String>,
    /// The parts that are written.
    #[serde(default)]
    pub parts: Vec<String>,
    /// The number of the file with what was read and was too little for a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<u64>,
    /// Why it could not go on, in a sentence.
    #[serde(default)]
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last came forward.
    pub updated_at: Timestamp,
    /// When the file was complete.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
}

/// Where an export stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportStatus {
    /// Leads are being written.
    Running,
    /// The file is there.
    Completed,
    /// It cannot be written; `failure` says why.
    Failed,
}

impl Import {
    /// A new import, which waits for its file.
    pub fn new(id: ImportId, filename: String, options: Options, now: Timestamp) -> Self {
        Self {
            id,
            status: ImportStatus::Waiting,
            filename,
            options,
            header: None,
            place: Place::default(),
            tally: Tally::default(),
            errors_kept: 0,
            undo: None,
            undo_below: None,
            failure: None,
            created_at: now,
            updated_at: now,
            finished_at: None,
        }
    }

    /// Until when it can be undone.
    pub fn kept_until(&self) -> Timestamp {
        self.created_at + KEPT
    }

    /// Refuses what is no form of a mapping: too much, or too long.
    pub fn check_mapping(mapping: &BTreeMap<String, String>) -> Result<(), Invalid> {
        if mapping.len() > columns::MAX || mapping.iter().any(|(name, to)| name.len() > 400 || to.len() > 100)
        {
            return Err(Invalid::new(format!("must be at most {} columns and their fields", columns::MAX)));
        }
        Ok(())
    }
}
