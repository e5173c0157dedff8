//! The handle of a tracked task.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

#[cfg(feature = "callbacks")]
use crate::slot::Facts;
use crate::{
    claim::Claim,
    context::{self, TaskRef},
    error::TaskError,
    outcome::TaskKind,
    rt::{self, Kept},
    scope::Scope,
    state::Group,
};

/// Which task, of those of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskId {
    scope: u64,
    sequence: u32,
}

/// The handle of a tracked task: a future of its result. It may be dropped without effect.
///
/// From its first poll until it is dropped, the task's failure belongs to who awaits it, and the
/// join of the handler does not see it. Only a handle that has yielded its result consumes the
/// failure: one that was polled and is dropped before gives it back. One that was never polled
/// claims nothing.
///
/// Awaiting the handle of a task that waits for `max_concurrent` starts it, above the limit.
/// Awaiting that of an [`after_response!`](crate::after_response) task in code that itself holds
/// the response starts it at once, since it would wait for itself.
///
/// # Errors
/// It yields a [`TaskError`] when the task fails, panics, is cancelled or times out.
///
/// # Cancel safety
/// Cancel safe: nothing is lost when the handle is not polled any more, or dropped.
pub struct Tracked<T> {
    task: Handle,
    state: HandleState,
    /// Knows that `T` lives long enough, which the handle's own type does not say.
    taken: fn(Kept) -> T,
}

enum Handle {
    Task(TaskRef),
    Refused(Refused),
}

/// A task that its scope has refused.
pub(crate) struct Refused {
    id: TaskId,
    error: Option<TaskError>,
}

impl Refused {
    pub(crate) fn new(scope: &Scope, error: TaskError) -> Self {
        let id = TaskId {
            scope: scope.0.id,
            sequence: scope.lock_seldom().next_sequence(),
        };
        Self {
            id,
            error: Some(error),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HandleState {
    Untouched,
    Claimed,
    Yielded,
}

impl<T: 'static> Tracked<T> {
    pub(crate) fn new(task: TaskRef) -> Self {
        Self::of(Handle::Task(task))
    }

    pub(crate) fn refused(refused: Refused) -> Self {
        Self::of(Handle::Refused(refused))
    }

    fn of(task: Handle) -> Self {
        Self {
            task,
            state: HandleState::Untouched,
            taken: rt::taken,
        }
    }
}

impl<T> Tracked<T> {
    fn task(&self) -> Option<&TaskRef> {
        match &self.task {
            Handle::Task(task) => Some(task),
            Handle::Refused(_) => None,
        }
    }

    /// Asks the task to stop. It ends as [`Cancelled`](crate::TaskOutcome::Cancelled), which is no
    /// failure to the join; one that has ended already, or ends first, keeps its outcome.
    ///
    /// Its cancellation token fires, and its future is dropped the next time it would be polled.
    /// A blocking closure that runs cannot be stopped: it goes on to its end.
    pub fn abort(&self) {
        if let Some(task) = self.task() {
            task.scope.abort(task.key, task.sequence);
        }
    }

    /// The task's identity.
    #[must_use]
    pub fn id(&self) -> TaskId {
        match &self.task {
            Handle::Task(task) => TaskId {
                scope: task.scope.0.id,
                sequence: task.sequence,
            },
            Handle::Refused(refused) => refused.id,
        }
    }

    /// Whether the task has its outcome.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task().is_none_or(|task| {
            let mut state = task.scope.lock();
            state.task(task.key, task.sequence).is_none()
        })
    }
}

#[cfg(feature = "callbacks")]
impl<T> Tracked<T> {
    /// Whether the task has ended without an error that waits for this handle.
    pub(crate) fn has_completed(&self) -> bool {
        self.task().is_some_and(|task| {
            let mut state = task.scope.lock();
            let slot = state.slot(task.key, task.sequence);
            slot.is_none_or(|slot| slot.facts.has(Facts::ENDED) && slot.ended().is_none())
        })
    }
}

/// A task that waits unstarted is started by who awaits it.
fn start(task: &TaskRef, kind: TaskKind) {
    task.scope.start_waiting(task.sequence);
    if kind == TaskKind::AfterResponse && holds_response() {
        task.scope.start_deferred(task.sequence);
    }
}

/// Whether the response cannot be sent before the running code goes on.
fn holds_response() -> bool {
    context::task().is_none_or(|current| {
        let mut state = current.scope.lock();
        let task = state.task(current.key, current.sequence);
        task.is_some_and(|slot| slot.group != Group::KeepAlive)
    })
}

impl<T> Future for Tracked<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        assert!(
            this.state != HandleState::Yielded,
            "`Tracked` polled after completion"
        );
        let claim = match &mut this.task {
            Handle::Task(task) => {
                this.state = HandleState::Claimed;
                task.scope.claim(task.key, task.sequence, cx.waker())
            }
            Handle::Refused(refused) => {
                let error = refused.error.take();
                Claim::Error(error.expect("yielded once"))
            }
        };
        let result = match claim {
            Claim::Pending { kind, unstarted } => {
                // Asked at each poll: who waits, and for what, may have changed.
                if let (true, Handle::Task(task)) = (unstarted, &this.task) {
                    start(task, kind);
                }
                return Poll::Pending;
            }
            Claim::Value(value) => Ok((this.taken)(value)),
            Claim::Error(error) => Err(error),
        };
        this.state = HandleState::Yielded;
        Poll::Ready(result)
    }
}

impl<T> Unpin for Tracked<T> {}

impl<T> Drop for Tracked<T> {
    fn drop(&mut self) {
        if self.state != HandleState::Yielded
            && let Some(task) = self.task()
        {
            task.scope.unclaim(task.key, task.sequence);
        }
    }
}

impl<T> fmt::Debug for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked")
            .field("id", &self.id())
            .field("finished", &self.is_finished())
            .finish()
    }
}
