//! A running handler: the body, then the join.

use std::{
    any::Any,
    panic::resume_unwind,
    pin::Pin,
    task::{Context, Poll, ready},
    thread,
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{
    caught::{self, rethrow},
    context::{self, Context as Current, enter_planned},
    error::TaskError,
    handler::{Handler, OnError, Options},
    in_task::Executor,
    join::{Joined, Joining, Then, join},
    join_error::JoinError,
    rt::{Instant, Sleep, sleep_until},
    scope::{Deadline, Plan},
    state::{Group, Stage},
    stop::Enforcer,
    verdict,
};

/// How a body ended.
enum End<R> {
    Returned(R),
    Panicked(Box<dyn Any + Send>),
    TimedOut,
}

impl<R> End<R> {
    fn new(ended: thread::Result<R>) -> Self {
        ended.map_or_else(Self::Panicked, Self::Returned)
    }

    /// The deadline has ended the body, which was dropped.
    fn timed_out(dropped: thread::Result<()>) -> Self {
        dropped.map_or_else(Self::Panicked, |()| Self::TimedOut)
    }
}

pin_project! {
    /// A running handler.
    #[project = RunProjection]
    pub struct Run<R, F: Future<Output = R>> {
        // `None` once it has ended; it is dropped in its context.
        #[pin]
        body: Option<F>,
        end: Option<End<R>>,
        on_error: OnError<R>,
        #[pin]
        frame: Frame,
    }

    impl<R, F: Future<Output = R>> PinnedDrop for Run<R, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let body = if this.body.is_some() {
                this.empty_body()
            } else {
                Ok(())
            };
            if this.frame.is_open() {
                this.frame.project().dropped();
            }
            rethrow(body);
        }
    }
}

pin_project! {
    /// What is the same for all handlers.
    #[project = FrameProjection]
    struct Frame {
        options: Options,
        context: Current,
        // Until the scope is needed.
        plan: Option<Plan>,
        begun: bool,
        then: Then,
        // For the age of a body that the deadline ends.
        started: Option<Instant>,
        deadline: Option<Deadline>,
        // For the deadline, then for the end of the grace period.
        #[pin]
        timer: Option<Sleep>,
        late: bool,
        // Holds the tasks to their deadlines while a late body runs on.
        enforcer: Enforcer,
        // Where the handler polls its tasks itself.
        executor: Option<Executor>,
        joining: Option<Joining>,
    }
}

/// Runs `body` as a handler: everything it tracks is joined before the future yields.
#[inline]
pub fn run<R, F: Future<Output = R>>(handler: Handler<R>, body: F) -> Run<R, F> {
    Run {
        body: Some(body),
        end: None,
        on_error: handler.on_error,
        frame: Frame {
            options: handler.options,
            context: Current::OUTSIDE,
            plan: None,
            begun: false,
            then: Then::Join,
            started: None,
            deadline: None,
            timer: None,
            late: false,
            enforcer: Enforcer::default(),
            executor: None,
            joining: None,
        },
    }
}

impl<R, F: Future<Output = R>> Future for Run<R, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let mut this = self.project();
        if !this.frame.begun {
            this.begin();
        }
        if this.end.is_none() {
            match this.poll_body(cx) {
                Poll::Ready(End::Returned(value)) if this.frame.context.scope().is_none() => {
                    // It has tracked nothing.
                    return Poll::Ready(value);
                }
                Poll::Ready(end) => *this.end = Some(end),
                Poll::Pending => {}
            }
        }
        if this.frame.context.scope().is_some() {
            this.frame.as_mut().project().poll_tasks(cx);
        }
        if this.end.is_none() {
            return Poll::Pending;
        }
        let joined = ready!(this.poll_join(cx));
        let verdict = this.frame.verdict();
        // What is left now is no longer the handler's.
        this.frame.as_mut().project().leave();
        Poll::Ready(this.output(joined, verdict))
    }
}

impl<R, F: Future<Output = R>> RunProjection<'_, R, F> {
    fn begin(&mut self) {
        let stops_body = self.stops_body();
        if self.frame.as_mut().project().begin(stops_body) {
            let dropped = self.empty_body();
            *self.end = Some(End::timed_out(dropped));
        }
    }

    /// Only a handler that can return the failure is ended by its deadline.
    fn stops_body(&self) -> bool {
        self.on_error.fail.is_some()
    }

    fn empty_body(&mut self) -> thread::Result<()> {
        let frame = self.frame.as_mut().project();
        enter_planned(frame.context, frame.plan, || {
            caught::empty(self.body.as_mut())
        })
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<End<R>> {
        let frame = self.frame.as_mut().project();
        let polled = enter_planned(frame.context, frame.plan, || {
            caught::poll(self.body.as_mut(), cx)
        });
        if let Poll::Ready(ended) = polled {
            return Poll::Ready(End::new(ended));
        }
        let stops_body = self.stops_body();
        if self.frame.as_mut().project().is_over(stops_body, cx) {
            let dropped = self.empty_body();
            return Poll::Ready(End::timed_out(dropped));
        }
        Poll::Pending
    }

    fn poll_join(&mut self, cx: &mut Context<'_>) -> Poll<Joined> {
        let OnError { is_err, fail } = *self.on_error;
        let succeeded = match self.end {
            Some(End::Returned(value)) => !is_err(value),
            Some(End::TimedOut) => true,
            Some(End::Panicked(_)) | None => false,
        };
        let mut frame = self.frame.as_mut().project();
        frame.poll_join(succeeded, fail.is_some(), cx)
    }

    fn output(&mut self, joined: Joined, verdict: Option<verdict::Sender>) -> R {
        let Joined {
            mut failures,
            cancelled,
            logged,
        } = joined;
        let frame = &*self.frame;
        let value = match self.end.take().expect("polled after completion") {
            End::Returned(value) => Some(value),
            End::Panicked(payload) => resume_unwind(payload),
            End::TimedOut => {
                let age = frame
                    .started
                    .map_or(Duration::ZERO, |start| start.elapsed());
                failures.push(TaskError::unfinished(frame.options.site, age));
                None
            }
        };
        let error = JoinError::new(failures, cancelled);
        let OnError { is_err, fail } = *self.on_error;
        if let Some(verdict) = verdict {
            let failed = value.as_ref().is_some_and(is_err);
            let logged = JoinError::new(logged, Vec::new());
            verdict.tell(
                frame.options.site,
                error.as_ref().or(logged.as_ref()),
                failed,
            );
        }
        match (error, fail, value) {
            (Some(error), Some(fail), _) => fail(error),
            (_, _, Some(value)) => value,
            (_, _, None) => unreachable!("only a handler that can fail is ended by its deadline"),
        }
    }
}

impl Frame {
    /// Whether there is a scope, whose tasks somebody has to see to.
    fn is_open(&self) -> bool {
        self.context.scope().is_some() || self.options.hosted.is_some()
    }

    /// Where the host wants to know how the handler ends.
    fn verdict(&self) -> Option<verdict::Sender> {
        match self.context.scope() {
            Some(scope) if self.then == Then::JoinAndFail => scope.lock().verdict.take(),
            _ => None,
        }
    }
}

impl FrameProjection<'_> {
    /// Opens the handler's scope, or plans it. Whether the deadline has passed, and ends the body.
    fn begin(&mut self, stops_body: bool) -> bool {
        *self.begun = true;
        if context::is_outside() && self.options.are_plain() {
            *self.context = Current::UNPLANNED;
            return false;
        }
        self.begin_planned(stops_body)
    }

    #[cold]
    fn begin_planned(&mut self, stops_body: bool) -> bool {
        if let Some((scope, then)) = self.options.hosted.take() {
            *self.deadline = scope.0.plan.deadline;
            *self.context = Current::body(scope);
            *self.then = then;
        } else {
            let (plan, then) = self.options.plan();
            *self.deadline = plan.deadline;
            *self.context = Current::PLANNED;
            *self.plan = Some(plan);
            *self.then = then;
        }
        let Some(Deadline { at, .. }) = *self.deadline else {
            return false;
        };
        let now = Instant::now();
        *self.started = Some(now);
        if at <= now && stops_body {
            return true;
        }
        self.timer.set(Some(sleep_until(at)));
        false
    }

    /// Whether the deadline, and the time to stop after it, have come while the body runs on.
    fn is_over(&mut self, stops_body: bool, cx: &mut Context<'_>) -> bool {
        while let Some(timer) = self.timer.as_mut().as_pin_mut()
            && timer.poll(cx).is_ready()
        {
            self.timer.set(None);
            if *self.late {
                return true;
            }
            *self.late = true;
            if let (true, Some(deadline)) = (stops_body, *self.deadline) {
                let end = Instant::now() + deadline.grace;
                self.timer.set(Some(sleep_until(end)));
            }
        }
        if let (true, Some(scope)) = (*self.late, self.context.scope()) {
            let _ = self.enforcer.poll(scope, cx, &|_| false);
        }
        false
    }

    fn poll_join(&mut self, succeeded: bool, returns: bool, cx: &mut Context<'_>) -> Poll<Joined> {
        let Some(scope) = self.context.scope() else {
            return Poll::Ready(Joined::default());
        };
        let joining = self.joining.get_or_insert_with(|| {
            join(
                scope.clone(),
                *self.then,
                // A body that fails cancels nothing.
                succeeded && !self.options.join_all,
                succeeded && returns,
            )
        });
        joining.poll(cx)
    }

    /// Where they are polled here.
    fn poll_tasks(&mut self, cx: &mut Context<'_>) {
        let queue = self
            .context
            .scope()
            .and_then(|scope| scope.0.in_task.as_ref());
        if let Some(queue) = queue {
            let executor = self
                .executor
                .get_or_insert_with(|| Executor::new(queue.clone()));
            executor.poll(cx);
        }
    }

    fn leave(&mut self) {
        *self.executor = None;
        *self.context = Current::OUTSIDE;
        *self.joining = None;
    }

    /// The handler's future was dropped before it had yielded.
    #[cold]
    fn dropped(&mut self) {
        let hosted = self.options.hosted.take();
        // Never polled.
        let hosted = hosted.map(|(scope, _)| scope);
        let Some(scope) = self.context.scope().cloned().or(hosted) else {
            return;
        };
        *self.joining = None;
        scope.end_join();
        let attached = {
            let mut state = scope.lock();
            // Both may be the user's code to drop.
            let left = (state.verdict.take(), state.joiner.take());
            let attached = state.attached;
            drop(state);
            drop(left);
            attached
        };
        if self.options.abort_on_drop {
            scope.stop(Group::ALL, Stage::Aborted);
        }
        *self.executor = None;
        // Without an executor, what the drop of the body has started waits there.
        scope.close_queue();
        if *self.then == Then::Attached && attached {
            scope.release();
            scope.settle();
        } else {
            scope.leave();
        }
    }
}
