//! What can go wrong at the table.

/// A read or write that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The record was changed since it was read, or made, or is gone.
    #[error("{kind} was changed meanwhile")]
    Stale {
        /// The kind of record.
        kind: &'static str,
    },
    /// Another record has a value that must be unique.
    #[error("{name} is taken")]
    Taken {
        /// What must be unique, such as `lead#phone`.
        name: &'static str,
        /// Who has it.
        owner: String,
    },
    /// Another call holds the line.
    #[error("the slot is taken")]
    SlotTaken,
    /// The same request was answered already.
    #[error("the request was answered already")]
    Answered,
    /// A cursor that no list of ours gave out.
    #[error("the cursor is not one of this list's")]
    BadCursor,
    /// More was asked for than one answer holds.
    #[error("there is more than one answer holds")]
    TooMuch,
    /// The table could not serve us for a while, after every retry.
    #[error("the table is throttled")]
    Throttled,
    /// The table cannot be reached, or answers with a fault.
    #[error("the table is unavailable: {0}")]
    Unavailable(String),
    /// The table will not do this: the request is wrong, or not permitted.
    #[error("the table refused: {0}")]
    Refused(String),
    /// An item that this code cannot read or write.
    #[error("a stored {kind} cannot be read: {detail}")]
    Malformed {
        /// The kind of record.
        kind: &'static str,
        /// What is wrong; names fields, not values.
        detail: String,
    },
}

impl Error {
    /// Whether the same again may go well.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Stale { .. } | Self::SlotTaken | Self::Throttled | Self::Unavailable(_))
    }
}

/// What the store answers.
pub type Result<T> = std::result::Result<T, Error>;
