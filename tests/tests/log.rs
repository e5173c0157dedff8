//! What is said where a failure has no other place to go. Each scenario runs in a process of its
//! own, since whether a subscriber was ever set is a fact of the process.

use std::{
    fmt::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use tethered::{serverless_handler, spawn_tracked, wait_until};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Runs `scenario` if this process is its child, else in one; then yields the child's stderr.
fn in_child(name: &str, scenario: impl Future<Output = ()>) -> Option<String> {
    in_child_with(Stdio::piped(), name, scenario)
}

/// The same, in a child that writes to `stderr`.
fn in_child_with(stderr: Stdio, name: &str, scenario: impl Future<Output = ()>) -> Option<String> {
    const CHILD: &str = "TETHERED_TEST_CHILD";

    if std::env::var_os(CHILD).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(scenario);
        return None;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stderr(stderr)
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    Some(String::from_utf8(child.stderr).unwrap())
}

#[serverless_handler]
async fn handler() -> Result<(), tethered::JoinError> {
    wait_until!(name = "audit", async { Err::<(), _>("no table") });
    Ok(())
}

#[test]
fn without_a_subscriber_a_failure_is_a_line_on_stderr() {
    let scenario = async { handler().await.unwrap() };
    let Some(stderr) = in_child(
        "without_a_subscriber_a_failure_is_a_line_on_stderr",
        scenario,
    ) else {
        return;
    };
    let lines: Vec<_> = stderr.lines().collect();
    let [line] = lines[..] else {
        panic!("{stderr}")
    };
    assert!(
        line.starts_with("tethered: a task did not complete: audit (tests/tests/log.rs:"),
        "{line}"
    );
    assert!(line.ends_with(": no table"), "{line}");
}

#[test]
fn a_place_outside_of_any_invocation_is_named_once() {
    let scenario = async {
        for _ in 0..3 {
            spawn_tracked!(name = "stray", async {});
        }
        spawn_tracked!(async {});
        tethered::drain().await.unwrap();
    };
    let Some(stderr) = in_child("a_place_outside_of_any_invocation_is_named_once", scenario) else {
        return;
    };
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{stderr}");
    assert!(
        lines[0].starts_with("tethered: `stray` (tests/tests/log.rs:"),
        "{stderr}"
    );
    assert!(lines[0].contains("outside of any invocation"), "{stderr}");
}

/// Writes each event on a line of stderr of its own form.
struct Print;

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl<S: Subscriber> Layer<S> for Print {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        eprintln!("event: {}", fields.0);
    }
}

#[test]
fn with_a_subscriber_it_is_an_event() {
    let scenario = async {
        let subscriber = tracing_subscriber::registry().with(Print);
        tracing::subscriber::set_global_default(subscriber).unwrap();
        handler().await.unwrap();
        handler().await.unwrap();
    };
    let Some(stderr) = in_child("with_a_subscriber_it_is_an_event", scenario) else {
        return;
    };
    assert!(!stderr.contains("tethered: a task"), "{stderr}");
    let errors: Vec<_> = stderr
        .lines()
        .filter(|line| line.starts_with("event: ERROR"))
        .collect();
    assert_eq!(errors.len(), 2, "{stderr}");
    assert!(errors[0].contains("task=audit"), "{stderr}");
    assert!(errors[0].contains("kind=failed"), "{stderr}");
    // That this host cannot keep an invocation alive is said once.
    let debug = stderr
        .lines()
        .filter(|line| line.starts_with("event: DEBUG"));
    let debug: Vec<_> = debug.collect();
    assert_eq!(debug.len(), 1, "{stderr}");
    assert!(
        debug[0].contains("cannot keep an invocation alive"),
        "{stderr}"
    );
}

#[test]
fn a_stderr_that_is_closed_changes_nothing() {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let scenario = async {
        let handling = tokio::time::timeout(Duration::from_secs(5), handler());
        handling.await.expect("it returns").unwrap();
    };
    in_child_with(
        closed.into(),
        "a_stderr_that_is_closed_changes_nothing",
        scenario,
    );
}

#[test]
fn a_subscriber_that_is_gone_is_none() {
    let scenario = async {
        drop(tracing::subscriber::set_default(
            tracing_subscriber::registry(),
        ));
        handler().await.unwrap();
    };
    let Some(stderr) = in_child("a_subscriber_that_is_gone_is_none", scenario) else {
        return;
    };
    assert!(
        stderr.starts_with("tethered: a task did not complete: audit ("),
        "{stderr}"
    );
}
