//! A running handler: the body, then the join.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    caught,
    context::{self, Context as Current, enter_planned},
    handler::{Handler, OnError},
    rest::{End, Rest, plan},
};

pin_project! {
    /// A running handler.
    pub struct Run<R, F: Future<Output = R>> {
        // `None` once it has ended; it is dropped in its context.
        #[pin]
        body: Option<F>,
        // What it has returned.
        value: Option<R>,
        on_error: OnError<R>,
        #[pin]
        rest: Rest,
    }

    impl<R, F: Future<Output = R>> PinnedDrop for Run<R, F> {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            if this.body.is_some() || this.rest.is_open() {
                let mut this = this.project();
                this.rest.drop_running(&mut || this.body.set(None));
            }
        }
    }
}

/// Runs `body` as a handler: everything it tracks is joined before the future yields.
#[inline]
pub fn run<R, F: Future<Output = R>>(handler: Handler<R>, body: F) -> Run<R, F> {
    Run {
        body: Some(body),
        value: None,
        on_error: handler.on_error,
        rest: Rest::new(handler.options),
    }
}

impl<R, F: Future<Output = R>> Future for Run<R, F> {
    type Output = R;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        if self.rest.context.is_outside() {
            if context::is_outside() && self.rest.options.are_plain() {
                *self.as_mut().project().rest.project().context = Current::UNPLANNED;
            } else {
                self.as_mut().begin_planned();
            }
        }
        if self.rest.end.is_none() {
            let this = self.as_mut().project();
            let rest = this.rest.project();
            let plan = plan(rest.planned);
            match enter_planned(rest.context, plan, || caught::poll(this.body, cx)) {
                Poll::Ready(Ok(value)) if rest.context.scope().is_none() => {
                    // It has tracked nothing.
                    return Poll::Ready(value);
                }
                Poll::Ready(Ok(value)) => {
                    let failed = (this.on_error.is_err)(&value);
                    *rest.end = Some(End::Returned { failed });
                    *this.value = Some(value);
                }
                Poll::Ready(Err(payload)) => *rest.end = Some(End::Panicked(payload)),
                Poll::Pending => {}
            }
        }
        self.poll_late(cx)
    }
}

/// What few polls come to: apart, and given no projection, which would be made for all.
impl<R, F: Future<Output = R>> Run<R, F> {
    #[cold]
    fn begin_planned(self: Pin<&mut Self>) {
        let mut this = self.project();
        let returns = this.on_error.fail.is_some();
        this.rest.begin(returns, &mut || this.body.set(None));
    }

    /// What comes after the poll of a body that has not returned yet, or has tracked something.
    #[inline(never)]
    fn poll_late(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let mut this = self.project();
        let fail = this.on_error.fail;
        let empty = &mut || this.body.set(None);
        let error = ready!(this.rest.poll_late(fail.is_some(), empty, cx));
        Poll::Ready(match (error, fail, this.value.take()) {
            (Some(error), Some(fail), _) => fail(error),
            (_, _, value) => value.expect("only a handler that can fail is ended by its deadline"),
        })
    }
}
