//! The handle of a tracked task.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::sync::oneshot;

use crate::{
    context::{self, TaskRef},
    error::TaskError,
    outcome::TaskKind,
    rt::JoinHandle,
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
    source: Source<T>,
    state: HandleState,
}

enum Source<T> {
    /// Of a task that was started at once.
    Spawned(TaskRef, JoinHandle<Option<T>>),
    /// Of a task that is started later.
    Later(TaskRef, oneshot::Receiver<T>, TaskKind),
    /// Of a task that its scope refused.
    Refused(TaskId, Option<TaskError>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HandleState {
    Untouched,
    Claimed,
    Yielded,
}

impl<T> Tracked<T> {
    fn new(source: Source<T>) -> Self {
        Self {
            source,
            state: HandleState::Untouched,
        }
    }

    pub(crate) fn spawned(task: TaskRef, join: JoinHandle<Option<T>>) -> Self {
        Self::new(Source::Spawned(task, join))
    }

    pub(crate) fn later(task: TaskRef, value: oneshot::Receiver<T>, kind: TaskKind) -> Self {
        Self::new(Source::Later(task, value, kind))
    }

    pub(crate) fn refused(scope: &Scope, error: TaskError) -> Self {
        let id = TaskId {
            scope: scope.0.id,
            sequence: scope.lock().next_sequence(),
        };
        Self::new(Source::Refused(id, Some(error)))
    }

    fn task(&self) -> Option<&TaskRef> {
        match &self.source {
            Source::Spawned(task, _) | Source::Later(task, _, _) => Some(task),
            Source::Refused(..) => None,
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
        match &self.source {
            Source::Spawned(task, _) | Source::Later(task, _, _) => TaskId {
                scope: task.scope.0.id,
                sequence: task.sequence,
            },
            Source::Refused(id, _) => *id,
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
            let live = state.task(task.key, task.sequence).is_some();
            !live && !state.ended.contains_key(&task.sequence)
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
        task.is_some_and(|entry| entry.group != Group::KeepAlive)
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
        let task = match &mut this.source {
            Source::Refused(_, error) => {
                this.state = HandleState::Yielded;
                let error = error.take();
                return Poll::Ready(Err(error.expect("yielded once")));
            }
            Source::Spawned(task, _) | Source::Later(task, _, _) => task,
        };
        this.state = HandleState::Claimed;
        if let Some(error) = task.scope.claim(task.key, task.sequence, cx.waker()) {
            this.state = HandleState::Yielded;
            return Poll::Ready(Err(error));
        }
        let value = match &mut this.source {
            Source::Spawned(_, join) => ready!(Pin::new(join).poll(cx)).ok().flatten(),
            Source::Later(task, value, kind) => {
                // Asked at each poll: who waits, and for what, may have changed.
                start(task, *kind);
                ready!(Pin::new(value).poll(cx)).ok()
            }
            Source::Refused(..) => None,
        };
        this.state = HandleState::Yielded;
        Poll::Ready(match (value, this.task()) {
            (Some(value), _) => Ok(value),
            (None, task) => Err(task
                .and_then(|task| task.scope.take_error(task.sequence))
                .expect("a task without a value has left its error in its scope")),
        })
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
