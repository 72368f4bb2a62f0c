//! One process after another, from `exec` to its first question for an event.

use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A function that has not asked for an event by then never will.
const PATIENCE: Duration = Duration::from_secs(10);
/// Nobody listens on TCP's port 1.
const NOBODY: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1));
const NEXT: &str = "GET /2018-06-01/runtime/invocation/next ";

/// Medians of a function's starts and of the empty function's, measured in turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The function's, in milliseconds.
    pub function_ms: f64,
    /// The empty function's, in milliseconds.
    pub empty_ms: f64,
}

impl Measured {
    /// How many times as long as the empty function the function takes.
    pub fn ratio(&self) -> f64 {
        self.function_ms / self.empty_ms
    }
}

/// A Runtime API without events, and the empty function to compare with.
#[derive(Debug)]
pub struct Bench {
    empty: PathBuf,
    address: SocketAddr,
    asked: Receiver<Instant>,
}

impl Bench {
    /// A bench whose measure is the function `empty`.
    pub fn new(empty: PathBuf) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (tell, asked) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut line = String::new();
                let read = BufReader::new(&stream).read_line(&mut line);
                if read.is_ok() && line.starts_with(NEXT) && tell.send(Instant::now()).is_err() {
                    return;
                }
                // The answer never comes: the process is killed while it waits.
                std::mem::forget(stream);
            }
        });
        Ok(Self { empty, address, asked })
    }

    /// Starts the function `starts` times, each time followed by the empty function.
    pub fn measure(&self, binary: &Path, starts: usize) -> io::Result<Measured> {
        // The first start of each reads the binary from disk.
        self.start(binary)?;
        self.start(&self.empty)?;
        let (mut function, mut empty) = (Vec::new(), Vec::new());
        for _ in 0..starts {
            function.push(self.start(binary)?);
            empty.push(self.start(&self.empty)?);
        }
        Ok(Measured { function_ms: median_ms(function), empty_ms: median_ms(empty) })
    }

    fn start(&self, binary: &Path) -> io::Result<Duration> {
        let mut command = command(binary, self.address, None);
        let begun = Instant::now();
        let mut process = Running(command.spawn()?);
        if let Ok(asked) = self.asked.recv_timeout(PATIENCE) {
            return Ok(asked - begun);
        }
        Err(never_asked(binary, &mut process)?)
    }
}

/// A function's binary in the environment that Lambda and the template give it, except that all of AWS is at `aws`;
/// if there is none, at a port where nobody listens, so that connecting fails at once.
pub(crate) fn command(binary: &Path, runtime_api: SocketAddr, aws: Option<SocketAddr>) -> Command {
    let mut command = Command::new(binary);
    let environment = [
        ("AWS_LAMBDA_FUNCTION_NAME", "startup"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDSTARTUP"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
        ("TABLE_NAME", "startup"),
        ("KMS_KEY_ID", "alias/startup"),
        ("FILES_BUCKET", "startup"),
        ("QUEUE_URLS", r#"{"PlanCalls":"https://sqs.eu-west-1.amazonaws.com/1/plan"}"#),
    ];
    let aws = aws.unwrap_or(NOBODY);
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
        .env("AWS_ENDPOINT_URL", format!("http://{aws}"))
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// What is wrong with a process that has not asked for an event.
pub(crate) fn never_asked(binary: &Path, process: &mut Running) -> io::Result<io::Error> {
    let ended = process.0.try_wait()?;
    let what = ended.map_or_else(|| "still runs".to_owned(), |status| format!("ended with {status}"));
    Ok(io::Error::other(format!("{} asked for no event and {what}", binary.display())))
}

/// A process that ends when it is dropped.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let middle = times.len() / 2;
    let median = match times.len() {
        0 => Duration::ZERO,
        length if length % 2 == 1 => times[middle],
        _ => (times[middle - 1] + times[middle]) / 2,
    };
    median.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        let ms = |times: &[u64]| median_ms(times.iter().map(|ms| Duration::from_millis(*ms)).collect());
        let close = |one: f64, other: f64| assert!((one - other).abs() < 1e-9, "{one} {other}");
        close(ms(&[]), 0.0);
        close(ms(&[9, 1, 5]), 5.0);
        close(ms(&[9, 1, 5, 6]), 5.5);
    }
}
