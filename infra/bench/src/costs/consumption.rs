//! What was measured, as what AWS charges for; and what is assumed where nothing can be measured here.

use super::bill::Bill;
use super::price::{Item, Quantity};
use super::size::Stored;
use super::template::Template;
use super::traffic::Requests;
use crate::Failure;
use crate::meter::Units;
use contracts::JOB_KINDS;
use std::collections::BTreeMap;

/// A request to the table, there and back. Those that run side by side are taken as if one after another.
const ROUND_TRIP_MS: u64 = 5;
/// What an invocation takes besides waiting: its own work with a seventh of a processor, which 256 MB have.
const OWN_MS: u64 = 20;
/// What a new instance takes to start, and how many invocations there are for each that meets one.
const START_MS: u64 = 200;
const STARTS_EVERY: u64 = 10;
/// What the relay waits for a queue.
const QUEUE_MS: u64 = 10;
/// What ElevenLabs takes to place a call, or to tell of one.
const DIAL_MS: u64 = 1_000;
/// What a model takes to read a talk.
const READING_MS: u64 = 10_000;
/// What a model takes to write an answer in a chat, and WhatsApp to take a message or a mark.
const ANSWER_MS: u64 = 3_000;
const SEND_MS: u64 = 500;
/// What an import takes for a row: it keeps below 450 a second.
const ROW_MS_OF_THOUSAND: u64 = 2_222;
/// Lambda's own lines about an invocation (START, END, REPORT), and the gateway's about a request.
const PLATFORM_LINE: u64 = 350;
const GATEWAY_LINE: u64 = 350;
/// What is sent to ElevenLabs for a dial, to a model for a reading and for an answer, and to WhatsApp for a message.
const DIAL_BYTES: u64 = 20_000;
const READING_BYTES: u64 = 40_000;
const ANSWER_BYTES: u64 = 15_000;
const SEND_BYTES: u64 = 2_000;
/// How many requests wait at each queue for messages, each for how long.
const POLLERS: u64 = 5;
const POLL_SECS: u64 = 20;
/// How often the table's own key is asked for by each connection that is at work.
const TABLE_KEY_SECS: u64 = 300;
/// A month.
const MONTH_SECS: u64 = 30 * 86_400;
const TICK_SECS: u64 = 60;

/// The assumptions, in words.
pub(super) fn assumptions() -> Vec<String> {
    vec![
        format!("a round trip to the table takes {ROUND_TRIP_MS} ms, and no two run side by side"),
        format!(
            "an invocation works for {OWN_MS} ms besides; one in {STARTS_EVERY} starts an instance, which takes {START_MS} ms"
        ),
        format!(
            "to place a call takes ElevenLabs {DIAL_MS} ms, to read a talk a model {READING_MS} ms, to take a job a queue {QUEUE_MS} ms"
        ),
        format!(
            "to write an answer in a chat takes a model {ANSWER_MS} ms, to take a message, or the mark that one was read, WhatsApp {SEND_MS} ms"
        ),
        "no two jobs share an invocation, a receive, or a run of the relay; every request to the API meets a key that no instance remembers".to_owned(),
        format!("an import takes {ROW_MS_OF_THOUSAND} ms for a thousand rows, and a file is one PUT and three reads"),
        "each invocation has the table's own key asked for, and its credentials' where it opens any: both are the most there can be".to_owned(),
        "a call ends as the measured one does; each other way to end is some metrics more".to_owned(),
        format!(
            "Lambda logs {PLATFORM_LINE} bytes about an invocation, the gateway {GATEWAY_LINE} about a request; logs are kept for a month, uncompressed"
        ),
        format!(
            "{DIAL_BYTES} bytes go to ElevenLabs for a dial, {READING_BYTES} to a model for a reading and {ANSWER_BYTES} for an answer, {SEND_BYTES} to WhatsApp for a message"
        ),
        format!(
            "Lambda keeps {POLLERS} requests at each queue, each for {POLL_SECS} s; a connection at work has the table's key asked for every {TABLE_KEY_SECS} s"
        ),
        "a month has 30 days".to_owned(),
    ]
}

/// What was consumed by what was measured.
#[derive(Debug, Clone, Default)]
pub(super) struct Consumption {
    /// By the table, jobs' rows included.
    pub(super) units: Units,
    /// What is stored after it and was not before.
    pub(super) stored: Stored,
    /// How often each function that answers requests ran.
    pub(super) answering: BTreeMap<&'static str, u64>,
    /// How many jobs of each kind ran.
    pub(super) jobs: BTreeMap<String, u64>,
    pub(super) requests: Requests,
    /// What the functions wrote themselves.
    pub(super) logged: u64,
    /// Rows that an import read.
    pub(super) rows: u64,
}

impl Consumption {
    /// How often functions ran.
    pub(super) fn invocations(&self) -> Result<BTreeMap<&str, u64>, Failure> {
        let mut all: BTreeMap<&str, u64> =
            self.answering.iter().map(|(name, count)| (*name, *count)).collect();
        for (job, count) in &self.jobs {
            let kind = JOB_KINDS.iter().find(|kind| kind.name == job.as_str());
            let function = kind.ok_or_else(|| format!("{job} is no job"))?.function;
            *all.entry(function).or_default() += count;
            *all.entry("outbox-relay").or_default() += count;
        }
        Ok(all)
    }

    /// What of it is charged for.
    pub(super) fn bill(&self, template: &Template) -> Result<Bill, Failure> {
        let mut bill = Bill::default();
        bill.add(Item::TableRead, Quantity::units(self.units.read)?);
        bill.add(Item::TableWrite, Quantity::units(self.units.write)?);
        bill.add(Item::TableStored, Quantity::gib(self.stored.bytes));
        bill.add(Item::TableBackup, Quantity::gib(self.stored.bytes));
        let mut all = 0;
        for (function, invocations) in self.invocations()? {
            let took = invocations * (OWN_MS + START_MS / STARTS_EVERY) + self.waited(function);
            bill.add(Item::Compute, Quantity::gb_seconds(took, template.memory(function)?));
            let keys = 1 + u64::from(template.opens_credentials(function)?);
            bill.add(Item::KeyRequest, Quantity::whole(invocations * keys));
            all += invocations;
        }
        bill.add(Item::Invocation, Quantity::whole(all));
        if self.rows == 0 {
            let trips = whole(self.units.requests)? * ROUND_TRIP_MS;
            bill.add(Item::Compute, Quantity::gb_seconds(trips, template.memory("call-planner")?));
        } else {
            bill.add(Item::FilePut, Quantity::whole(1));
            bill.add(Item::FileRead, Quantity::whole(3));
        }
        let jobs = self.jobs.values().sum();
        // The relay's request names the tenant as message group; those by which Lambda takes the job do not.
        bill.add(Item::FairQueueRequest, Quantity::whole(jobs));
        bill.add(Item::QueueRequest, Quantity::whole(2 * jobs));
        let requests = self.requests.callers + self.requests.webhooks;
        bill.add(Item::ApiRequest, Quantity::whole(requests));
        let logged = self.logged + all * PLATFORM_LINE + requests * GATEWAY_LINE;
        bill.add(Item::LogWritten, Quantity::gib(logged));
        bill.add(Item::LogStored, Quantity::gib(logged));
        let each = [
            ("DialCall", DIAL_BYTES),
            ("AnalyzeCall", READING_BYTES),
            ("AnswerMessages", ANSWER_BYTES),
            ("SendMessage", SEND_BYTES),
        ];
        let sent: u64 = each.iter().map(|(job, bytes)| self.jobs_of(job) * bytes).sum();
        bill.add(Item::Sent, Quantity::gib(sent + self.requests.answered));
        Ok(bill)
    }

    fn jobs_of(&self, kind: &str) -> u64 {
        self.jobs.get(kind).copied().unwrap_or_default()
    }

    /// What a function waited for others than the table, in milliseconds.
    fn waited(&self, function: &str) -> u64 {
        match function {
            "call-dialer" => self.jobs_of("DialCall") * DIAL_MS,
            "call-reconciler" => self.jobs_of("ReconcileCall") * DIAL_MS,
            "call-analyzer" => self.jobs_of("AnalyzeCall") * READING_MS,
            "chat-responder" => self.jobs_of("AnswerMessages") * (ANSWER_MS + SEND_MS),
            "message-sender" => self.jobs_of("SendMessage") * SEND_MS,
            "import-worker" => (self.rows * ROW_MS_OF_THOUSAND).div_ceil(1_000),
            "outbox-relay" => self.jobs.values().sum::<u64>() * QUEUE_MS,
            _ => 0,
        }
    }
}

/// What a month costs in which nobody asks for anything; a tick consumes and logs so much.
pub(super) fn idle(template: &Template, tick: Units, logged: u64) -> Result<Bill, Failure> {
    let ticks = MONTH_SECS / TICK_SECS;
    let mut each = Bill::default();
    each.add(Item::TableRead, Quantity::units(tick.read)?);
    each.add(Item::TableWrite, Quantity::units(tick.write)?);
    each.add(Item::Invocation, Quantity::whole(1));
    each.add(Item::ScheduledInvocation, Quantity::whole(1));
    let took = OWN_MS + whole(tick.requests)? * ROUND_TRIP_MS;
    each.add(Item::Compute, Quantity::gb_seconds(took, template.memory("tick")?));
    each.add(Item::LogWritten, Quantity::gib(logged + PLATFORM_LINE));
    each.add(Item::LogStored, Quantity::gib(logged + PLATFORM_LINE));
    let mut bill = Bill::default();
    bill.add_all(&each, ticks);
    bill.add(Item::AlarmMetric, Quantity::whole(template.alarm_metrics()));
    bill.add(Item::Key, Quantity::whole(template.keys()));
    let receives = template.polled_queues() * POLLERS * (MONTH_SECS / POLL_SECS);
    bill.add(Item::QueueRequest, Quantity::whole(receives));
    // The tick, and Lambda where it reads the stream.
    bill.add(Item::KeyRequest, Quantity::whole(2 * (MONTH_SECS / TABLE_KEY_SECS)));
    Ok(bill)
}

/// A number of requests.
fn whole(count: f64) -> Result<u64, Failure> {
    if count < 0.0 || count.fract() != 0.0 || count > f64::from(u32::MAX) {
        return Err(format!("{count} is no number of requests").into());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was just looked at")]
    let whole = count as u64;
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(bill: &Bill, item: Item) -> Quantity {
        bill.of(item)
    }

    #[test]
    fn a_call_is_billed_by_what_was_counted() {
        let template = Template::read().unwrap();
        let consumption = Consumption {
            units: Units { read: 10.5, write: 20.0, requests: 4.0 },
            stored: Stored { items: 3, bytes: 1 << 30 },
            answering: BTreeMap::from([("call-initiate", 1), ("elevenlabs-webhook", 1)]),
            jobs: BTreeMap::from([("PlanCalls".to_owned(), 2), ("DialCall".to_owned(), 1)]),
            requests: Requests { callers: 1, webhooks: 1, answered: 100 },
            logged: 1_000,
            rows: 0,
        };
        let bill = consumption.bill(&template).unwrap();
        let whole = Quantity::whole;
        assert_eq!(quantity(&bill, Item::TableRead), Quantity::units(10.5).unwrap());
        assert_eq!(quantity(&bill, Item::TableStored), whole(1));
        // Two that answer, three that run jobs, three of the relay.
        assert_eq!(quantity(&bill, Item::Invocation), whole(8));
        assert_eq!(quantity(&bill, Item::QueueRequest), whole(6));
        assert_eq!(quantity(&bill, Item::FairQueueRequest), whole(3));
        assert_eq!(quantity(&bill, Item::ApiRequest), whole(2));
        let opening = ["call-dialer", "elevenlabs-webhook"];
        assert!(opening.iter().all(|function| template.opens_credentials(function).unwrap()));
        let opened = 2 + u64::from(template.opens_credentials("call-initiate").unwrap());
        assert_eq!(quantity(&bill, Item::KeyRequest), whole(8 + opened));
        let took = 8 * (OWN_MS + START_MS / STARTS_EVERY) + 3 * QUEUE_MS + DIAL_MS + 4 * ROUND_TRIP_MS;
        assert_eq!(quantity(&bill, Item::Compute), Quantity::gb_seconds(took, 256));
        assert_eq!(quantity(&bill, Item::LogWritten), Quantity::gib(1_000 + 8 * 350 + 2 * 350));
        assert_eq!(quantity(&bill, Item::Sent), Quantity::gib(DIAL_BYTES + 100));
        assert_eq!(quantity(&bill, Item::FilePut), whole(0));
    }

    #[test]
    fn an_unknown_job_is_not_left_out() {
        let jobs = BTreeMap::from([("Nonsense".to_owned(), 1)]);
        assert!(Consumption { jobs, ..Consumption::default() }.bill(&Template::read().unwrap()).is_err());
    }

    #[test]
    fn an_idle_month_has_its_ticks_and_its_polls() {
        let template = Template::read().unwrap();
        let tick = Units { read: 32.0, write: 0.0, requests: 32.0 };
        let bill = idle(&template, tick, 200).unwrap();
        assert_eq!(quantity(&bill, Item::Invocation), Quantity::whole(43_200));
        assert_eq!(quantity(&bill, Item::TableRead), Quantity::whole(43_200 * 32));
        let polled = template.polled_queues() * 648_000;
        assert_eq!(quantity(&bill, Item::QueueRequest), Quantity::whole(polled));
        assert_eq!(quantity(&bill, Item::KeyRequest), Quantity::whole(2 * 8_640));
        assert_eq!(quantity(&bill, Item::TableWrite), Quantity::default());
    }
}
