//! The futures and closures that are handed to the runtime in place of the user's: they set the
//! context around each poll, catch a panic, and take the task to its outcome.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tracing::{Span, dispatcher::has_been_set};

use crate::{
    asked::TIMEOUTS,
    caught::{Caught, attempt, caught},
    context::{self, Context as Current, TaskRef, enter},
    fail::End,
    outcome::{BoxError, Outcome},
    rt::{self, Instant, MaybeSend as Send, Sleep, sleep_until},
    scope::Scope,
};

pin_project! {
    /// A tracked future.
    #[project = TaskProjection]
    pub(crate) struct Task<F> {
        // `None` once it is dropped, which happens in its context and before its outcome.
        #[pin]
        future: Option<F>,
        // Outside once it has its outcome.
        context: Current,
        more: Option<Box<More>>,
    }

    impl<F> PinnedDrop for Task<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.context.scope().is_some() {
                this.stop(End::Dropped);
            }
        }
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

fn span(more: Option<&More>) -> Option<&Span> {
    more?.span.as_ref().filter(|_| has_been_set())
}

impl More {
    #[inline]
    fn new(timeout: Option<Duration>) -> Option<Box<Self>> {
        if timeout.is_none() && !has_been_set() {
            return None;
        }
        Self::of(timeout, current_span())
    }

    fn of(timeout: Option<Duration>, span: Option<Span>) -> Option<Box<Self>> {
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
    if !has_been_set() {
        return None;
    }
    // The task is counted already: a subscriber that panics must not leave it behind.
    let span = attempt(Span::current)?;
    (!span.is_none()).then_some(span)
}

/// Runs a piece of a task in its context and span, and catches its panic.
fn run_as<R>(context: &mut Current, span: Option<&Span>, piece: impl FnOnce() -> R) -> Caught<R> {
    enter(context, || in_span(span, piece))
}

#[inline]
fn in_span<R>(span: Option<&Span>, piece: impl FnOnce() -> R) -> Caught<R> {
    caught(|| {
        let _entered = span.map(Span::enter);
        piece()
    })
}

impl<F> Task<F> {
    #[inline]
    pub(crate) fn new(future: F, timeout: Option<Duration>, task: TaskRef) -> Self {
        Self {
            future: Some(future),
            context: Current::of(task),
            more: More::new(timeout),
        }
    }
}

impl<F> TaskProjection<'_, F> {
    /// Drops the future, and gives the task its outcome.
    #[cold]
    fn stop(&mut self, end: End) {
        let dropped = run_as(self.context, span(self.more.as_deref()), || {
            self.future.set(None);
        });
        stopped(self.context, dropped, end);
    }
}

/// Gives a task that was stopped its outcome, once what it runs has been dropped.
#[cold]
fn stopped(context: &mut Current, dropped: Caught<()>, end: End) {
    let end = match dropped {
        Ok(()) => end,
        Err(payload) => End::Panicked(payload),
    };
    fail(context, end);
}

fn fail(context: &mut Current, end: End) {
    let ended = mem::take(context);
    if let Some((scope, key, sequence)) = ended.running() {
        scope.fail(key, sequence, end);
    }
}

/// Gives a task that has run to its end its outcome, and its value to its handle.
#[inline]
fn conclude<V: Send + 'static>(context: &mut Current, returned: Caught<Result<V, BoxError>>) {
    match returned {
        Ok(Ok(value)) => complete(context, value),
        Ok(Err(error)) => fail(context, End::Failed(error)),
        Err(payload) => fail(context, End::Panicked(payload)),
    }
}

#[inline]
fn complete<V: Send + 'static>(context: &mut Current, value: V) {
    let is_orphan = |(scope, key, sequence): (&Scope, u32, u32)| scope.is_orphan(key, sequence);
    if mem::needs_drop::<V>() && context.running().is_some_and(is_orphan) {
        // Nobody wants it, so its drop is the last thing that the task does.
        return match run_as(context, None, || drop(value)) {
            Ok(()) => complete(context, ()),
            Err(payload) => fail(context, End::Panicked(payload)),
        };
    }
    let ended = mem::take(context);
    if let Some((scope, key, sequence)) = ended.running() {
        scope.complete(key, sequence, rt::keep(value));
    }
}

impl<F: Future<Output: Outcome>> Future for Task<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.context.is_stopping() {
            this.stop(End::Dropped);
            return Poll::Ready(());
        }
        let polled = if span(this.more.as_deref()).is_none() {
            enter(this.context, || {
                let ended = match caught(|| poll(this.future.as_mut(), cx)) {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready(output)) => Ok(output),
                    Err(payload) => Err(payload),
                };
                let dropped = caught(|| this.future.set(None));
                Poll::Ready(ended.and_then(|output| dropped.map(|()| output)))
            })
        } else {
            this.poll_in_span(cx)
        };
        match polled {
            Poll::Ready(returned) => {
                conclude(this.context, returned);
                Poll::Ready(())
            }
            Poll::Pending => this.poll_waiting(cx),
        }
    }
}

#[inline]
fn poll<F: Future<Output: Outcome>>(
    future: Pin<&mut Option<F>>,
    cx: &mut Context<'_>,
) -> Poll<Result<<F::Output as Outcome>::Value, BoxError>> {
    match future.as_pin_mut() {
        Some(future) => future.poll(cx).map(Outcome::into_outcome),
        None => Poll::Pending,
    }
}

impl<F: Future<Output: Outcome>> TaskProjection<'_, F> {
    /// The same in a span. Written out, since one piece of code for both costs a task without a span
    /// 25 instructions.
    #[inline(never)]
    fn poll_in_span(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Caught<Result<<F::Output as Outcome>::Value, BoxError>>> {
        let span = span(self.more.as_deref());
        enter(self.context, || {
            let (ended, span) = match in_span(span, || poll(self.future.as_mut(), cx)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(output)) => (Ok(output), span),
                // It may be the span's subscriber that has panicked.
                Err(payload) => (Err(payload), None),
            };
            let dropped = in_span(span, || self.future.set(None));
            Poll::Ready(ended.and_then(|output| dropped.map(|()| output)))
        })
    }
}

impl<F> TaskProjection<'_, F> {
    /// Lets the task wait, unless it is to end now.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let more = self.more.as_mut().filter(|_| TIMEOUTS.is_set());
        if more.is_some_and(|more| more.is_over(cx)) {
            self.stop(End::TimedOut);
        } else if self.context.watch(cx.waker()) {
            self.stop(End::Dropped);
        } else {
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

#[cfg(feature = "callbacks")]
impl<F> Task<F> {
    /// Before the first poll of a task that waits for something else: whether it is over already.
    pub(crate) fn poll_stopped(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.context.is_stopping() || this.context.watch(cx.waker()) {
            this.stop(End::Dropped);
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

/// A tracked closure, to be run on a blocking thread.
pub(crate) struct Closure<C> {
    code: Option<C>,
    context: Current,
    span: Option<Span>,
}

impl<C> Closure<C> {
    pub(crate) fn new(closure: C, task: TaskRef) -> Self {
        Self {
            code: Some(closure),
            context: Current::of(task),
            span: current_span(),
        }
    }

    pub(crate) fn run<O>(mut self)
    where
        C: FnOnce() -> O,
        O: Outcome,
    {
        if let Some(code) = self.code.take() {
            let returned = run_as(&mut self.context, self.span.as_ref(), || {
                context::is_long();
                code().into_outcome()
            });
            conclude(&mut self.context, returned);
        }
    }
}

impl<C> Drop for Closure<C> {
    fn drop(&mut self) {
        if self.context.scope().is_some() {
            let code = self.code.take();
            let dropped = run_as(&mut self.context, self.span.as_ref(), || drop(code));
            stopped(&mut self.context, dropped, End::Dropped);
        }
    }
}
