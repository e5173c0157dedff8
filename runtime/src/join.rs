//! What a handler does with its tasks once its body has ended.

use std::pin::Pin;

#[cfg(feature = "lambda")]
use crate::KeepAlive;
use crate::{
    error::TaskError,
    log,
    scope::Scope,
    state::{Group, Phase, Stage, State},
};

/// What becomes of a handler's keep-alive tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The scope around it drains them.
    Leave,
    /// The host polls their drain.
    Attached,
    /// The handler joins them.
    Join,
    /// The handler joins them, and their failures are its own.
    JoinAndFail,
}

/// The failures that the handler returns.
#[derive(Default)]
pub(crate) struct Joined {
    pub(crate) failures: Vec<TaskError>,
    pub(crate) cancelled: Vec<TaskError>,
    /// Failures that went to the log instead.
    pub(crate) logged: Vec<TaskError>,
}

pub(crate) type Joining = Pin<Box<dyn Future<Output = Joined> + Send>>;

/// Joins the tracked tasks of `scope`. With `fail_fast`, as `try_join_all` does: the first failure
/// cancels the rest. Without `returns`, failures go to the log.
pub(crate) fn join(scope: Scope, then: Then, fail_fast: bool, returns: bool) -> Joining {
    Box::pin(async move {
        let mut unread = Unread {
            scope: &scope,
            joined: joined(&scope, then, fail_fast).await,
        };
        finish(&scope, then).await;
        let joined = std::mem::take(&mut unread.joined);
        if returns {
            return joined;
        }
        Joined {
            logged: log_all(&scope, joined.failures),
            ..Joined::default()
        }
    })
}

/// The join of what a handler without the attribute has left to the invocation that a host has
/// opened around it; `None` where nothing holds the answer.
#[cfg(feature = "lambda")]
pub(crate) fn for_host(succeeded: bool) -> Option<Joining> {
    let scope = crate::context::scope()?;
    let acknowledges = scope.0.plan.mode == KeepAlive::JoinAndFail;
    let groups: &[Group] = if acknowledges {
        Group::ALL
    } else {
        Group::JOINED
    };
    {
        let mut state = scope.lock();
        let ended = state.is_joinable() && (!acknowledges || state.is_idle());
        let failed = |&group| state.group(group).unclaimed > 0;
        if ended && !groups.iter().any(failed) && state.inherited.is_empty() {
            return None;
        }
    }
    let then = if acknowledges {
        Then::JoinAndFail
    } else {
        Then::Leave
    };
    Some(Box::pin(async move {
        let mut unread = Unread {
            scope: &scope,
            // A body that fails cancels nothing.
            joined: joined(&scope, then, succeeded).await,
        };
        if succeeded {
            return std::mem::take(&mut unread.joined);
        }
        Joined::default()
    }))
}

/// Waits for what the join waits for, and takes its failures.
async fn joined(scope: &Scope, then: Then, mut fail_fast: bool) -> Joined {
    let ended: &[Group] = match then {
        Then::JoinAndFail => Group::ALL,
        Then::Leave | Then::Attached | Then::Join => Group::JOINED,
    };
    loop {
        let failed = |state: &mut State| fail_fast && state.group(Group::Tracked).unclaimed > 0;
        scope
            .enforce(|state| state.is_joinable() || failed(state))
            .await;
        if failed(&mut scope.lock()) {
            scope.stop(&[Group::Tracked], Stage::Aborted);
            fail_fast = false;
            continue;
        }
        if then == Then::JoinAndFail {
            // The answer acknowledges the event, so it comes last.
            scope.release();
            scope.enforce(|state| state.is_idle()).await;
        }
        let mut state = scope.lock();
        // Asked once more, under the lock that ends the join: nothing slips in between.
        if state.is_joinable() && (then != Then::JoinAndFail || state.is_idle()) {
            state.phase = state.phase.max(Phase::Joined);
            let failures = state.take_failures(ended);
            let cancelled = state.cancelled();
            state.unkeep(ended);
            return Joined {
                failures,
                cancelled,
                logged: Vec::new(),
            };
        }
    }
}

/// Failures that go to the log unless they are returned: the handler may be dropped while it joins
/// its keep-alive tasks.
struct Unread<'a> {
    scope: &'a Scope,
    joined: Joined,
}

impl Drop for Unread<'_> {
    fn drop(&mut self) {
        log_all(self.scope, std::mem::take(&mut self.joined.failures));
    }
}

fn log_all(scope: &Scope, failures: Vec<TaskError>) -> Vec<TaskError> {
    for error in &failures {
        log::failure(scope, error);
    }
    failures
}

/// Passes on the keep-alive tasks, or waits for them.
async fn finish(scope: &Scope, then: Then) {
    let attached = {
        let state = scope.lock();
        then == Then::Attached && state.attached
    };
    match then {
        Then::Attached if attached => {
            scope.release();
            scope.settle();
        }
        Then::Leave | Then::Attached => {
            scope.settle();
            scope.leave();
        }
        Then::Join | Then::JoinAndFail => {
            if !scope.lock().is_idle() {
                log::joins_keep_alive();
            }
            scope.release();
            scope.settle();
            scope.enforce(|state| state.phase == Phase::Closed).await;
        }
    }
}
