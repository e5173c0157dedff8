//! What a handler does with its tasks once its body has ended.

use std::pin::Pin;

use crate::{
    error::TaskError,
    log,
    scope::{Plan, Scope},
    state::{Group, Phase, Stage, State},
};

const TRACKED: &[Group] = &[Group::Tracked];

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
}

pub(crate) type Joining = Pin<Box<dyn Future<Output = Joined> + Send>>;

/// Joins the tracked tasks of `scope`. With `fail_fast`, as `try_join_all` does: the first failure
/// cancels the rest. Without `returns`, failures go to the log.
pub(crate) fn join(scope: Scope, then: Then, fail_fast: bool, returns: bool) -> Joining {
    Box::pin(async move {
        let Plan {
            deadline,
            host_deadline,
            ..
        } = scope.0.plan;
        let ended = if then == Then::JoinAndFail {
            Group::BOTH
        } else {
            TRACKED
        };
        let mut fail_fast = fail_fast;
        let joined = loop {
            let empty = |state: &mut State| state.group(Group::Tracked).live == 0;
            let failed = |state: &mut State| fail_fast && state.group(Group::Tracked).unclaimed > 0;
            let done = |state: &mut State| empty(state) || failed(state);
            scope.enforce(scope.due(), deadline, done).await;
            if failed(&mut scope.lock()) {
                scope.stop(TRACKED, Stage::Aborted);
                fail_fast = false;
                continue;
            }
            if then == Then::JoinAndFail {
                // The answer acknowledges the event, so it comes last.
                scope.release();
                let idle = |state: &mut State| state.is_idle();
                scope.enforce(Group::BOTH, host_deadline, idle).await;
            }
            let mut state = scope.lock();
            // Asked once more, under the lock that ends the join: nothing slips in between.
            if empty(&mut state) && (then != Then::JoinAndFail || state.is_idle()) {
                state.phase = Phase::Joined;
                let joined = Joined {
                    failures: state.take_failures(ended),
                    cancelled: state.cancelled(),
                };
                state.unkeep(ended);
                break joined;
            }
        };
        finish(&scope, then).await;
        if returns {
            return joined;
        }
        for error in &joined.failures {
            log::failure(&scope, error);
        }
        Joined::default()
    })
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
            let closed = |state: &mut State| state.phase == Phase::Closed;
            let deadline = scope.0.plan.host_deadline;
            scope.enforce(&[Group::KeepAlive], deadline, closed).await;
        }
    }
}
