//! `cargo run`: the whole product on this machine.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the runner speaks to a person at a terminal")]

use local::settings::BUILT_IN_KEY;
use local::{Error, Runner, Settings};
use std::process::ExitCode;
use tokio::net::TcpListener;

fn main() -> ExitCode {
    let settings = match Settings::from_env() {
        Ok(settings) => settings,
        Err(mistakes) => {
            eprintln!("{}", mistakes.join("\n"));
            return ExitCode::from(2);
        }
    };
    lambda::telemetry::init_at_terminal("local", settings.log);
    let served = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::Listen)
        .and_then(|runtime| runtime.block_on(serve(&settings)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: &Settings) -> Result<(), Error> {
    let listener = TcpListener::bind(settings.address).await.map_err(Error::Listen)?;
    let runner = Runner::start(settings, &listener).await?;
    greet(settings, &runner);
    let pump = runner.pump.clone();
    tokio::spawn(async move { pump.keep_going().await });
    tokio::spawn(sweep(runner.clone()));
    let stopped = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, runner.router()).with_graceful_shutdown(stopped).await.map_err(Error::Listen)
}

/// Forgets what has expired, every hour, unless the clock was moved: the engine knows the machine's time only.
async fn sweep(runner: Runner) {
    loop {
        tokio::time::sleep(std::time::Duration::from_hours(1)).await;
        if !runner.platform.store.clock().is_shifted() {
            match runner.database.sweep() {
                Ok(gone) => tracing::info!(gone, "expired items swept"),
                Err(error) => tracing::warn!(%error, "expired items were not swept"),
            }
        }
    }
}

fn greet(settings: &Settings, runner: &Runner) {
    let url = format!("http://{}", runner.address);
    let of = |name: &str| if runner.real.contains(&name) { "real" } else { "simulated" };
    let model = runner.real.iter().find(|name| matches!(**name, "openai" | "anthropic"));
    let data = settings.data.as_ref().map(|data| data.display().to_string()).unwrap_or_default();
    let key = if settings.api_key == BUILT_IN_KEY { BUILT_IN_KEY } else { "$FRONTDESK_API_KEY" };
    println!("Frontdesk {} at {url}", env!("CARGO_PKG_VERSION"));
    println!("  API key   {key} (owner of the tenant demo)");
    println!("  Data      {data}");
    println!("  Voice     ElevenLabs, {}", of("elevenlabs"));
    println!("  Model     {}", model.map_or_else(|| "simulated".to_owned(), |name| format!("{name}, real")));
    println!("  WhatsApp  {}; e-mail and SMS, simulated", of("whatsapp"));
    println!("  Docs      {url}/docs");
    println!("  Clock     {}", runner.platform.now());
    println!();
    println!("Try:  curl -s {url}/leads -H 'x-api-key: {key}' -H 'content-type: application/json' \\");
    println!("        -d '{{\"first_name\": \"Asha\", \"phone\": \"+919876543210\"}}'");
}
