//! The futures and closures that are handed to the runtime in place of the user's: they set the
//! context around each poll, catch a panic, and take the task to its outcome.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::Duration,
};

use pin_project_lite::pin_project;
use tracing::Span;

use crate::{
    caught::caught,
    context::{TaskRef, enter_task},
    finish::End,
    outcome::{BoxError, Outcome},
    rt::{self, Instant, MaybeSend as Send, Sleep, sleep_until},
    scope::Scope,
};

pin_project! {
    /// A tracked future.
    pub(crate) struct Task<F> {
        // `None` once it is dropped, which happens in its context and before its outcome.
        #[pin]
        future: Option<F>,
        running: Running,
        more: Option<Box<More>>,
    }

    impl<F> PinnedDrop for Task<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(task) = this.running.take() {
                let (task, dropped) = run_as(task, span(this.more), || this.future.set(None));
                stopped(task, dropped, End::Dropped);
            }
        }
    }
}

/// Which task it is, until it has its outcome.
struct Running {
    scope: Option<Scope>,
    key: u32,
    /// The sequence, and in its last bit whether the scope knows how to wake the task: in the same
    /// word, since a task's size grows in steps.
    mark: u32,
}

impl Running {
    fn take(&mut self) -> Option<TaskRef> {
        Some(TaskRef {
            scope: self.scope.take()?,
            key: self.key,
            sequence: self.mark >> 1,
        })
    }
}

impl Running {
    /// Leaves `task` to wait; comes back with it if it is to end now, and how.
    fn wait(
        &mut self,
        task: TaskRef,
        more: &mut Option<Box<More>>,
        cx: &mut Context<'_>,
    ) -> Option<(TaskRef, End)> {
        if more.as_mut().is_some_and(|more| more.is_over(cx)) {
            return Some((task, End::TimedOut));
        }
        if self.mark & 1 == 0 {
            self.mark |= 1;
            // The runtime polls a task with one waker, to its end.
            if task.scope.watch(task.key, task.sequence, cx.waker()) {
                return Some((task, End::Dropped));
            }
        }
        self.scope = Some(task.scope);
        None
    }
}

/// What only some tasks have, boxed, since all pay for the room.
#[derive(Default)]
struct More {
    span: Option<Span>,
    /// Runs from the first poll.
    timeout: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
}

fn span(more: &Option<Box<More>>) -> Option<&Span> {
    more.as_ref()?.span.as_ref()
}

impl More {
    fn new(timeout: Option<Duration>) -> Option<Box<Self>> {
        let span = current_span();
        (span.is_some() || timeout.is_some()).then(|| {
            Box::new(Self {
                span,
                timeout,
                sleep: None,
            })
        })
    }

    /// Whether the task's time is over.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        if self.sleep.is_none() {
            // Beyond what the clock can tell, a timeout is none.
            let at = self
                .timeout
                .take()
                .and_then(|timeout| Instant::now().checked_add(timeout));
            self.sleep = at.map(|at| Box::pin(sleep_until(at)));
        }
        let sleep = self.sleep.as_mut();
        sleep.is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready())
    }
}

/// The span that a task started here runs in.
fn current_span() -> Option<Span> {
    if !tracing::dispatcher::has_been_set() {
        return None;
    }
    let span = Span::current();
    (!span.is_none()).then_some(span)
}

/// Runs a piece of a task in its context and span, and catches its panic.
fn run_as<R>(
    task: TaskRef,
    span: Option<&Span>,
    piece: impl FnOnce() -> R,
) -> (TaskRef, thread::Result<R>) {
    enter_task(task, || in_span(span, piece))
}

fn in_span<R>(span: Option<&Span>, piece: impl FnOnce() -> R) -> thread::Result<R> {
    caught(|| {
        let _entered = span.map(Span::enter);
        piece()
    })
}

impl<F> Task<F> {
    pub(crate) fn new(future: F, timeout: Option<Duration>, task: TaskRef) -> Self {
        Self {
            future: Some(future),
            running: Running {
                scope: Some(task.scope),
                key: task.key,
                mark: task.sequence << 1,
            },
            more: More::new(timeout),
        }
    }
}

/// Gives a task that was stopped its outcome, once its future has been dropped.
#[cold]
fn stopped(task: TaskRef, dropped: thread::Result<()>, end: End) {
    let end = match dropped {
        Ok(()) => end,
        Err(payload) => End::Panicked(payload),
    };
    task.scope.fail(task.key, task.sequence, end);
}

/// Gives a task that has run to its end its outcome, and its value to its handle.
fn conclude<V: Send + 'static>(task: TaskRef, returned: thread::Result<Result<V, BoxError>>) {
    let end = match returned {
        Ok(Ok(value)) => return complete(task, value),
        Ok(Err(error)) => End::Failed(error),
        Err(payload) => End::Panicked(payload),
    };
    task.scope.fail(task.key, task.sequence, end);
}

fn complete<V: Send + 'static>(task: TaskRef, value: V) {
    if mem::needs_drop::<V>() && task.scope.is_orphan(task.key, task.sequence) {
        // Nobody wants it, so its drop is the last thing that the task does.
        let (task, dropped) = run_as(task, None, || drop(value));
        match dropped {
            Ok(()) => task.scope.complete(task.key, task.sequence, rt::keep(())),
            Err(payload) => stopped(task, Err(payload), End::Dropped),
        }
    } else {
        task.scope
            .complete(task.key, task.sequence, rt::keep(value));
    }
}

impl<F: Future<Output: Outcome>> Future for Task<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(task) = this.running.take() else {
            return Poll::Ready(());
        };
        if task.scope.is_stopping(task.key, task.sequence) {
            let (task, dropped) = run_as(task, span(this.more), || this.future.set(None));
            stopped(task, dropped, End::Dropped);
            return Poll::Ready(());
        }
        let (task, polled) = enter_task(task, || {
            let span = span(this.more);
            let polled = in_span(span, || match this.future.as_mut().as_pin_mut() {
                Some(future) => future.poll(cx).map(Outcome::into_outcome),
                None => Poll::Pending,
            });
            let (ended, span) = match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(output)) => (Ok(output), span),
                // It may be the span's subscriber that has panicked.
                Err(payload) => (Err(payload), None),
            };
            let dropped = in_span(span, || this.future.set(None));
            Poll::Ready(ended.and_then(|output| dropped.map(|()| output)))
        });
        match polled {
            Poll::Ready(returned) => {
                conclude(task, returned);
                Poll::Ready(())
            }
            Poll::Pending => {
                let Some((task, end)) = this.running.wait(task, this.more, cx) else {
                    return Poll::Pending;
                };
                let (task, dropped) = run_as(task, span(this.more), || this.future.set(None));
                stopped(task, dropped, end);
                Poll::Ready(())
            }
        }
    }
}

impl<F: Future<Output: Outcome>> Task<F> {
    /// Before the first poll of a task that waits for something else: whether it is over already.
    #[cfg(feature = "callbacks")]
    pub(crate) fn poll_stopped(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(task) = this.running.take() else {
            return Poll::Ready(());
        };
        let Some((task, end)) = this.running.wait(task, &mut None, cx) else {
            return Poll::Pending;
        };
        let (task, dropped) = run_as(task, span(this.more), || this.future.set(None));
        stopped(task, dropped, end);
        Poll::Ready(())
    }
}

/// A tracked closure, to be run on a blocking thread.
pub(crate) struct Closure<C> {
    code: Option<C>,
    task: Option<TaskRef>,
    span: Option<Span>,
}

impl<C> Closure<C> {
    pub(crate) fn new(closure: C, task: TaskRef) -> Self {
        Self {
            code: Some(closure),
            task: Some(task),
            span: current_span(),
        }
    }

    pub(crate) fn run<O>(mut self)
    where
        C: FnOnce() -> O,
        O: Outcome,
    {
        if let (Some(code), Some(task)) = (self.code.take(), self.task.take()) {
            let (task, returned) = run_as(task, self.span.as_ref(), || code().into_outcome());
            conclude(task, returned);
        }
    }
}

impl<C> Drop for Closure<C> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            let (task, dropped) = run_as(task, self.span.as_ref(), || drop(self.code.take()));
            stopped(task, dropped, End::Dropped);
        }
    }
}
