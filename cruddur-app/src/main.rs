//! Starts the service and stays until it is told to stop, or does what it is asked to instead.

use std::{
    collections::HashMap, env, error::Error, ffi::OsStr, future::ready, io, pin::pin,
    process::ExitCode,
};

use cruddur_app::{command::Command, db::Db, provision, serve, settings::Settings, telemetry};
use tokio::signal::unix::{Signal, SignalKind, signal};

#[actix_web::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            say(&format!("cruddur cannot {}: {}", error.deed, with_causes(&*error.cause)));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<ExitCode, Failure> {
    let variables = environment();
    let command = Command::from_arguments(env::args_os().skip(1).map(|argument| lossy(&argument)));
    match command.map_err(|error| Failure { deed: "run", cause: error.into() })? {
        Command::Provision { is_dry_run } => {
            let options = provision::Options { is_dry_run, ..provision::Options::default() };
            let lookup = |name: &str| variables.get(name).cloned();
            let done = provision::run(&lookup, options, &mut io::stdout()).await;
            done.map_err(|cause| Failure { deed: "provision", cause })?;
        }
        Command::Doctor { request } => {
            let examined =
                telemetry::examine(&variables, request.as_ref(), &mut io::stdout()).await;
            let is_well = examined.map_err(|cause| Failure { deed: "examine", cause })?;
            return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Serve => {
            let served = serve_until_stopped(&variables).await;
            served.map_err(|cause| Failure { deed: "run", cause })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What could not be done, and why.
struct Failure {
    deed: &'static str,
    cause: Box<dyn Error>,
}

async fn serve_until_stopped(variables: &HashMap<String, String>) -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_map(variables)?;
    let db = Db::open(&settings.database).await?;
    let telemetry = telemetry::Running::start(variables)?;
    let (mut first, mut both) = (StopSignals::new()?, StopSignals::new()?);
    let running = serve(&settings, db.clone(), async move { first.next().await })?;
    let database = db.system_name();
    say(&format!("cruddur listens on http://{} ({database})", running.address));
    let (address, port) = (running.address.ip(), running.address.port());
    tracing::info!(server.address = %address, server.port = port, db.system.name = database, "cruddur listens");
    // A second signal ends every wait of the first one.
    let mut second = pin!(async {
        both.next().await;
        both.next().await;
    });
    let told = tokio::select! {
        ended = running.server => {
            ended?;
            db.close().await;
            telemetry.stop(second).await
        }
        () = &mut second => telemetry.stop(ready(())).await,
    };
    say(&told);
    say("cruddur stopped");
    Ok(())
}

/// Requests of an operator or a container runtime to stop the process.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Counts signals from now on.
    fn new() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Ready at the next signal.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The variables of this process. A value that is no Unicode keeps a mark where it is broken, so that it is refused by name.
fn environment() -> HashMap<String, String> {
    env::vars_os().map(|(key, value)| (lossy(&key), lossy(&value))).collect()
}

fn lossy(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[expect(clippy::print_stderr, reason = "an operator has to see whether the service runs")]
fn say(line: &str) {
    eprintln!("{line}");
}
