//! The futures and closures that are handed to the runtime in place of the user's: they set the
//! context around each poll, catch a panic, and take the task to its outcome.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    thread,
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::sync::oneshot;
use tracing::Span;

use crate::{
    caught::{self, caught},
    context::{TaskRef, enter_task},
    finish::End,
    outcome::{BoxError, Outcome},
    rt::{Instant, Sleep, sleep_until},
};

/// How a task's own code ended.
pub(crate) enum Returned<V> {
    Value(V),
    Error(BoxError),
    TimedOut,
}

impl<V> Returned<V> {
    fn new<O: Outcome<Value = V>>(output: O) -> Self {
        match output.into_outcome() {
            Ok(value) => Self::Value(value),
            Err(error) => Self::Error(error),
        }
    }
}

pin_project! {
    /// A future without a `timeout`.
    pub(crate) struct Plain<F> {
        #[pin]
        pub(crate) future: F,
    }
}

impl<F> Future for Plain<F>
where
    F: Future<Output: Outcome>,
{
    type Output = Returned<<F::Output as Outcome>::Value>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx).map(Returned::new)
    }
}

pin_project! {
    /// A future with a `timeout`, which runs from its first poll.
    pub(crate) struct Timed<F> {
        #[pin]
        pub(crate) future: F,
        pub(crate) timeout: Duration,
        #[pin]
        pub(crate) sleep: Option<Sleep>,
    }
}

impl<F> Future for Timed<F>
where
    F: Future<Output: Outcome>,
{
    type Output = Returned<<F::Output as Outcome>::Value>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Returned::new(output));
        }
        if this.sleep.is_none() {
            // Beyond what the clock can tell, a timeout is none.
            let Some(at) = Instant::now().checked_add(*this.timeout) else {
                return Poll::Pending;
            };
            this.sleep.set(Some(sleep_until(at)));
        }
        if let Some(sleep) = this.sleep.as_mut().as_pin_mut() {
            ready!(sleep.poll(cx));
        }
        Poll::Ready(Returned::TimedOut)
    }
}

pin_project! {
    /// A tracked future. Its output is `None` where the scope holds the error.
    pub(crate) struct Task<F> {
        // `None` once it is dropped, which happens in its context and before its outcome.
        #[pin]
        future: Option<F>,
        // `None` once it has its outcome.
        running: Option<TaskRef>,
        // Boxed, since most tasks run in no span and all pay for the room.
        span: Option<Box<Span>>,
    }

    impl<F> PinnedDrop for Task<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(task) = this.running.take() {
                let (task, dropped) = run_as(task, this.span.as_deref(), || {
                    caught::empty(this.future)
                });
                conclude::<()>(task, dropped.and_then(|dropped| dropped).map(|()| None));
            }
        }
    }
}

/// Runs a piece of a task in its context and span, and catches its panic.
fn run_as<R>(
    task: TaskRef,
    span: Option<&Span>,
    piece: impl FnOnce() -> R,
) -> (TaskRef, thread::Result<R>) {
    enter_task(task, || {
        caught(|| {
            let _entered = span.map(Span::enter);
            piece()
        })
    })
}

/// Gives a task its outcome, and its value to its handle. `None`: it was dropped before its end.
fn conclude<V>(task: TaskRef, returned: thread::Result<Option<Returned<V>>>) -> Option<V> {
    let (mut end, mut value) = match returned {
        Ok(Some(Returned::Value(value))) => (End::Completed, Some(value)),
        Ok(Some(Returned::Error(error))) => (End::Failed(error), None),
        Ok(Some(Returned::TimedOut)) => (End::TimedOut, None),
        Ok(None) => (End::Dropped, None),
        Err(payload) => (End::Panicked(payload), None),
    };
    let mut task = task;
    if mem::needs_drop::<V>() && value.is_some() && task.scope.is_orphan(task.key, task.sequence) {
        // Nobody wants it, so its drop is the last thing that the task does.
        let (again, dropped) = run_as(task, None, || drop(value.take()));
        task = again;
        if let Err(payload) = dropped {
            end = End::Panicked(payload);
        }
    }
    task.scope.finish(task.key, task.sequence, end);
    value
}

/// The span that a task started here runs in.
fn current_span() -> Option<Box<Span>> {
    if !tracing::dispatcher::has_been_set() {
        return None;
    }
    let span = Span::current();
    (!span.is_none()).then(|| Box::new(span))
}

impl<F> Task<F> {
    pub(crate) fn new(future: F, task: TaskRef) -> Self {
        Self {
            future: Some(future),
            running: Some(task),
            span: current_span(),
        }
    }
}

impl<F, V> Future for Task<F>
where
    F: Future<Output = Returned<V>>,
{
    type Output = Option<V>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<V>> {
        let mut this = self.project();
        let Some(task) = this.running.take() else {
            return Poll::Ready(None);
        };
        let (task, polled) = run_as(task, this.span.as_deref(), || {
            caught::poll(this.future.as_mut(), cx)
        });
        let (task, returned) = match polled {
            Ok(Poll::Pending) => {
                *this.running = Some(task);
                return Poll::Pending;
            }
            Ok(Poll::Ready(returned)) => (task, returned),
            // The span's subscriber has panicked; the future is still there.
            Err(payload) => {
                let (task, _) = run_as(task, None, || caught::empty(this.future));
                (task, Err(payload))
            }
        };
        Poll::Ready(conclude(task, returned.map(Some)))
    }
}

/// A tracked closure, to be run on a blocking thread.
pub(crate) struct Closure<C> {
    code: Option<C>,
    task: Option<TaskRef>,
    span: Option<Box<Span>>,
}

impl<C> Closure<C> {
    pub(crate) fn new(closure: C, task: TaskRef) -> Self {
        Self {
            code: Some(closure),
            task: Some(task),
            span: current_span(),
        }
    }

    pub(crate) fn run<O>(mut self) -> Option<O::Value>
    where
        C: FnOnce() -> O,
        O: Outcome,
    {
        let (code, task) = (self.code.take()?, self.task.take()?);
        let (task, returned) = run_as(task, self.span.as_deref(), || Returned::new(code()));
        conclude(task, returned.map(Some))
    }
}

impl<C> Drop for Closure<C> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            let (task, dropped) = run_as(task, self.span.as_deref(), || drop(self.code.take()));
            conclude::<()>(task, dropped.map(|()| None));
        }
    }
}

pin_project! {
    /// A task that is started later, with the way to its handle. The order of the fields counts:
    /// the task is dropped first, so that its error is known when the handle wakes.
    pub(crate) struct Relay<F, V> {
        #[pin]
        pub(crate) task: Task<F>,
        pub(crate) handle: Option<oneshot::Sender<V>>,
    }
}

impl<F, V> Future for Relay<F, V>
where
    F: Future<Output = Returned<V>>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let value = ready!(this.task.poll(cx));
        if let (Some(value), Some(handle)) = (value, this.handle.take()) {
            // A handle that was dropped wants no value.
            let _ = handle.send(value);
        }
        Poll::Ready(())
    }
}
