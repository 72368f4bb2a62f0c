//! What the simulated providers remember, in SQLite: on disk nothing is lost by `kill -9`.
//!
//! Columns exist for what is looked up by; everything else of a record is one JSON text. Here are the calls;
//! the webhooks and the messages have files of their own.

mod deliveries;
mod messages;

pub(crate) use deliveries::Delivery;
pub(crate) use messages::{Event, Limit, Received, Scene, Template};

use crate::elevenlabs::agents::Agent;
use crate::elevenlabs::conversations::{Conversation, Status};
use crate::elevenlabs::script::Script;
use crate::{Error, Webhook};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS accounts (
    api_key TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS agents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, agent_id TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
    record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS agents_by_account ON agents (account, seq);
CREATE TABLE IF NOT EXISTS conversations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation_id TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
    agent_id TEXT NOT NULL, user_id TEXT, started_ms INTEGER NOT NULL, next_ms INTEGER, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS conversations_by_account ON conversations (account, seq);
CREATE INDEX IF NOT EXISTS conversations_by_user ON conversations (account, user_id, seq);
CREATE INDEX IF NOT EXISTS conversations_by_next ON conversations (next_ms) WHERE next_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS scripts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, to_number TEXT NOT NULL, script TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS scripts_by_number ON scripts (to_number, seq);
";

/// Which conversations a list shows.
#[derive(Debug, Default)]
pub(crate) struct ConversationFilter {
    pub(crate) user_id: Option<String>,
    pub(crate) agent_id: Option<String>,
    pub(crate) started_after_ms: Option<i64>,
    pub(crate) started_before_ms: Option<i64>,
}

/// The database.
#[derive(Debug)]
pub(crate) struct Storage {
    connection: Mutex<Connection>,
}

impl Storage {
    /// Opens the file, or a database in memory, and makes its tables.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let connection = match path {
            Some(path) => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(Error::Folder)?;
                }
                Connection::open(path)?
            }
            None => Connection::open_in_memory()?,
        };
        connection.busy_timeout(Duration::from_secs(5))?;
        // Answers the mode in force: "memory" where there is no file.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        deliveries::prepare(&connection)?;
        messages::prepare(&connection)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put_account(&self, api_key: &str, webhook: &Webhook) -> Result<(), Error> {
        self.lock().execute(
            "INSERT INTO accounts (api_key, record) VALUES (?1, ?2)
             ON CONFLICT (api_key) DO UPDATE SET record = excluded.record",
            params![api_key, text(webhook)?],
        )?;
        Ok(())
    }

    pub(crate) fn account(&self, api_key: &str) -> Result<Option<Webhook>, Error> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached("SELECT record FROM accounts WHERE api_key = ?1")?;
        parsed(statement.query_row([api_key], |row| row.get::<_, String>(0)).optional()?)
    }

    pub(crate) fn create_agent(&self, agent: &Agent) -> Result<(), Error> {
        self.lock().execute(
            "INSERT INTO agents (agent_id, account, record) VALUES (?1, ?2, ?3)",
            params![agent.agent_id, agent.account, text(agent)?],
        )?;
        Ok(())
    }

    pub(crate) fn agent(&self, account: &str, agent_id: &str) -> Result<Option<Agent>, Error> {
        agent_in(&self.lock(), account, agent_id)
    }

    /// Reads, changes and writes one agent as one step; `None` where the account has no such agent.
    pub(crate) fn change_agent<E: From<Error>>(
        &self,
        account: &str,
        agent_id: &str,
        change: impl FnOnce(&mut Agent) -> Result<(), E>,
    ) -> Result<Option<Agent>, E> {
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(Error::from)?;
        let Some(mut agent) = agent_in(&transaction, account, agent_id)? else {
            return Ok(None);
        };
        change(&mut agent)?;
        write_agent(&transaction, &agent)?;
        transaction.commit().map_err(Error::from)?;
        Ok(Some(agent))
    }

    pub(crate) fn delete_agent(&self, account: &str, agent_id: &str) -> Result<bool, Error> {
        let gone = self
            .lock()
            .execute("DELETE FROM agents WHERE account = ?1 AND agent_id = ?2", params![account, agent_id])?;
        Ok(gone > 0)
    }

    /// The account's agents, newest first, from before the row `before`.
    pub(crate) fn agents(&self, account: &str, before: i64) -> Result<Vec<(i64, Agent)>, Error> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT seq, record FROM agents WHERE account = ?1 AND seq < ?2 ORDER BY seq DESC",
        )?;
        numbered(statement.query_map(params![account, before], pair)?)
    }

    /// Places a call: takes the number's next script, if one waits, and stores what `compose` makes of it.
    pub(crate) fn place(
        &self,
        to_number: &str,
        compose: impl FnOnce(Option<Script>) -> Conversation,
    ) -> Result<Conversation, Error> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let waiting: Option<(i64, String)> = transaction
            .query_row(
                "SELECT seq, script FROM scripts WHERE to_number = ?1 ORDER BY seq LIMIT 1",
                [to_number],
                pair,
            )
            .optional()?;
        let script = match waiting {
            None => None,
            Some((seq, script)) => {
                transaction.execute("DELETE FROM scripts WHERE seq = ?1", [seq])?;
                Some(serde_json::from_str(&script)?)
            }
        };
        let call = compose(script);
        transaction.execute(
            "INSERT INTO conversations (conversation_id, account, agent_id, user_id, started_ms, next_ms, record)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                call.conversation_id,
                call.account,
                call.agent_id,
                call.user_id,
                call.started_ms,
                call.stages.first().map(|stage| stage.at_ms),
                text(&call)?
            ],
        )?;
        if let Some(mut agent) = agent_in(&transaction, &call.account, &call.agent_id)? {
            agent.last_call_ms = Some(call.started_ms);
            write_agent(&transaction, &agent)?;
        }
        transaction.commit()?;
        Ok(call)
    }

    pub(crate) fn conversation(&self, account: &str, id: &str) -> Result<Option<Conversation>, Error> {
        let connection = self.lock();
        let mut statement = connection
            .prepare_cached("SELECT record FROM conversations WHERE account = ?1 AND conversation_id = ?2")?;
        parsed(statement.query_row([account, id], |row| row.get::<_, String>(0)).optional()?)
    }

    /// Removes a conversation; whether there was one.
    pub(crate) fn delete_conversation(&self, account: &str, id: &str) -> Result<bool, Error> {
        let sql = "DELETE FROM conversations WHERE account = ?1 AND conversation_id = ?2";
        Ok(self.lock().execute(sql, [account, id])? > 0)
    }

    /// Up to `limit` of the account's conversations, newest first, from before the row `before`.
    pub(crate) fn conversations(
        &self,
        account: &str,
        filter: &ConversationFilter,
        before: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Conversation)>, Error> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT seq, record FROM conversations
             WHERE account = ?1 AND seq < ?2 AND (?3 IS NULL OR user_id = ?3) AND (?4 IS NULL OR agent_id = ?4)
               AND (?5 IS NULL OR started_ms >= ?5) AND (?6 IS NULL OR started_ms <= ?6)
             ORDER BY seq DESC LIMIT ?7",
        )?;
        let found = statement.query_map(
            params![
                account,
                before,
                filter.user_id,
                filter.agent_id,
                filter.started_after_ms,
                filter.started_before_ms,
                limit
            ],
            pair,
        )?;
        numbered(found)
    }

    /// Every call ever placed, oldest first.
    pub(crate) fn placed(&self) -> Result<Vec<Conversation>, Error> {
        let connection = self.lock();
        let mut statement =
            connection.prepare_cached("SELECT seq, record FROM conversations ORDER BY seq")?;
        let found = numbered(statement.query_map([], pair)?)?;
        Ok(found.into_iter().map(|(_, call)| call).collect())
    }

    pub(crate) fn push_scripts(&self, to_number: &str, scripts: &[Script]) -> Result<(), Error> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM scripts WHERE to_number = ?1", [to_number])?;
        for script in scripts {
            transaction.execute(
                "INSERT INTO scripts (to_number, script) VALUES (?1, ?2)",
                params![to_number, text(script)?],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// The earliest instant at which something is to happen.
    pub(crate) fn next_ms(&self) -> Result<Option<i64>, Error> {
        Ok(self.lock().query_row(
            "SELECT MIN(at) FROM (SELECT MIN(next_ms) AS at FROM conversations UNION ALL
                                  SELECT MIN(due_ms) FROM events UNION ALL
                                  SELECT MIN(due_ms) FROM deliveries)",
            [],
            |row| row.get(0),
        )?)
    }

    /// Moves every call on to where it stands at `now_ms`, in the order of the instants, and stores the
    /// deliveries that `announce` makes of a call that has come to its end. Answers the number of steps.
    pub(crate) fn advance(
        &self,
        now_ms: i64,
        mut announce: impl FnMut(&Conversation, i64) -> Vec<Delivery>,
    ) -> Result<usize, Error> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let mut steps = 0;
        while let Some((seq, record)) = transaction
            .prepare_cached(
                "SELECT seq, record FROM conversations WHERE next_ms <= ?1 ORDER BY next_ms, seq LIMIT 1",
            )?
            .query_row([now_ms], pair)
            .optional()?
        {
            let mut call: Conversation = serde_json::from_str(&record)?;
            let stage = call.stages.remove(0);
            call.status = stage.status;
            transaction.execute(
                "UPDATE conversations SET next_ms = ?2, record = ?3 WHERE seq = ?1",
                params![seq, call.stages.first().map(|next| next.at_ms), text(&call)?],
            )?;
            if matches!(call.status, Status::Done | Status::Failed) {
                for delivery in announce(&call, stage.at_ms) {
                    deliveries::enqueue(&transaction, &delivery)?;
                }
            }
            steps += 1;
        }
        transaction.commit()?;
        Ok(steps)
    }
}

fn agent_in(connection: &Connection, account: &str, agent_id: &str) -> Result<Option<Agent>, Error> {
    let mut statement =
        connection.prepare_cached("SELECT record FROM agents WHERE account = ?1 AND agent_id = ?2")?;
    parsed(statement.query_row([account, agent_id], |row| row.get::<_, String>(0)).optional()?)
}

fn write_agent(connection: &Connection, agent: &Agent) -> Result<(), Error> {
    connection.execute(
        "UPDATE agents SET record = ?2 WHERE agent_id = ?1",
        params![agent.agent_id, text(agent)?],
    )?;
    Ok(())
}

fn text(record: &impl Serialize) -> Result<String, Error> {
    Ok(serde_json::to_string(record)?)
}

fn parsed<T: DeserializeOwned>(record: Option<String>) -> Result<Option<T>, Error> {
    Ok(record.map(|record| serde_json::from_str(&record)).transpose()?)
}

fn pair(row: &Row<'_>) -> rusqlite::Result<(i64, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn numbered<T: DeserializeOwned>(
    rows: impl Iterator<Item = rusqlite::Result<(i64, String)>>,
) -> Result<Vec<(i64, T)>, Error> {
    rows.map(|row| {
        let (seq, record) = row?;
        Ok((seq, serde_json::from_str(&record)?))
    })
    .collect()
}
