//! What runs when an invocation's tasks have ended, before the freeze.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Mutex,
    time::{Duration, SystemTime},
};

use crate::{
    caught::{self, attempt},
    log,
    rt::{Instant, lock, timeout_at},
};

/// How long the hook may take, unless the builder says otherwise.
const TIMEOUT: Duration = Duration::from_secs(2);

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs the hook until the time. Boxed with what runs it, which a function without a hook is spared.
type Hook = dyn Fn(Instant) -> Running + Send + Sync;

/// The hook of a builder.
pub(super) struct OnDrained {
    hook: Option<Box<Hook>>,
    pub(super) every: Duration,
    pub(super) timeout: Duration,
    flushed: Mutex<Flushed>,
}

#[derive(Default)]
struct Flushed {
    /// By the wall clock: whether the monotonic one goes on in a freeze is the platform's secret.
    last: Option<SystemTime>,
    /// There were invocations since.
    is_due: bool,
}

impl Default for OnDrained {
    fn default() -> Self {
        Self {
            hook: None,
            every: Duration::ZERO,
            timeout: TIMEOUT,
            flushed: Mutex::default(),
        }
    }
}

impl OnDrained {
    pub(super) fn set<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        hook: impl Fn() -> F + Send + Sync + 'static,
    ) {
        self.hook = Some(Box::new(move |end| {
            let Some(future) = attempt(&hook) else {
                log::hook_panicked("on_drained");
                return Box::pin(std::future::ready(()));
            };
            Box::pin(run(Box::pin(future), end))
        }));
    }

    /// Whether there is a hook and its time has come; then it is taken to have run.
    pub(super) fn take_turn(&self, now: SystemTime) -> bool {
        if self.hook.is_none() {
            return false;
        }
        let mut flushed = lock(&self.flushed);
        // A clock that was set back tells nothing.
        let since = flushed.last.map(|last| now.duration_since(last));
        flushed.is_due = matches!(since, Some(Ok(since)) if since < self.every);
        if !flushed.is_due {
            flushed.last = Some(now);
        }
        !flushed.is_due
    }

    /// Whether an invocation has ended without the hook.
    pub(super) fn is_due(&self) -> bool {
        lock(&self.flushed).is_due
    }

    /// Runs the hook, until its timeout or `limit`, whichever comes first.
    pub(super) fn run(&self, limit: Option<Instant>) -> Option<Running> {
        let end = Instant::now() + self.timeout;
        let end = limit.map_or(end, |limit| limit.min(end));
        self.hook.as_ref().map(|hook| hook(end))
    }
}

async fn run(hook: Running, end: Instant) {
    let started = Instant::now();
    let mut slot = pin!(Some(hook));
    let ended = poll_fn(|cx| caught::poll(slot.as_mut(), cx));
    match timeout_at(end, ended).await {
        Ok(Ok(())) => {}
        Ok(Err(payload)) => {
            std::mem::forget(payload);
            log::hook_panicked("on_drained");
        }
        Err(_) => log::warn(format_args!(
            "the `on_drained` hook was stopped after {:.1?}",
            started.elapsed()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_counted_by_the_wall_clock() {
        let mut hook = OnDrained {
            every: Duration::from_secs(60),
            ..OnDrained::default()
        };
        let start = SystemTime::now();
        assert!(!hook.take_turn(start), "there is none");
        hook.set(async || ());
        assert!(hook.take_turn(start));
        assert!(!hook.take_turn(start + Duration::from_secs(59)));
        assert!(hook.is_due());
        assert!(hook.take_turn(start + Duration::from_secs(60)));
        assert!(!hook.is_due());
        assert!(hook.take_turn(start), "the clock was set back");
    }
}
