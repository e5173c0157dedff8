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
    context::{Context as Current, enter_planned},
    error::TaskError,
    handler::{Handler, OnError},
    join::{Joined, Joining, Then, join},
    join_error::JoinError,
    rt::{Instant, Sleep, sleep_until},
    scope::{Deadline, Plan, Scope},
    state::{Group, Stage},
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
        handler: Handler<R>,
        // `None` once it has ended; it is dropped in its context.
        #[pin]
        body: Option<F>,
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
        // Holds the tasks to their deadlines while the body runs on.
        enforcing: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
        end: Option<End<R>>,
        // Boxed, since a handler that tracks nothing needs none.
        joining: Option<Joining>,
    }

    impl<R, F: Future<Output = R>> PinnedDrop for Run<R, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let body = this.empty_body();
            let scope = match (&*this.context, this.handler.hosted.take()) {
                (Current::Body(scope), _) => Some(scope.clone()),
                // Never polled.
                (_, hosted) => hosted.map(|(scope, _)| scope),
            };
            if let Some(scope) = scope {
                drop(this.joining.take());
                let attached = *this.then == Then::Attached;
                dropped(&scope, attached, this.handler.abort_on_drop);
            }
            rethrow(body);
        }
    }
}

/// The handler's future was dropped before it had yielded.
fn dropped(scope: &Scope, attached: bool, abort: bool) {
    scope.end_join();
    drop(scope.lock().verdict.take());
    if abort {
        scope.stop(Group::ALL, Stage::Aborted);
    }
    if attached && scope.lock().attached {
        scope.release();
        scope.settle();
    } else {
        scope.leave();
    }
}

/// Runs `body` as a handler: everything it tracks is joined before the future yields.
pub fn run<R, F: Future<Output = R>>(handler: Handler<R>, body: F) -> Run<R, F> {
    Run {
        handler,
        body: Some(body),
        context: Current::Outside,
        plan: None,
        begun: false,
        then: Then::Join,
        started: None,
        deadline: None,
        timer: None,
        late: false,
        enforcing: None,
        end: None,
        joining: None,
    }
}

impl<R, F: Future<Output = R>> Future for Run<R, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let mut this = self.project();
        if !*this.begun {
            *this.begun = true;
            this.begin();
        }
        if this.end.is_none() {
            let end = ready!(this.poll_body(cx));
            *this.end = Some(end);
        }
        let joined = ready!(this.poll_join(cx));
        let verdict = this.verdict();
        // What is left now is no longer the handler's.
        *this.context = Current::Outside;
        Poll::Ready(this.output(joined, verdict))
    }
}

impl<R, F: Future<Output = R>> RunProjection<'_, R, F> {
    /// Opens the handler's scope, or plans it.
    fn begin(&mut self) {
        if let Some((scope, then)) = self.handler.hosted.take() {
            *self.deadline = scope.0.plan.deadline;
            *self.context = Current::Body(scope);
            *self.then = then;
        } else {
            let (plan, then) = self.handler.plan();
            *self.deadline = plan.deadline;
            *self.context = Current::Planned;
            *self.plan = Some(plan);
            *self.then = then;
        }
        let Some(Deadline { at, .. }) = *self.deadline else {
            return;
        };
        let now = Instant::now();
        *self.started = Some(now);
        if at <= now && self.stops_body() {
            let dropped = self.empty_body();
            *self.end = Some(End::timed_out(dropped));
        } else {
            self.timer.set(Some(sleep_until(at)));
        }
    }

    /// Only a handler that can return the failure is ended by its deadline.
    fn stops_body(&self) -> bool {
        self.handler.on_error.fail.is_some()
    }

    fn empty_body(&mut self) -> thread::Result<()> {
        enter_planned(self.context, self.plan, || {
            caught::empty(self.body.as_mut())
        })
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<End<R>> {
        let polled = enter_planned(self.context, self.plan, || {
            caught::poll(self.body.as_mut(), cx)
        });
        if let Poll::Ready(ended) = polled {
            return Poll::Ready(End::new(ended));
        }
        while let Some(timer) = self.timer.as_mut().as_pin_mut()
            && timer.poll(cx).is_ready()
        {
            self.timer.set(None);
            if *self.late {
                let dropped = self.empty_body();
                return Poll::Ready(End::timed_out(dropped));
            }
            *self.late = true;
            if let (true, Some(deadline)) = (self.stops_body(), *self.deadline) {
                self.timer
                    .set(Some(sleep_until(Instant::now() + deadline.grace)));
            }
        }
        if let (true, Current::Body(scope)) = (*self.late, &*self.context) {
            let enforcing = self.enforcing.get_or_insert_with(|| {
                let scope = scope.clone();
                Box::pin(async move { scope.enforce(|_| false).await })
            });
            let _ = enforcing.as_mut().poll(cx);
        }
        Poll::Pending
    }

    fn poll_join(&mut self, cx: &mut Context<'_>) -> Poll<Joined> {
        let Current::Body(scope) = &*self.context else {
            return Poll::Ready(Joined::default());
        };
        *self.enforcing = None;
        let joining = self.joining.get_or_insert_with(|| {
            let succeeded = match self.end {
                Some(End::Returned(value)) => !(self.handler.on_error.is_err)(value),
                Some(End::TimedOut) => true,
                Some(End::Panicked(_)) | None => false,
            };
            join(
                scope.clone(),
                *self.then,
                // A body that fails cancels nothing.
                succeeded && !self.handler.join_all,
                succeeded && self.handler.on_error.fail.is_some(),
            )
        });
        joining.as_mut().poll(cx)
    }

    /// Where the host wants to know how the handler ends.
    fn verdict(&self) -> Option<verdict::Sender> {
        match &*self.context {
            Current::Body(scope) if *self.then == Then::JoinAndFail => scope.lock().verdict.take(),
            _ => None,
        }
    }

    fn output(&mut self, joined: Joined, verdict: Option<verdict::Sender>) -> R {
        let Joined {
            mut failures,
            cancelled,
            logged,
        } = joined;
        let value = match self.end.take().expect("polled after completion") {
            End::Returned(value) => Some(value),
            End::Panicked(payload) => resume_unwind(payload),
            End::TimedOut => {
                let age = self.started.map_or(Duration::ZERO, |start| start.elapsed());
                failures.push(TaskError::unfinished(self.handler.site, age));
                None
            }
        };
        let error = JoinError::new(failures, cancelled);
        let OnError { is_err, fail } = self.handler.on_error;
        if let Some(verdict) = verdict {
            let failed = value.as_ref().is_some_and(is_err);
            let logged = JoinError::new(logged, Vec::new());
            verdict.tell(
                self.handler.site,
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
