//! The main job, on this machine: a batch of events through the same handler twice, once with
//! Tethered and once with bare `tokio::spawn`, under a Lambda that freezes the process for real.
//!
//! ```sh
//! cargo run -p tethered-examples            # some timelines in full, the rest in a line each
//! cargo run -p tethered-examples -- --all   # all timelines
//! ```
//!
//! Exits with 0 if Tethered kept every side effect in its own invocation and the bare version did
//! not.

mod batch;
mod judge;
mod progress;
mod row;
mod style;
mod summary;
mod timeline;

use std::{
    env,
    error::Error,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use tethered_examples::binaries;

use crate::{batch::Version, progress::Progress, style::Style};

type BoxError = Box<dyn Error + Send + Sync>;

/// From the end of the build to the end of the run.
const TIME_LIMIT: Duration = Duration::from_mins(2);

const VERSIONS: [Version; 2] = [
    Version {
        binary: "orders",
        how: "with Tethered",
    },
    Version {
        binary: "orders-bare",
        how: "with bare tokio::spawn",
    },
];

fn main() -> ExitCode {
    let mut all = false;
    for argument in env::args().skip(1) {
        match argument.as_str() {
            "--all" => all = true,
            other => {
                eprintln!(
                    "unknown argument `{other}`; the only one is `--all`: every timeline in full"
                );
                return ExitCode::from(2);
            }
        }
    }
    match demonstrate(all) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demonstrate(all: bool) -> Result<bool, BoxError> {
    let binaries = binaries::build(&["orders", "orders-bare", "side-effects"], &[])?;
    // The simulator needs a single thread; see `LocalLambda`.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let started = Instant::now();
    let progress = Progress::default();
    // What is dropped here, at the time limit too, stops the processes that it has started.
    let passed = runtime.block_on(async {
        tokio::select! {
            passed = run(&binaries, &progress, all) => passed,
            () = tokio::time::sleep(TIME_LIMIT) => Err(format!(
                "not done after {TIME_LIMIT:?}; it was waiting for {}", progress.current()
            ).into()),
            ended = interrupted() => Err(match ended {
                Ok(()) => "interrupted".into(),
                Err(error) => error.into(),
            }),
        }
    })?;
    let seconds = started.elapsed().as_secs_f64();
    writeln!(io::stdout(), "It took {seconds:.0} s after the build.")?;
    Ok(passed)
}

/// Resolves when somebody wants the run to end: Ctrl-C, or SIGTERM where there is one.
async fn interrupted() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupt = tokio::signal::ctrl_c() => interrupt,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

async fn run(binaries: &Path, progress: &Progress, all: bool) -> Result<bool, BoxError> {
    let style = Style::of_stdout();
    let events = batch::events()?;
    writeln!(
        io::stdout(),
        "\n{} events, in {} environments one after the other. An event comes {} ms after the last \
         one's freeze.\nTimes are in milliseconds from the moment in which the function got the \
         event.\n",
        events.len(),
        batch::ENVIRONMENTS,
        batch::PAUSE.as_millis(),
    )?;
    let mut results = Vec::new();
    for version in VERSIONS {
        writeln!(
            io::stdout(),
            "{}",
            style.title(&format!("{} · {}", version.binary, version.how))
        )?;
        let runs = batch::run(version, &events, binaries, progress).await?;
        timeline::print(&runs, all, style)?;
        results.push(runs);
    }
    let [tethered, bare] = results.as_slice() else {
        return Err("two versions, two results".into());
    };
    summary::print(tethered, bare, style)
}
