//! What a handler does with its tasks once its body has ended.

use std::{
    mem,
    task::{Context, Poll, Waker, ready},
};

#[cfg(feature = "lambda")]
use crate::KeepAlive;
use crate::{
    error::TaskError,
    log,
    scope::Scope,
    state::{Group, Phase, Stage},
    stop::{Done, Enforcer},
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

/// The failures that are the handler's.
#[derive(Default)]
pub(crate) struct Joined {
    pub(crate) failures: Vec<TaskError>,
    pub(crate) cancelled: Vec<TaskError>,
    /// They went to the log, since the handler does not return them.
    pub(crate) logged: bool,
}

/// Waits for what the handler waits for, and takes its failures.
pub(crate) struct Joining {
    scope: Scope,
    then: Then,
    /// The first failure cancels the rest.
    fail_fast: bool,
    /// Failures are the handler's; otherwise they go to the log.
    returns: bool,
    /// For the handler itself, which also sees to its keep-alive tasks.
    finishes: bool,
    waits: Waits,
    enforcer: Enforcer,
    /// Logged unless it is returned: the handler may be dropped while it joins its keep-alive
    /// tasks.
    joined: Joined,
}

#[derive(Clone, Copy)]
enum Waits {
    /// For the tracked tasks, or the first failure.
    Tracked,
    /// For all tasks: the answer acknowledges the event, so it comes last.
    All,
    /// For the scope's end.
    Closed,
}

/// Joins the tracked tasks of `scope`. With `fail_fast`, as `try_join_all` does: the first failure
/// cancels the rest. Without `returns`, failures go to the log.
pub(crate) fn join(scope: Scope, then: Then, fail_fast: bool, returns: bool) -> Joining {
    Joining {
        scope,
        then,
        fail_fast,
        returns,
        finishes: true,
        waits: Waits::Tracked,
        enforcer: Enforcer::default(),
        joined: Joined::default(),
    }
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
        if ended && !groups.iter().any(failed) && state.more.inherited.is_empty() {
            return None;
        }
    }
    let then = if acknowledges {
        Then::JoinAndFail
    } else {
        Then::Leave
    };
    // A body that fails cancels nothing.
    let mut joining = join(scope, then, succeeded, succeeded);
    joining.finishes = false;
    Some(joining)
}

/// What a handler finds whose tasks have all completed so far.
pub(crate) enum Quiet {
    /// They have ended, and so has the scope.
    Closed,
    /// The handler is woken when something changes.
    Waits,
    /// There is more to the join.
    No,
}

impl Scope {
    /// The join of most handlers, in one step: every task completes, and nothing else happens.
    pub(crate) fn join_quiet(&self, waker: &Waker) -> Quiet {
        let plan = &self.0.plan;
        let waker = waker.clone();
        let _before;
        let mut state = self.lock();
        if self.0.rows || !state.is_quiet() {
            return Quiet::No;
        }
        if state.live() > 0 {
            if plan.deadline.is_some() || plan.host_deadline.is_some() {
                return Quiet::No;
            }
            _before = state.joiner.replace(waker);
            return Quiet::Waits;
        }
        {
            let outer = plan.parent.as_ref().unwrap_or_else(|| Self::the_root());
            let mut outer = outer.lock();
            if outer.phase == Phase::Closed {
                return Quiet::No;
            }
            outer.counts.add(state.counts);
            state.phase = Phase::Closed;
        }
        let observed = !state.more.observers.is_empty();
        drop(state);
        if observed {
            self.wake_observers();
        }
        self.dismiss();
        Quiet::Closed
    }
}

impl Joining {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Joined> {
        loop {
            let fail_fast = self.fail_fast;
            let done: Done<'_> = match self.waits {
                Waits::Tracked if fail_fast => {
                    &|state| state.is_joinable() || state.group(Group::Tracked).unclaimed > 0
                }
                Waits::Tracked => &|state| state.is_joinable(),
                Waits::All => &|state| state.is_idle(),
                Waits::Closed => &|state| state.phase == Phase::Closed,
            };
            ready!(self.enforcer.poll(&self.scope, cx, done));
            match self.waits {
                Waits::Tracked => self.tracked_ended(),
                Waits::All => self.take(),
                Waits::Closed => return Poll::Ready(self.joined()),
            }
            if matches!(self.waits, Waits::Closed) && self.leave() {
                return Poll::Ready(self.joined());
            }
        }
    }

    /// Nothing holds the join any more, or a task has failed.
    fn tracked_ended(&mut self) {
        let failed = self.fail_fast && self.scope.lock().group(Group::Tracked).unclaimed > 0;
        if failed {
            self.scope.stop(&[Group::Tracked], Stage::Aborted);
            self.fail_fast = false;
        } else if self.then == Then::JoinAndFail {
            self.scope.release();
            self.waits = Waits::All;
        } else {
            self.take();
        }
    }

    /// Ends the join, unless something has slipped in.
    fn take(&mut self) {
        let acknowledges = self.then == Then::JoinAndFail;
        let groups = if acknowledges {
            Group::ALL
        } else {
            Group::JOINED
        };
        let mut state = self.scope.lock();
        // Asked once more, under the lock that ends the join.
        if state.is_joinable() && (!acknowledges || state.is_idle()) {
            state.phase = state.phase.max(Phase::Joined);
            self.joined.failures = state.take_failures(groups);
            self.joined.cancelled = state.cancelled();
            self.waits = Waits::Closed;
        } else {
            self.waits = Waits::Tracked;
        }
    }

    /// Passes on the keep-alive tasks: whether there is nothing left to wait for.
    fn leave(&mut self) -> bool {
        if !self.finishes {
            return true;
        }
        let scope = &self.scope;
        let (attached, idle) = {
            let state = scope.lock();
            (state.attached, state.is_idle())
        };
        match self.then {
            Then::Attached if attached => {
                scope.release();
                scope.settle();
                true
            }
            Then::Leave | Then::Attached => {
                scope.settle();
                scope.leave();
                true
            }
            Then::Join | Then::JoinAndFail => {
                if !idle {
                    log::joins_keep_alive();
                }
                scope.release();
                scope.settle();
                false
            }
        }
    }

    fn joined(&mut self) -> Joined {
        let mut joined = mem::take(&mut self.joined);
        if !self.returns {
            log_all(&self.scope, &joined.failures);
            joined.logged = true;
        }
        joined
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        log_all(&self.scope, &self.joined.failures);
    }
}

fn log_all(scope: &Scope, failures: &[TaskError]) {
    for error in failures {
        log::failure(scope, error);
    }
}
