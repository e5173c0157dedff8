//! The end of the environment: SIGTERM, or a loop that cannot go on.

use std::{
    fmt,
    future::{pending, poll_fn},
    pin::{Pin, pin},
    process,
    task::Poll,
    time::Duration,
};

use lambda_runtime::Error;

use super::{builder::Settings, extension};
use crate::{
    Scope, caught, log,
    rt::{Instant, timeout_at},
    state::{Group, Stage},
};

/// How long running work may go on, unless the builder says otherwise. Lambda kills a function with
/// an internal extension 500 ms after SIGTERM.
pub(super) const BUDGET: Duration = Duration::from_millis(400);

/// How long tasks that have been told may take to stop by themselves.
const GRACE: Duration = Duration::from_millis(50);

/// How long what was aborted may take to be dropped.
const STOPPING: Duration = Duration::from_millis(10);

/// The least time for a hook that is due.
const LAST_HOOK: Duration = Duration::from_millis(25);

/// Most names in the line that says what was left.
const NAMED: usize = 20;

/// Runs `serving`, the loop over the Runtime API, until it ends or SIGTERM ends the process.
pub(super) async fn run(
    settings: &Settings,
    serving: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    let mut serving = pin!(Some(serving));
    let mut terminated = match settings.shutdown {
        Some(_) => sigterm().await,
        None => Box::pin(pending()),
    };
    let ended = poll_fn(|cx| match caught::poll(serving.as_mut(), cx) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending => terminated.as_mut().poll(cx).map(|()| None),
    });
    let Some(ended) = ended.await else {
        settings.lifecycle.stop();
        let mut finished = pin!(finish(settings));
        poll_fn(|cx| {
            // What it serves may still end.
            let _ = caught::poll(serving.as_mut(), cx).map_err(std::mem::forget);
            finished.as_mut().poll(cx)
        })
        .await;
        // Returning would wait for closures on blocking threads, which may never end.
        process::exit(0);
    };
    finish(settings).await;
    let ended = ended.unwrap_or_else(|payload| {
        // A handler's panic ends no loop.
        std::mem::forget(payload);
        Err("its answer to GET /next was no event".into())
    });
    if let Err(error) = &ended {
        log::warn(format_args!(
            "the loop over the Runtime API has ended: {}",
            Chain(&**error)
        ));
    }
    ended
}

/// An error with its sources, since the outermost of an HTTP client says little.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0, f)?;
        self.0
            .source()
            .map_or(Ok(()), |source| write!(f, ": {}", Chain(source)))
    }
}

/// Ends when SIGTERM has come.
async fn sigterm() -> Pin<Box<dyn Future<Output = ()> + Send>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        // Before Lambda is told that it may be sent.
        let signal = signal(SignalKind::terminate());
        if let Err(error) = extension::register().await {
            without(&error);
        }
        match signal {
            Ok(mut signal) => {
                return Box::pin(async move {
                    signal.recv().await;
                });
            }
            Err(error) => without(&error),
        }
    }
    Box::pin(pending())
}

/// The function goes on all the same.
#[cfg(unix)]
fn without(error: &dyn std::fmt::Display) {
    log::warn(format_args!(
        "running without a shutdown, since its extension could not be registered: {error}"
    ));
}

/// Waits for everything that is tracked, within the budget; then stops and names what is left.
async fn finish(settings: &Settings) {
    let budget = settings.shutdown.unwrap_or(BUDGET);
    let end = Instant::now() + budget;
    let mut quiet = pin!(async {
        while {
            settings.lifecycle.idle().await;
            // Refused inside an invocation, whose host this one is not.
            let _ = crate::drain().await;
            !settings.lifecycle.is_idle()
        } {}
    });
    if timeout_at(end, quiet.as_mut()).await.is_err() {
        let left = left(settings);
        for (stage, wait) in [(Stage::Told, GRACE), (Stage::Aborted, STOPPING)] {
            for scope in Scope::all() {
                scope.stop(Group::BOTH, stage);
            }
            if timeout_at(Instant::now() + wait, quiet.as_mut())
                .await
                .is_ok()
            {
                break;
            }
        }
        log::warn(format_args!(
            "shut down with work left after {budget:?}: {left}"
        ));
    }
    if settings.on_drained.is_due() {
        let limit = end.max(Instant::now() + LAST_HOOK);
        settings.on_drained.run(Some(limit)).await;
    }
}

/// The names of all tasks that have no outcome yet, and the invocations that they belong to.
fn left(settings: &Settings) -> String {
    let mut left: Vec<_> = Scope::all().iter().flat_map(Scope::unfinished).collect();
    let requests = settings.lifecycle.request_ids();
    left.extend(requests.iter().map(|id| format!("invocation {id}")));
    let more = left.len().saturating_sub(NAMED);
    left.truncate(NAMED);
    if more > 0 {
        left.push(format!("and {more} more"));
    }
    left.join(", ")
}
