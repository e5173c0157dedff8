//! What a handler does with its tasks once its body has ended.

use std::pin::Pin;

use crate::{
    error::TaskError,
    log,
    scope::Scope,
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
        let deadline = scope.0.plan.deadline;
        if fail_fast {
            let failed = |state: &mut State| state.group(Group::Tracked).unclaimed > 0;
            let done = |state: &mut State| state.group(Group::Tracked).live == 0 || failed(state);
            scope.enforce(TRACKED, deadline, done).await;
            let failed = failed(&mut scope.lock());
            if failed {
                scope.stop(TRACKED, Stage::Aborted);
            }
        }
        let groups = if then == Then::JoinAndFail {
            Group::BOTH
        } else {
            TRACKED
        };
        let joined = loop {
            let empty = |state: &mut State| state.group(Group::Tracked).live == 0;
            scope.enforce(TRACKED, deadline, empty).await;
            if then == Then::JoinAndFail {
                // The answer acknowledges the event, so it comes last.
                scope.release();
                let deadline = scope.0.plan.host_deadline;
                scope
                    .enforce(Group::BOTH, deadline, |state| state.is_idle())
                    .await;
            }
            let mut state = scope.lock();
            // Asked once more, under the lock that ends the join: nothing slips in between.
            let empty = empty(&mut state);
            if empty && (then != Then::JoinAndFail || state.is_idle()) {
                state.phase = Phase::Joined;
                let joined = Joined {
                    failures: state.take_failures(groups),
                    cancelled: state.cancelled(),
                };
                state.unkeep(groups);
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
