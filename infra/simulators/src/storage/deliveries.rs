//! Webhooks on their way: what is still to be posted, of whichever service.

use super::Storage;
use crate::Error;
use crate::webhooks::Service;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, body TEXT NOT NULL, due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, retried INTEGER NOT NULL, forged INTEGER NOT NULL, held INTEGER NOT NULL,
    service TEXT NOT NULL DEFAULT 'elevenlabs');
CREATE INDEX IF NOT EXISTS deliveries_by_due ON deliveries (due_ms);
";

/// A webhook that is to be posted.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// Row number; 0 before it is stored.
    pub(crate) seq: i64,
    /// Who sends it: decides the receiver, the signature and the further attempts.
    pub(crate) service: Service,
    /// What the service knows its client by: an API key, or the id of a phone number.
    pub(crate) account: String,
    /// The exact bytes that are signed and posted.
    pub(crate) body: String,
    pub(crate) due_ms: i64,
    /// How often it was posted in vain.
    pub(crate) attempts: u32,
    /// Whether a failure is followed by another attempt.
    pub(crate) retried: bool,
    /// Whether a stranger sends it, who does not know the secret.
    pub(crate) forged: bool,
    /// Whether it goes as soon as another one of its account has gone.
    pub(crate) held: bool,
}

impl ToSql for Service {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.name()))
    }
}

impl FromSql for Service {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::of(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// Makes the table; one that an older version made knows ElevenLabs only, and gets the column it lacks.
pub(super) fn prepare(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(SCHEMA)?;
    let columns: i64 = connection.query_row(
        "SELECT COUNT(*) FROM pragma_table_info('deliveries') WHERE name = 'service'",
        [],
        |row| row.get(0),
    )?;
    if columns == 0 {
        connection
            .execute("ALTER TABLE deliveries ADD COLUMN service TEXT NOT NULL DEFAULT 'elevenlabs'", [])?;
    }
    Ok(())
}

pub(super) fn enqueue(transaction: &Transaction<'_>, delivery: &Delivery) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO deliveries (service, account, body, due_ms, retried, forged, held)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            delivery.service,
            delivery.account,
            delivery.body,
            delivery.due_ms,
            delivery.retried,
            delivery.forged,
            delivery.held
        ],
    )?;
    Ok(())
}

impl Storage {
    /// The delivery that is to go first, if it is due.
    pub(crate) fn due_delivery(&self, now_ms: i64) -> Result<Option<Delivery>, Error> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT seq, service, account, body, due_ms, attempts, retried, forged, held FROM deliveries
             WHERE due_ms <= ?1 ORDER BY due_ms, seq LIMIT 1",
        )?;
        let delivery = statement.query_row([now_ms], |row| {
            Ok(Delivery {
                seq: row.get(0)?,
                service: row.get(1)?,
                account: row.get(2)?,
                body: row.get(3)?,
                due_ms: row.get(4)?,
                attempts: row.get(5)?,
                retried: row.get(6)?,
                forged: row.get(7)?,
                held: row.get(8)?,
            })
        });
        Ok(delivery.optional()?)
    }

    /// Forgets a delivery that was made or given up, and lets go those that waited for it.
    pub(crate) fn close_delivery(&self, delivery: &Delivery, now_ms: i64) -> Result<(), Error> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM deliveries WHERE seq = ?1", [delivery.seq])?;
        if !delivery.held && !delivery.forged {
            transaction.execute(
                "UPDATE deliveries SET held = 0, due_ms = ?3
                 WHERE service = ?1 AND account = ?2 AND held = 1 AND due_ms > ?3",
                params![delivery.service, delivery.account, now_ms],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Puts a delivery off after a failed attempt, unless more of its account wait already than its service
    /// keeps: then it is dropped.
    pub(crate) fn put_off_delivery(&self, delivery: &Delivery, due_ms: i64) -> Result<(), Error> {
        let connection = self.lock();
        let waiting: i64 = connection.query_row(
            "SELECT COUNT(*) FROM deliveries WHERE service = ?1 AND account = ?2 AND attempts > 0 AND seq <> ?3",
            params![delivery.service, delivery.account, delivery.seq],
            |row| row.get(0),
        )?;
        if waiting < delivery.service.retries_per_account() {
            connection.execute(
                "UPDATE deliveries SET attempts = attempts + 1, due_ms = ?2 WHERE seq = ?1",
                [delivery.seq, due_ms],
            )?;
        } else {
            connection.execute("DELETE FROM deliveries WHERE seq = ?1", [delivery.seq])?;
        }
        Ok(())
    }
}
