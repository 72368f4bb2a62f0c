//! The first call of a function, on a connection to the table that init opened, and on one that it opens itself.

use crate::measure::{Running, command, median_ms, never_asked};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a round trip to the table takes. Loopback has no latency, so the stand-in waits; the network of a region
/// is several times as fast, and a table farther away slower.
pub const ROUND_TRIP: Duration = Duration::from_millis(5);
/// How many round trips a new connection costs before its first request: TCP's handshake and that of TLS 1.3.
const HANDSHAKES: u32 = 2;
/// A function that has neither asked nor answered by then never will.
const PATIENCE: Duration = Duration::from_secs(10);

/// Medians of a function's inits and first calls, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirstCall {
    /// From `exec` to the first question for an event, where the table refuses the connection at once.
    pub init_ms: f64,
    /// The same where the table takes it.
    pub connected_init_ms: f64,
    /// From the event to its answer, on the connection that init opened.
    pub call_ms: f64,
    /// The same where that connection was closed again.
    pub unconnected_call_ms: f64,
}

/// A Runtime API that has one event for each process, and tables that are empty.
#[derive(Debug)]
pub struct FirstCalls {
    api: RuntimeApi,
    keeping: SocketAddr,
    closing: SocketAddr,
}

impl FirstCalls {
    /// Serves them all on loopback.
    pub fn new() -> io::Result<Self> {
        Ok(Self { api: RuntimeApi::start()?, keeping: table(true)?, closing: table(false)? })
    }

    /// Starts the function `starts` times in each of three ways, in turns: with a table that refuses connections, with
    /// one that keeps them, with one that closes those that init opened. The latter two then have it answer `event`.
    pub fn measure(&self, binary: &Path, event: &str, starts: usize) -> io::Result<FirstCall> {
        let (mut refused, mut inits, mut calls, mut unconnected) = (vec![], vec![], vec![], vec![]);
        for start in 0..=starts {
            let (without, _) = self.start(binary, None, event)?;
            let (init, call) = self.start(binary, Some(self.keeping), event)?;
            let (_, other) = self.start(binary, Some(self.closing), event)?;
            // The first start reads the binary from disk.
            if start > 0 {
                refused.push(without);
                inits.push(init);
                calls.push(call);
                unconnected.push(other);
            }
        }
        Ok(FirstCall {
            init_ms: median_ms(refused),
            connected_init_ms: median_ms(inits),
            call_ms: median_ms(calls),
            unconnected_call_ms: median_ms(unconnected),
        })
    }

    /// How long init and the first call took; the latter is not waited for where there is no table.
    fn start(
        &self,
        binary: &Path,
        table: Option<SocketAddr>,
        event: &str,
    ) -> io::Result<(Duration, Duration)> {
        self.api.offer(table.map(|_| event.to_owned()));
        let mut command = command(binary, self.api.address, table);
        let begun = Instant::now();
        let mut process = Running(command.spawn()?);
        let Ok(asked) = self.api.told.recv_timeout(PATIENCE) else {
            return Err(never_asked(binary, &mut process)?);
        };
        if table.is_none() {
            return Ok((asked - begun, Duration::ZERO));
        }
        let answered = self.api.told.recv_timeout(PATIENCE);
        let answered =
            answered.map_err(|_| io::Error::other(format!("{} answers nothing", binary.display())))?;
        Ok((asked - begun, answered - asked))
    }
}

/// Tells when a process asks for an event, and when it answers.
#[derive(Debug)]
struct RuntimeApi {
    address: SocketAddr,
    told: Receiver<Instant>,
    event: Arc<Mutex<Option<String>>>,
}

impl RuntimeApi {
    fn start() -> io::Result<Self> {
        let (tell, told) = channel();
        let event: Arc<Mutex<Option<String>>> = Arc::default();
        let offered = Arc::clone(&event);
        let address = serve(move |stream| {
            // A process that was killed ends its connection in whatever way.
            let _ = converse(stream, &offered, &tell);
        })?;
        Ok(Self { address, told, event })
    }

    fn offer(&self, event: Option<String>) {
        *self.event.lock().unwrap_or_else(PoisonError::into_inner) = event;
    }
}

/// Hands the event to who asks. Who answers, or asks where there is no event, waits for ever and does not ask again.
fn converse(mut stream: TcpStream, event: &Mutex<Option<String>>, tell: &Sender<Instant>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = request(&mut reader)? {
        let asks = request.starts_with("GET ");
        // Taken before anything is told: then the next process's event is offered.
        let event = if asks { event.lock().unwrap_or_else(PoisonError::into_inner).take() } else { None };
        if tell.send(Instant::now()).is_err() {
            return Ok(());
        }
        let Some(event) = event else {
            return io::copy(&mut reader, &mut io::sink()).map(drop);
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
             lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
             lambda-runtime-deadline-ms: 4102444800000\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:1:function:f\r\n\
             content-length: {}\r\n\r\n{event}",
            event.len()
        );
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// A table without items, a round trip away. `keeps`: a connection that begins with `GET` stays open.
fn table(keeps: bool) -> io::Result<SocketAddr> {
    serve(move |mut stream| {
        let Ok(reader) = stream.try_clone() else { return };
        let mut reader = BufReader::new(reader);
        thread::sleep(ROUND_TRIP * HANDSHAKES);
        while let Ok(Some(request)) = request(&mut reader) {
            thread::sleep(ROUND_TRIP);
            let closes = request.starts_with("GET ") && !keeps;
            let connection = if closes { "close" } else { "keep-alive" };
            // What GetItem, Query and BatchGetItem say when they find nothing.
            let body = r#"{"Items":[],"Count":0,"ScannedCount":0,"Responses":{},"UnprocessedKeys":{}}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: {connection}\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            );
            if stream.write_all(answer.as_bytes()).is_err() || closes {
                return;
            }
        }
    })
}

/// Serves each connection on a thread of its own.
fn serve(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let handle = Arc::new(handle);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Answers are written in one piece; none is to wait for an acknowledgement.
            let _ = stream.set_nodelay(true);
            let handle = Arc::clone(&handle);
            thread::spawn(move || handle(stream));
        }
    });
    Ok(address)
}

/// Reads a request; tells its first line. `None` at the end of the connection.
fn request(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    io::copy(&mut reader.take(length), &mut io::sink())?;
    Ok(Some(first))
}
