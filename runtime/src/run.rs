//! A running handler: the body, then the join.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{
    context::{self, Context as Current},
    error::{JoinError, TaskError},
    handler::Handler,
    join::{Joined, Joining, Then, join},
    rt::{Instant, Sleep, sleep_until},
    scope::{Deadline, Plan, Scope},
    state::{Group, Stage},
};

/// How a body ended.
enum End<R> {
    Returned(R),
    Panicked(Box<dyn Any + Send>),
    TimedOut,
}

pin_project! {
    /// A running handler.
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
        #[pin]
        timer: Option<Sleep>,
        stage: Stage,
        end: Option<End<R>>,
        // Boxed, since a handler that tracks nothing needs none.
        joining: Option<Joining>,
    }

    impl<R, F: Future<Output = R>> PinnedDrop for Run<R, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let context = &mut *this.context;
            context::enter_planned(context, this.plan, || this.body.set(None));
            let scope = match (&*context, this.handler.hosted.take()) {
                (Current::Body(scope), _) => Some(scope.clone()),
                // Never polled.
                (_, hosted) => hosted.map(|(scope, _)| scope),
            };
            if let Some(scope) = scope {
                drop(this.joining.take());
                let attached = *this.then == Then::Attached;
                dropped(&scope, attached, this.handler.abort_on_drop);
            }
        }
    }
}

/// The handler's future was dropped before it had yielded.
fn dropped(scope: &Scope, attached: bool, abort: bool) {
    scope.end_join();
    if abort {
        scope.stop(Group::BOTH, Stage::Aborted);
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
        stage: Stage::Running,
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
            *this.deadline = begin(this.handler, this.context, this.plan, this.then);
            if let Some(Deadline { at, .. }) = *this.deadline {
                let now = Instant::now();
                *this.started = Some(now);
                if at <= now && this.handler.on_error.fail.is_some() {
                    context::enter_planned(this.context, this.plan, || this.body.set(None));
                    *this.end = Some(End::TimedOut);
                } else {
                    this.timer.set(Some(sleep_until(at)));
                }
            }
        }
        if this.body.is_some() {
            let polled = context::enter_planned(this.context, this.plan, || {
                catch_unwind(AssertUnwindSafe(|| {
                    let body = this.body.as_mut().as_pin_mut();
                    let polled = body.map_or(Poll::Pending, |body| body.poll(cx));
                    if polled.is_ready() {
                        this.body.set(None);
                    }
                    polled
                }))
            });
            match polled {
                Ok(Poll::Ready(value)) => *this.end = Some(End::Returned(value)),
                Err(payload) => {
                    context::enter_planned(this.context, this.plan, || this.body.set(None));
                    *this.end = Some(End::Panicked(payload));
                }
                Ok(Poll::Pending) => {
                    let stops_body = this.handler.on_error.fail.is_some();
                    while let (Some(timer), Some(deadline)) =
                        (this.timer.as_mut().as_pin_mut(), *this.deadline)
                    {
                        if timer.poll(cx).is_pending() {
                            return Poll::Pending;
                        }
                        let (stage, next) = next_stage(*this.stage, deadline);
                        *this.stage = stage;
                        this.timer.set(next.map(sleep_until));
                        if let Current::Body(scope) = &*this.context {
                            scope.stop(scope.due(), stage);
                        }
                        if stage == Stage::Expired && stops_body {
                            context::enter_planned(this.context, this.plan, || this.body.set(None));
                            *this.end = Some(End::TimedOut);
                            break;
                        }
                    }
                    if this.end.is_none() {
                        return Poll::Pending;
                    }
                }
            }
        }
        let mut failed = Joined::default();
        if let Current::Body(scope) = &*this.context {
            let joining = this.joining.get_or_insert_with(|| {
                let succeeded = match this.end {
                    Some(End::Returned(value)) => !(this.handler.on_error.is_err)(value),
                    Some(End::TimedOut) => true,
                    Some(End::Panicked(_)) | None => false,
                };
                join(
                    scope.clone(),
                    *this.then,
                    // A body that fails cancels nothing.
                    succeeded && !this.handler.join_all,
                    succeeded && this.handler.on_error.fail.is_some(),
                )
            });
            failed = ready!(joining.as_mut().poll(cx));
        }
        let Joined {
            mut failures,
            cancelled,
        } = failed;
        // What is left now is no longer the handler's.
        *this.context = Current::Outside;
        let value = match this.end.take().expect("polled after completion") {
            End::Returned(value) => Some(value),
            End::Panicked(payload) => resume_unwind(payload),
            End::TimedOut => {
                let age = this.started.map_or(Duration::ZERO, |start| start.elapsed());
                failures.push(TaskError::unfinished(this.handler.site, age));
                None
            }
        };
        let fail = this.handler.on_error.fail;
        Poll::Ready(match (JoinError::new(failures, cancelled), fail, value) {
            (Some(error), Some(fail), _) => fail(error),
            (_, _, Some(value)) => value,
            (_, _, None) => unreachable!("only a handler that can fail is ended by its deadline"),
        })
    }
}

/// Opens the handler's scope, or plans it. Yields the deadline of the body.
fn begin<R>(
    handler: &mut Handler<R>,
    context: &mut Current,
    planned: &mut Option<Plan>,
    then: &mut Then,
) -> Option<Deadline> {
    if let Some((scope, after)) = handler.hosted.take() {
        let deadline = scope.0.plan.deadline;
        *context = Current::Body(scope);
        *then = after;
        return deadline;
    }
    let (plan, after) = handler.plan();
    let deadline = plan.deadline;
    *context = Current::Planned;
    *planned = Some(plan);
    *then = after;
    deadline
}

/// What is due when the timer of a body has run out, and when the next thing is.
fn next_stage(stage: Stage, Deadline { at, grace }: Deadline) -> (Stage, Option<Instant>) {
    match stage {
        Stage::Running => (Stage::Told, Some(at + grace)),
        Stage::Told => (Stage::Expired, Some(at + grace + grace / 2)),
        Stage::Aborted | Stage::Expired | Stage::Abandoned => (Stage::Abandoned, None),
    }
}
