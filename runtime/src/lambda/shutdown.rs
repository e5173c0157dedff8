//! The end of the environment: SIGTERM, or a loop that cannot go on.

use std::{
    fmt,
    future::{pending, poll_fn},
    pin::Pin,
    process,
    sync::Arc,
    task::Poll,
    time::Duration,
};

#[cfg(unix)]
use std::{
    io,
    task::{Context, ready},
};

use lambda_runtime::Error;

use super::{builder::Settings, extension};
use crate::{
    Scope,
    caught::caught,
    log,
    rt::{Instant, timeout_at},
    state::{Group, Stage},
};

/// Boxed, since it is kept beside a loop of every function's own.
type Work<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

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

/// The loop over the Runtime API, boxed: the code of a future is repeated wherever it is held, and
/// this one is every function's largest.
pub(super) type Serving<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;

/// A function and never inlined, since each place that names a future's type may compile it anew.
#[inline(never)]
pub(super) fn serving<'a>(future: impl Future<Output = Result<(), Error>> + 'a) -> Serving<'a> {
    Box::pin(future)
}

/// Runs `serving` until it ends or SIGTERM ends the process.
pub(super) fn run(settings: Arc<Settings>, mut serving: Serving<'_>) -> Serving<'_> {
    Box::pin(async move {
        let mut over = false;
        let mut terminated = terminated(&settings);
        let ended = poll_fn(|cx| {
            if terminated.as_mut().poll(cx).is_ready() {
                // Returning would wait for closures on blocking threads, which may never end.
                process::exit(0);
            }
            if over {
                return Poll::Pending;
            }
            let polled = caught(|| serving.as_mut().poll(cx)).unwrap_or_else(|payload| {
                // A handler's panic ends no loop.
                std::mem::forget(payload);
                Poll::Ready(Err("its answer to GET /next was no event".into()))
            });
            over = polled.is_ready();
            // What it served may still end, and the exit code is that of the shutdown.
            if settings.lifecycle.is_stopping() {
                return Poll::Pending;
            }
            polled
        })
        .await;
        finish(&settings).await;
        if let Err(error) = &ended {
            log::warn(format_args!(
                "the loop over the Runtime API has ended: {}",
                Chain(&**error)
            ));
        }
        ended
    })
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

/// Ends when SIGTERM has come and all work is over.
fn terminated(settings: &Settings) -> Work<'_> {
    // Before the loop asks for its first event, and before Lambda is told that it may send it.
    let signal = settings.shutdown.map(|_| sigterm());
    Box::pin(async move {
        match signal {
            Some(signal) => signal.await,
            None => pending().await,
        }
        settings.lifecycle.stop();
        finish(settings).await;
    })
}

/// Ends when SIGTERM has come.
#[cfg(unix)]
fn sigterm() -> Work<'static> {
    use std::os::unix::net::UnixStream;

    use signal_hook::{consts::SIGTERM, low_level::pipe};

    // Not tokio's signals, whose driver every runtime of the process would have.
    let listen = || {
        let (receiver, sender) = UnixStream::pair()?;
        receiver.set_nonblocking(true)?;
        pipe::register(SIGTERM, sender)?;
        tokio::net::UnixStream::from_std(receiver)
    };
    let receiver: io::Result<_> = listen();
    let extension = extension::register();
    if let Some(error) = receiver.as_ref().err().or(extension.as_ref().err()) {
        log::warn(format_args!(
            "running without a shutdown, since its extension could not be registered: {error}"
        ));
    }
    Box::pin(async move {
        let _extension = extension;
        if let Ok(receiver) = &receiver {
            return poll_fn(|cx| arrived(receiver, cx)).await;
        }
        pending::<()>().await;
    })
}

/// Ready when a byte has come, or an error that is there to stay.
#[cfg(unix)]
fn arrived(receiver: &tokio::net::UnixStream, cx: &mut Context<'_>) -> Poll<()> {
    loop {
        if ready!(receiver.poll_read_ready(cx)).is_err() {
            return Poll::Ready(());
        }
        match receiver.try_read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => return Poll::Ready(()),
        }
    }
}

#[cfg(not(unix))]
fn sigterm() -> Work<'static> {
    Box::pin(pending())
}

/// Waits for everything that is tracked, within the budget; then stops and names what is left.
fn finish(settings: &Settings) -> Work<'_> {
    Box::pin(async move {
        let budget = settings.shutdown.unwrap_or(BUDGET);
        let end = Instant::now() + budget;
        let mut quiet: Work<'_> = Box::pin(async {
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
                    scope.stop(Group::ALL, stage);
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
            if let Some(hook) = settings.on_drained.run(Some(limit)) {
                hook.await;
            }
        }
    })
}

/// The names of all tasks that have no outcome yet, and the invocations that they belong to.
fn left(settings: &Settings) -> String {
    let mut names = Vec::new();
    for scope in Scope::all() {
        names.append(&mut scope.unfinished());
    }
    for id in settings.lifecycle.request_ids() {
        names.push(format!("invocation {id}"));
    }
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    let mut left = String::new();
    for name in names {
        if !left.is_empty() {
            left.push_str(", ");
        }
        left.push_str(&name);
    }
    left
}
