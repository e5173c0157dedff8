//! The futures and closures that are handed to the runtime in place of the user's: they set the
//! context around each poll, catch a panic, and take the task to its outcome.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::sync::oneshot;
use tracing::Span;

use crate::{
    context::{TaskRef, enter_task},
    lifecycle::End,
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
            let mut this = this.project();
            if let Some(task) = this.running.take() {
                let _entered = this.span.as_ref().map(|span| span.enter());
                let (task, dropped) = enter_task(task, || {
                    catch_unwind(AssertUnwindSafe(|| this.future.set(None)))
                });
                let end = dropped.map_or_else(End::Panicked, |()| End::Dropped);
                task.scope.finish(task.key, task.sequence, end);
            }
        }
    }
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
        let entered = this.span.as_ref().map(|span| span.enter());
        let (task, polled) = enter_task(task, || {
            catch_unwind(AssertUnwindSafe(|| {
                let future = this.future.as_mut().as_pin_mut();
                let polled = future.map_or(Poll::Pending, |future| future.poll(cx));
                if polled.is_ready() {
                    this.future.set(None);
                }
                polled
            }))
        });
        let returned = match polled {
            Ok(Poll::Pending) => {
                *this.running = Some(task);
                return Poll::Pending;
            }
            Ok(Poll::Ready(returned)) => Ok(returned),
            Err(payload) => {
                // Dropped here, in its context, should it still be there.
                let (_, _) = enter_task(task.clone(), || {
                    catch_unwind(AssertUnwindSafe(|| this.future.set(None)))
                });
                Err(payload)
            }
        };
        drop(entered);
        Poll::Ready(conclude(&task, returned))
    }
}

/// Gives the task its outcome, and its value to whoever awaits it.
fn conclude<V>(
    task: &TaskRef,
    returned: Result<Returned<V>, Box<dyn std::any::Any + Send>>,
) -> Option<V> {
    let (end, value) = match returned {
        Ok(Returned::Value(value)) => (End::Completed, Some(value)),
        Ok(Returned::Error(error)) => (End::Failed(error), None),
        Ok(Returned::TimedOut) => (End::TimedOut, None),
        Err(payload) => (End::Panicked(payload), None),
    };
    task.scope.finish(task.key, task.sequence, end);
    value
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
        let entered = self.span.as_ref().map(|span| span.enter());
        let (task, returned) = enter_task(task, || {
            catch_unwind(AssertUnwindSafe(|| Returned::new(code())))
        });
        drop(entered);
        conclude(&task, returned)
    }
}

impl<C> Drop for Closure<C> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            let (task, dropped) = enter_task(task, || {
                catch_unwind(AssertUnwindSafe(|| drop(self.code.take())))
            });
            let end = dropped.map_or_else(End::Panicked, |()| End::Dropped);
            task.scope.finish(task.key, task.sequence, end);
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
