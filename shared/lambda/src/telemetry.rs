//! Logs and metrics: one JSON object a line.
//!
//! A line has `timestamp`, `level`, `service`, `message`, `target`, the event's fields and those of all spans
//! around it, so that every line of one request carries its `request_id`, `tenant` and `correlation`.
//!
//! An event with the target `metric` becomes a line in CloudWatch's embedded metric format instead; see
//! [`emf`]. Other people's crates are heard from `warn` on, whatever the level: below that they log what they
//! send.

mod emf;
mod fields;
mod panics;

pub use tracing::Level;

use domain::Clock;
use fields::Fields;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::Write;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Targets of crates that are not ours begin with one of these.
const FOREIGN: [&str; 12] = [
    "aws_", "dynoxide", "h2", "hyper", "lambda_", "log", "mio", "reqwest", "rustls", "tokio", "tower", "want",
];

/// Sends the process's logs to standard output. Further calls change nothing.
pub fn init(service: &str, level: Level) {
    init_with(service, level, std::io::stdout);
}

/// Sends the process's logs to standard error, for a person at a terminal: nothing reads metrics there, so they
/// are lines like others, at the level `info`.
pub fn init_at_terminal(service: &str, level: Level) {
    let lines = Lines { metrics: level, ..lines(service, level, std::io::stderr) };
    if tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines)).is_ok() {
        panics::log_them();
    }
}

/// Sends the process's logs to `writer`. Further calls change nothing.
pub fn init_with<W>(service: &str, level: Level, writer: W)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    if tracing::subscriber::set_global_default(subscriber(service, level, writer)).is_ok() {
        panics::log_them();
    }
}

/// What [`init_with`] installs, for a test that wants it for one thread only.
pub fn subscriber<W>(service: &str, level: Level, writer: W) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::registry().with(lines(service, level, writer))
}

fn lines<W>(service: &str, level: Level, writer: W) -> Lines<W> {
    Lines { service: service.to_owned(), level, metrics: Level::TRACE, writer, clock: Clock::default() }
}

struct Lines<W> {
    service: String,
    level: Level,
    /// Up to which level metrics are shown.
    metrics: Level,
    writer: W,
    clock: Clock,
}

/// A log line; what it begins with is what a person looks for first.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'a str,
    service: &'a str,
    message: String,
    target: &'a str,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// Names that a field cannot have; one that does is set apart by an underscore behind it.
const RESERVED: [&str; 6] = ["timestamp", "level", "service", "message", "target", "_aws"];

impl<W> Lines<W> {
    fn shows(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let foreign = FOREIGN.iter().any(|prefix| target.starts_with(prefix));
        if foreign {
            return *metadata.level() <= Level::WARN.min(self.level);
        }
        // Spans carry what tells one request from another, metrics what alarms watch: a quiet level must not
        // lose either.
        let level = if target == emf::TARGET { self.metrics } else { self.level };
        metadata.is_span() || *metadata.level() <= level
    }
}

impl<W> Lines<W>
where
    W: for<'w> MakeWriter<'w>,
{
    /// Writes a line in one piece. A line that cannot be written is lost: there is nowhere to say so.
    fn write(&self, line: &impl Serialize) {
        if let Ok(mut bytes) = serde_json::to_vec(line) {
            bytes.push(b'\n');
            let _ = self.writer.make_writer().write_all(&bytes);
        }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.shows(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Metrics and spans of ours are `info` at most.
        Some(LevelFilter::from_level(self.level.max(Level::INFO)))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut around = Map::new();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                around.extend(fields.values.clone());
            }
        }
        let mut own = Fields::default();
        event.record(&mut own);
        let metadata = event.metadata();
        let now = self.clock.now();
        if metadata.target() == emf::TARGET {
            self.write(&emf::record(&self.service, now, own, around));
            return;
        }
        let message = own.take_text("message").unwrap_or_default();
        around.extend(own.values);
        for name in RESERVED {
            if let Some(value) = around.remove(name) {
                around.insert(format!("{name}_"), value);
            }
        }
        self.write(&Line {
            timestamp: now.to_string(),
            level: metadata.level().as_str(),
            service: &self.service,
            message,
            target: metadata.target(),
            fields: around,
        });
    }
}

#[cfg(test)]
mod tests;
