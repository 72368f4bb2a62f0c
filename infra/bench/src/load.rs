//! How the product answers many at once: each of so many clients asks, waits for the answer, and asks for the next.

mod processes;
mod target;

use crate::product::{Product, peak_memory};
use crate::reads::Percentiles;
use crate::{Failure, number};
use http::Method;
use processes::Watch;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use target::Target;
use tokio::task::JoinSet;

/// How many clients, and for how many seconds, at most.
const MOST: (u32, u32) = (200, 600);
/// How many failures are shown in full.
const SHOWN: usize = 5;
/// What the local product's clock says at the beginning: India may be called.
const MORNING: &str = "2027-01-11T06:00:00Z";

/// Something that a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    GetLead,
    ListLeads,
    BuildContext,
    ListCalls,
    CreateLead,
    ChangeLead,
    CreateCall,
    /// An event that ElevenLabs signed: a lead called, and the talk is over.
    SendEvent,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::GetLead,
        Self::ListLeads,
        Self::BuildContext,
        Self::ListCalls,
        Self::CreateLead,
        Self::ChangeLead,
        Self::CreateCall,
        Self::SendEvent,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::GetLead => "GET /leads/{id}",
            Self::ListLeads => "GET /leads, 20",
            Self::BuildContext => "POST /context",
            Self::ListCalls => "GET /calls, 20",
            Self::CreateLead => "POST /leads",
            Self::ChangeLead => "PATCH /leads/{id}",
            Self::CreateCall => "POST /calls",
            Self::SendEvent => "webhook acknowledgements",
        }
    }
}

/// What a client does over and over, each client beginning at another place: fourteen reads, four changes of leads, a
/// call and an event.
const MIX: [Kind; 20] = {
    use Kind::{BuildContext, ChangeLead, CreateCall, CreateLead, GetLead, ListCalls, ListLeads, SendEvent};
    [
        GetLead,
        ListLeads,
        CreateLead,
        GetLead,
        BuildContext,
        ListLeads,
        GetLead,
        ChangeLead,
        CreateCall,
        GetLead,
        ListLeads,
        BuildContext,
        GetLead,
        CreateLead,
        SendEvent,
        ListCalls,
        ListLeads,
        ChangeLead,
        GetLead,
        BuildContext,
    ]
};

/// Something that was done.
struct Sample {
    kind: Kind,
    took: Duration,
    failure: Option<String>,
}

/// Has `--clients` clients ask for `--seconds` seconds: the stack that the file `--stack` describes, or else a local
/// product of its own. Whatever is not answered as it should be fails the whole.
pub(crate) async fn run(arguments: &[String]) -> Result<(), Failure> {
    let clients = number(arguments, "--clients", 50)?.clamp(1, MOST.0);
    let seconds = number(arguments, "--seconds", 60)?.clamp(1, MOST.1);
    match arguments.iter().position(|argument| argument == "--stack") {
        Some(place) => {
            let file = arguments.get(place + 1).ok_or("--stack needs a file")?;
            let target = Target::of_stack(file).await?;
            let watch = target.emulator.map(Watch::start);
            let outcome = measured(target, clients, seconds).await;
            if let Some(watch) = watch {
                println!("{}", watch.stop());
            }
            outcome
        }
        None => {
            let product = Product::start_at(MORNING).await?;
            let lines = json!({"calling": {"max_concurrent": 50}});
            product.ask(Method::PUT, "/business-config", Some(lines.to_string().into())).await?;
            let outcome = measured(Target::of_product(&product).await?, clients, seconds).await;
            if let Some(memory) = peak_memory() {
                println!(
                    "peak memory {memory} MiB; clients, database and simulators are in the same process"
                );
            }
            outcome?;
            settled(&product).await
        }
    }
}

/// Lets the jobs that are left be done; none may have been given up.
async fn settled(product: &Product) -> Result<(), Failure> {
    let began = Instant::now();
    let settled = product.ask(Method::POST, "/local/settle", Some(b"{}".to_vec())).await?;
    println!("the jobs that were left took {:.1} s", began.elapsed().as_secs_f64());
    match settled["stuck"].as_array() {
        Some(stuck) if stuck.is_empty() => Ok(()),
        _ => Err(format!("jobs were given up: {:#}", settled["stuck"]).into()),
    }
}

async fn measured(target: Target, clients: u32, seconds: u32) -> Result<(), Failure> {
    let target = Arc::new(target);
    let began = Instant::now();
    let ends = began + Duration::from_secs(seconds.into());
    let mut running = JoinSet::new();
    for client in 0..clients {
        running.spawn(ask_until(ends, Arc::clone(&target), client));
    }
    let samples: Vec<Sample> = running.join_all().await.into_iter().flatten().collect();
    let took = began.elapsed().as_secs_f64();
    tell(&samples, clients, took);
    let failures: Vec<_> = samples.iter().filter_map(|sample| sample.failure.as_deref()).collect();
    if failures.is_empty() {
        return Ok(());
    }
    let shown = failures[..failures.len().min(SHOWN)].join("\n");
    Err(format!("{} of {} failed:\n{shown}", failures.len(), samples.len()).into())
}

/// One client: it makes a lead of its own first, and then does what is next in the mix.
async fn ask_until(ends: Instant, target: Arc<Target>, client: u32) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut lead = String::new();
    let turns = MIX.iter().cycle().skip(client as usize % MIX.len());
    for kind in turns {
        if Instant::now() >= ends {
            break;
        }
        let kind = if lead.is_empty() { Kind::CreateLead } else { *kind };
        let began = Instant::now();
        let failure = target.perform(kind, &mut lead).await.err().map(|failure| failure.to_string());
        let took = began.elapsed();
        if failure.is_some() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        samples.push(Sample { kind, took, failure });
    }
    samples
}

fn tell(samples: &[Sample], clients: u32, seconds: f64) {
    println!("{clients} clients, {seconds:.0} s; ms");
    println!("{:<26} {:>8} {:>7} {:>9} {:>9} {:>9}", "", "count", "errors", "p50", "p99", "max");
    for kind in Kind::ALL {
        row(kind.name(), samples.iter().filter(|sample| sample.kind == kind));
    }
    row("all", samples.iter());
    let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    println!("{:.0} requests a second", f64::from(count) / seconds);
}

fn row<'a>(name: &str, samples: impl Iterator<Item = &'a Sample> + Clone) {
    let failed = samples.clone().filter(|sample| sample.failure.is_some()).count();
    let took: Vec<_> = samples.map(|sample| sample.took).collect();
    let count = took.len();
    let Percentiles { p50, p99, max } = Percentiles::of(took);
    let ms = |took: Duration| took.as_secs_f64() * 1_000.0;
    println!("{name:<26} {count:>8} {failed:>7} {:>9.1} {:>9.1} {:>9.1}", ms(p50), ms(p99), ms(max));
}
