//! A journal of what happened when, and an invocation that tells what it did.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use tethered::{Invocation, Report};
use tokio::time::{Instant, sleep};

/// What most handlers of the tests fail with.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Milliseconds.
pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What happened, in order, with the time of the paused clock in milliseconds.
#[derive(Clone)]
pub struct Journal {
    /// The beginning of its time.
    pub started: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Journal {
    /// An empty one, whose time begins now.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            lines: Arc::default(),
        }
    }

    /// Notes `what`, with the time.
    pub fn write(&self, what: &str) {
        let line = format!("{what} at {}", self.now());
        self.lines.lock().unwrap().push(line);
    }

    /// Milliseconds from the beginning.
    pub fn now(&self) -> u128 {
        self.started.elapsed().as_millis()
    }

    /// What has been noted so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Ends after `millis`; is noted when it ends, and when it is dropped before.
    pub async fn work(self, what: &'static str, millis: u64) {
        let mut unfinished = Unfinished(Some((self, what)));
        sleep(ms(millis)).await;
        if let Some((journal, what)) = unfinished.0.take() {
            journal.write(what);
        }
    }

    /// As `work`, then an error that says `what`.
    pub async fn fail(self, what: &'static str, millis: u64) -> Result<(), String> {
        self.work(what, millis).await;
        Err(what.to_owned())
    }

    /// Never ends; is noted when it is dropped.
    pub async fn hang(self, what: &'static str) {
        let _unfinished = Unfinished(Some((self, what)));
        pending::<()>().await;
    }
}

struct Unfinished(Option<(Journal, &'static str)>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some((journal, what)) = self.0.take() {
            journal.write(&format!("{what} stopped"));
        }
    }
}

/// Runs `future` in an invocation, and yields its output, the report, and what the hook was told.
pub async fn invoke<F: Future>(future: F) -> (F::Output, Report, Vec<String>) {
    invoke_as(Invocation::new(), future).await
}

/// The same, in an invocation with settings of its own.
pub async fn invoke_as<F: Future>(
    invocation: Invocation,
    future: F,
) -> (F::Output, Report, Vec<String>) {
    let report = Arc::new(Mutex::new(None));
    let told = Arc::new(Mutex::new(Vec::new()));
    let (keep_report, tell) = (report.clone(), told.clone());
    let output = invocation
        .on_error(move |error| tell.lock().unwrap().push(error.name().to_owned()))
        .on_report(move |report| *keep_report.lock().unwrap() = Some(report))
        .run(future)
        .await;
    let report = report.lock().unwrap().take().expect("a report");
    assert_balanced(&report);
    let told = told.lock().unwrap().clone();
    (output, report, told)
}

/// spawned = completed + failed + panicked + cancelled + timed out, and a row for each.
pub fn assert_balanced(report: &Report) {
    let ends = report.completed()
        + report.failed()
        + report.panicked()
        + report.cancelled()
        + report.timed_out();
    assert_eq!(report.spawned(), ends, "{report:?}");
    assert_eq!(report.tasks().count() as u64, ends, "{report:?}");
}
