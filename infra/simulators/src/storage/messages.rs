//! Messages of every channel, and what WhatsApp knows: numbers, templates, people, media.

use super::{Delivery, Storage, deliveries, numbered, pair, parsed, text};
use crate::Error;
use crate::outbox::{Channel, Sent};
use crate::whatsapp::{MessageScript, Person, TemplateCategory, WhatsAppNumber};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[cfg(test)]
mod tests;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, account TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS messages_by_account ON messages (channel, account, at_ms);
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, due_ms INTEGER NOT NULL, envelope TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_due ON events (due_ms);
CREATE TABLE IF NOT EXISTS message_scripts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, script TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS message_scripts_by_recipient ON message_scripts (recipient, seq);
CREATE TABLE IF NOT EXISTS whatsapp_numbers (
    phone_number_id TEXT PRIMARY KEY, access_token TEXT NOT NULL, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS whatsapp_numbers_by_token ON whatsapp_numbers (access_token);
CREATE TABLE IF NOT EXISTS whatsapp_templates (
    phone_number_id TEXT NOT NULL, name TEXT NOT NULL, language TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (phone_number_id, name, language));
CREATE TABLE IF NOT EXISTS whatsapp_users (
    phone_number_id TEXT NOT NULL, user TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (phone_number_id, user));
CREATE TABLE IF NOT EXISTS whatsapp_pairs (
    phone_number_id TEXT NOT NULL, user TEXT NOT NULL, repaid_ms INTEGER NOT NULL,
    PRIMARY KEY (phone_number_id, user));
CREATE TABLE IF NOT EXISTS whatsapp_received (
    phone_number_id TEXT NOT NULL, message_id TEXT NOT NULL, PRIMARY KEY (phone_number_id, message_id));
CREATE TABLE IF NOT EXISTS whatsapp_media (
    media_id TEXT PRIMARY KEY, mime_type TEXT NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS whatsapp_links (
    link TEXT PRIMARY KEY, media_id TEXT NOT NULL, expires_ms INTEGER NOT NULL);
";

/// How long an inbound message lets anything be sent back.
const WINDOW_MS: i64 = 24 * 3_600_000;

/// Messages that a number may send in one second.
const NUMBER_PER_SECOND: i64 = 80;

/// Messages that a number may send to one user at once.
const PAIR_BURST: i64 = 45;

/// What repays one message of the burst.
const PAIR_MS: i64 = 6000;

/// Something that WhatsApp will tell a number's owner.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The phone number id.
    pub(crate) account: String,
    pub(crate) due_ms: i64,
    /// The webhook's whole body.
    pub(crate) envelope: Value,
}

/// An approved template.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) body_parameters: usize,
    pub(crate) category: TemplateCategory,
}

/// A rate that a message would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Of everything the number sends.
    Number,
    /// Of what the number sends to one user.
    Pair,
}

/// What decides how a message fares.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The recipient's next script; taken unless a limit is exceeded.
    pub(crate) script: Option<MessageScript>,
    /// The recipient, as far as known.
    pub(crate) person: Person,
    /// Whether the recipient wrote in the last 24 hours.
    pub(crate) window_open: bool,
    pub(crate) limit: Option<Limit>,
}

/// A message that somebody wrote to a number.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) person: Person,
    pub(crate) id: String,
    /// Whether the person did something, rather than WhatsApp tell of the person.
    pub(crate) opens_window: bool,
}

/// A person as a number knows them.
#[derive(Debug, Default, Serialize, Deserialize)]
struct User {
    person: Person,
    last_inbound_ms: Option<i64>,
}

pub(super) fn prepare(connection: &Connection) -> Result<(), Error> {
    Ok(connection.execute_batch(SCHEMA)?)
}

impl Storage {
    pub(crate) fn put_whatsapp_number(&self, id: &str, number: &WhatsAppNumber) -> Result<(), Error> {
        self.lock().execute(
            "INSERT INTO whatsapp_numbers (phone_number_id, access_token, record) VALUES (?1, ?2, ?3)
             ON CONFLICT (phone_number_id)
             DO UPDATE SET access_token = excluded.access_token, record = excluded.record",
            params![id, number.access_token, text(number)?],
        )?;
        Ok(())
    }

    pub(crate) fn whatsapp_number(&self, id: &str) -> Result<Option<WhatsAppNumber>, Error> {
        let connection = self.lock();
        let mut statement =
            connection.prepare_cached("SELECT record FROM whatsapp_numbers WHERE phone_number_id = ?1")?;
        parsed(statement.query_row([id], |row| row.get::<_, String>(0)).optional()?)
    }

    /// Whether any number has this access token.
    pub(crate) fn knows_token(&self, access_token: &str) -> Result<bool, Error> {
        let connection = self.lock();
        let mut statement =
            connection.prepare_cached("SELECT 1 FROM whatsapp_numbers WHERE access_token = ?1")?;
        Ok(statement.exists([access_token])?)
    }

    pub(crate) fn put_template(
        &self,
        phone_number_id: &str,
        name: &str,
        language: &str,
        template: Template,
    ) -> Result<(), Error> {
        self.lock().execute(
            "INSERT INTO whatsapp_templates (phone_number_id, name, language, record) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (phone_number_id, name, language) DO UPDATE SET record = excluded.record",
            params![phone_number_id, name, language, text(&template)?],
        )?;
        Ok(())
    }

    pub(crate) fn template(
        &self,
        phone_number_id: &str,
        name: &str,
        language: &str,
    ) -> Result<Option<Template>, Error> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT record FROM whatsapp_templates WHERE phone_number_id = ?1 AND name = ?2 AND language = ?3",
        )?;
        let found = statement.query_row([phone_number_id, name, language], |row| row.get::<_, String>(0));
        parsed(found.optional()?)
    }

    pub(crate) fn push_message_scripts(
        &self,
        recipient: &str,
        scripts: &[MessageScript],
    ) -> Result<(), Error> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM message_scripts WHERE recipient = ?1", [recipient])?;
        for script in scripts {
            transaction.execute(
                "INSERT INTO message_scripts (recipient, script) VALUES (?1, ?2)",
                params![recipient, text(script)?],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Stores what people wrote, and what is to be told of it.
    pub(crate) fn receive(
        &self,
        phone_number_id: &str,
        now_ms: i64,
        received: &[Received],
        events: &[Event],
    ) -> Result<(), Error> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        for message in received {
            let inbound_ms = message.opens_window.then_some(now_ms);
            meet(&transaction, phone_number_id, &message.person, inbound_ms)?;
            // A message that comes twice is one message.
            transaction.execute(
                "INSERT OR IGNORE INTO whatsapp_received (phone_number_id, message_id) VALUES (?1, ?2)",
                [phone_number_id, &message.id],
            )?;
        }
        for event in events {
            schedule(&transaction, event)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Whether somebody wrote this message to the number.
    pub(crate) fn has_received(&self, phone_number_id: &str, message_id: &str) -> Result<bool, Error> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT 1 FROM whatsapp_received WHERE phone_number_id = ?1 AND message_id = ?2",
        )?;
        Ok(statement.exists([phone_number_id, message_id])?)
    }

    /// Whether the number sent this message.
    pub(crate) fn has_sent(&self, phone_number_id: &str, message_id: &str) -> Result<bool, Error> {
        let connection = self.lock();
        let mut statement =
            connection.prepare_cached("SELECT 1 FROM messages WHERE message_id = ?2 AND account = ?1")?;
        Ok(statement.exists([phone_number_id, message_id])?)
    }

    /// Accepts a WhatsApp message or not: `decide` sees what it depends on, and answers with the message and what
    /// is to be told of it, or with a refusal. Either way the recipient's script is used up.
    pub(crate) fn accept<E: From<Error>>(
        &self,
        phone_number_id: &str,
        recipient: &str,
        now_ms: i64,
        decide: impl FnOnce(Scene) -> Result<(Sent, Vec<Event>), E>,
    ) -> Result<Sent, E> {
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(Error::from)?;
        let user = user_in(&transaction, phone_number_id, recipient)?.unwrap_or_default();
        let pair_of = user.person.phone.clone().unwrap_or_else(|| recipient.to_owned());
        let limit = limit_in(&transaction, phone_number_id, &pair_of, now_ms)?;
        let script = if limit.is_none() { take_script(&transaction, recipient)? } else { None };
        let window_open = user.last_inbound_ms.is_some_and(|last| now_ms - last < WINDOW_MS);
        let decided = decide(Scene { script, person: user.person, window_open, limit });
        if let Ok((sent, events)) = &decided {
            insert(&transaction, sent)?;
            charge(&transaction, phone_number_id, &pair_of, now_ms)?;
            for event in events {
                schedule(&transaction, event)?;
            }
        }
        transaction.commit().map_err(Error::from)?;
        decided.map(|(sent, _)| sent)
    }

    /// Stores a message that is told of by nobody.
    pub(crate) fn put_message(&self, sent: &Sent) -> Result<(), Error> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        insert(&transaction, sent)?;
        transaction.commit()?;
        Ok(())
    }

    /// Every message ever sent, oldest first.
    pub(crate) fn messages(&self) -> Result<Vec<Sent>, Error> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached("SELECT seq, record FROM messages ORDER BY seq")?;
        let found = numbered(statement.query_map([], pair)?)?;
        Ok(found.into_iter().map(|(_, sent)| sent).collect())
    }

    /// Turns every event that is due at `now_ms`, in the order of the instants, into the deliveries that
    /// `deliveries_of` makes of it. Answers the number of events.
    pub(crate) fn announce(
        &self,
        now_ms: i64,
        mut deliveries_of: impl FnMut(Event) -> Vec<Delivery>,
    ) -> Result<usize, Error> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let mut steps = 0;
        while let Some((seq, account, due_ms, envelope)) = transaction
            .prepare_cached(
                "SELECT seq, account, due_ms, envelope FROM events WHERE due_ms <= ?1 ORDER BY due_ms, seq LIMIT 1",
            )?
            .query_row([now_ms], |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
            })
            .optional()?
        {
            transaction.execute("DELETE FROM events WHERE seq = ?1", [seq])?;
            let event = Event { account, due_ms, envelope: serde_json::from_str(&envelope)? };
            for delivery in deliveries_of(event) {
                deliveries::enqueue(&transaction, &delivery)?;
            }
            steps += 1;
        }
        transaction.commit()?;
        Ok(steps)
    }

    pub(crate) fn put_media(&self, media_id: &str, mime_type: &str, bytes: &[u8]) -> Result<(), Error> {
        self.lock().execute(
            "INSERT INTO whatsapp_media (media_id, mime_type, bytes) VALUES (?1, ?2, ?3)",
            params![media_id, mime_type, bytes],
        )?;
        Ok(())
    }

    /// A file's MIME type and bytes.
    pub(crate) fn media(&self, media_id: &str) -> Result<Option<(String, Vec<u8>)>, Error> {
        let connection = self.lock();
        let mut statement =
            connection.prepare_cached("SELECT mime_type, bytes FROM whatsapp_media WHERE media_id = ?1")?;
        Ok(statement.query_row([media_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    pub(crate) fn put_link(&self, link: &str, media_id: &str, expires_ms: i64) -> Result<(), Error> {
        self.lock().execute(
            "INSERT INTO whatsapp_links (link, media_id, expires_ms) VALUES (?1, ?2, ?3)",
            params![link, media_id, expires_ms],
        )?;
        Ok(())
    }

    /// The file to which a link leads while it lives.
    pub(crate) fn linked_media(&self, link: &str, now_ms: i64) -> Result<Option<String>, Error> {
        let connection = self.lock();
        let mut statement = connection
            .prepare_cached("SELECT media_id FROM whatsapp_links WHERE link = ?1 AND expires_ms > ?2")?;
        Ok(statement.query_row(params![link, now_ms], |row| row.get(0)).optional()?)
    }
}

fn insert(transaction: &Transaction<'_>, sent: &Sent) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO messages (channel, account, message_id, at_ms, record) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![sent.channel.name(), sent.account, sent.id, sent.at.as_millisecond(), text(sent)?],
    )?;
    Ok(())
}

fn schedule(transaction: &Transaction<'_>, event: &Event) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO events (account, due_ms, envelope) VALUES (?1, ?2, ?3)",
        params![event.account, event.due_ms, event.envelope.to_string()],
    )?;
    Ok(())
}

fn user_in(connection: &Connection, phone_number_id: &str, user: &str) -> Result<Option<User>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT record FROM whatsapp_users WHERE phone_number_id = ?1 AND user = ?2")?;
    parsed(statement.query_row([phone_number_id, user], |row| row.get::<_, String>(0)).optional()?)
}

/// Lays what is now known of a person over what was, under the phone number and under the user id.
fn meet(
    transaction: &Transaction<'_>,
    phone_number_id: &str,
    person: &Person,
    inbound_ms: Option<i64>,
) -> Result<(), Error> {
    let mut user = User::default();
    for key in [&person.phone, &person.user_id].into_iter().flatten() {
        if let Some(known) = user_in(transaction, phone_number_id, key)? {
            user.person = known.person.or(user.person);
            user.last_inbound_ms = user.last_inbound_ms.max(known.last_inbound_ms);
        }
    }
    user.person = person.clone().or(user.person);
    user.last_inbound_ms = user.last_inbound_ms.max(inbound_ms);
    for key in [&user.person.phone, &user.person.user_id].into_iter().flatten() {
        transaction.execute(
            "INSERT INTO whatsapp_users (phone_number_id, user, record) VALUES (?1, ?2, ?3)
             ON CONFLICT (phone_number_id, user) DO UPDATE SET record = excluded.record",
            params![phone_number_id, key, text(&user)?],
        )?;
    }
    Ok(())
}

fn take_script(transaction: &Transaction<'_>, recipient: &str) -> Result<Option<MessageScript>, Error> {
    let waiting: Option<(i64, String)> = transaction
        .query_row(
            "SELECT seq, script FROM message_scripts WHERE recipient = ?1 ORDER BY seq LIMIT 1",
            [recipient],
            pair,
        )
        .optional()?;
    let Some((seq, script)) = waiting else { return Ok(None) };
    transaction.execute("DELETE FROM message_scripts WHERE seq = ?1", [seq])?;
    Ok(Some(serde_json::from_str(&script)?))
}

fn limit_in(
    connection: &Connection,
    phone_number_id: &str,
    user: &str,
    now_ms: i64,
) -> Result<Option<Limit>, Error> {
    let in_this_second: i64 = connection.query_row(
        "SELECT COUNT(*) FROM messages WHERE channel = ?1 AND account = ?2 AND at_ms > ?3",
        params![Channel::WhatsApp.name(), phone_number_id, now_ms - 1000],
        |row| row.get(0),
    )?;
    if in_this_second >= NUMBER_PER_SECOND {
        return Ok(Some(Limit::Number));
    }
    let repaid_ms = repaid_ms(connection, phone_number_id, user)?.max(now_ms) + PAIR_MS;
    Ok((repaid_ms - now_ms > PAIR_BURST * PAIR_MS).then_some(Limit::Pair))
}

/// When all that the number has sent to the user will be repaid.
fn repaid_ms(connection: &Connection, phone_number_id: &str, user: &str) -> Result<i64, Error> {
    let mut statement = connection
        .prepare_cached("SELECT repaid_ms FROM whatsapp_pairs WHERE phone_number_id = ?1 AND user = ?2")?;
    Ok(statement.query_row([phone_number_id, user], |row| row.get(0)).optional()?.unwrap_or(i64::MIN))
}

fn charge(
    transaction: &Transaction<'_>,
    phone_number_id: &str,
    user: &str,
    now_ms: i64,
) -> Result<(), Error> {
    let repaid_ms = repaid_ms(transaction, phone_number_id, user)?.max(now_ms) + PAIR_MS;
    transaction.execute(
        "INSERT INTO whatsapp_pairs (phone_number_id, user, repaid_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (phone_number_id, user) DO UPDATE SET repaid_ms = excluded.repaid_ms",
        params![phone_number_id, user, repaid_ms],
    )?;
    Ok(())
}
