//! What a handler has beside its body: compiled once, not for each handler.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    caught::{Caught, Payload, caught, rethrow},
    context::{Context as Current, enter_planned},
    error::TaskError,
    handler::Options,
    join::{Joined, Joining, Quiet, Then, join},
    join_error::JoinError,
    rt::{self, Instant, Sleep, sleep_until},
    scope::{Deadline, Plan, Scope},
    state::{Group, Stage},
    stop::Enforcer,
    verdict,
};

/// How a body ended.
pub(crate) enum End {
    /// `failed`: it returned an error of its own.
    Returned {
        failed: bool,
    },
    Panicked(Payload),
    TimedOut,
}

pin_project! {
    /// What a handler has beside its body. What only some handlers need is in few fields, since each
    /// is looked at when the handler is dropped.
    #[project = RestProjection]
    pub(crate) struct Rest {
        // Once the body has ended.
        pub(crate) end: Option<End>,
        pub(crate) options: Options,
        // Outside until it has begun.
        pub(crate) context: Current,
        // Of a handler with options, or inside an invocation.
        #[pin]
        pub(crate) planned: Option<Planned>,
        late: Option<Box<Late>>,
    }
}

pin_project! {
    #[project = PlannedProjection]
    pub(crate) struct Planned {
        // Until the scope is needed.
        plan: Option<Plan>,
        then: Then,
        // For the age of a body that the deadline ends.
        started: Instant,
        deadline: Option<Deadline>,
        // For the deadline, then for the end of the grace period.
        #[pin]
        timer: Option<Sleep>,
        is_late: bool,
    }
}

/// What becomes of a handler that is not done with its first tasks' ends.
#[derive(Default)]
struct Late {
    /// Holds the tasks to their deadlines while a late body runs on.
    enforcer: Enforcer,
    joining: Option<Joining>,
}

/// Drops the body, in its context.
pub(crate) type Empty<'a> = &'a mut dyn FnMut();

/// `returns`: the handler can return a failure.
impl Rest {
    #[inline]
    pub(crate) fn new(options: Options) -> Self {
        Self {
            end: None,
            options,
            context: Current::OUTSIDE,
            planned: None,
            late: None,
        }
    }

    /// Whether there is something to end when the handler is dropped.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.context.scope().is_some() || self.options.is_hosted()
    }

    /// The handler's first poll.
    pub(crate) fn begin(mut self: Pin<&mut Self>, returns: bool, empty: Empty<'_>) {
        let this = self.as_mut().project();
        let (context, is_over) = begin(this.options, this.planned, returns);
        *this.context = context;
        if is_over {
            self.time_out(empty);
        }
    }

    /// What the handler does once its body has been polled; the failures that it returns.
    pub(crate) fn poll_late(
        mut self: Pin<&mut Self>,
        returns: bool,
        empty: Empty<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<JoinError>> {
        if self.end.is_none() && self.as_mut().project().is_over(returns, cx) {
            self.as_mut().time_out(empty);
        }
        let mut this = self.project();
        this.poll_tasks(cx);
        if this.end.is_none() {
            return Poll::Pending;
        }
        let joined = match this.join_quiet(cx) {
            Quiet::Closed => None,
            Quiet::Waits => return Poll::Pending,
            Quiet::No => ready!(this.poll_join(returns, cx)),
        };
        match (joined, this.end.take()) {
            (None, Some(End::Returned { .. })) => {
                *this.context = Current::OUTSIDE;
                *this.late = None;
                Poll::Ready(None)
            }
            (joined, end) => Poll::Ready(this.conclude(joined.unwrap_or_default(), end)),
        }
    }

    /// The deadline has ended the body.
    #[cold]
    fn time_out(self: Pin<&mut Self>, empty: Empty<'_>) {
        let mut this = self.project();
        let dropped = this.run(empty);
        *this.end = Some(dropped.map_or_else(End::Panicked, |()| End::TimedOut));
    }

    /// The handler's future is dropped before it has yielded.
    #[cold]
    pub(crate) fn drop_running(self: Pin<&mut Self>, empty: Empty<'_>) {
        let mut this = self.project();
        let body = this.run(empty);
        this.drop_open();
        rethrow(body);
    }
}

impl RestProjection<'_> {
    /// Runs a piece of the handler in its context.
    fn run(&mut self, piece: &mut dyn FnMut()) -> Caught<()> {
        let plan = plan(self.planned.as_mut());
        enter_planned(self.context, plan, || caught(piece))
    }

    /// Whether the deadline ends the body, which has not returned.
    fn is_over(&mut self, returns: bool, cx: &mut Context<'_>) -> bool {
        let Some(mut planned) = self.planned.as_mut().as_pin_mut() else {
            return false;
        };
        if planned.as_mut().project().is_over(returns, cx) {
            return true;
        }
        if let (true, Some(scope)) = (planned.is_late, self.context.scope()) {
            let late = self.late.get_or_insert_default();
            let _ = late.enforcer.poll(scope, cx, &|_| false);
        }
        false
    }

    /// Polls the tasks, where the handler does.
    #[inline]
    fn poll_tasks(&mut self, cx: &mut Context<'_>) {
        if let (Some(poll_tasks), Some(scope)) = (self.options.in_task(), self.context.scope()) {
            poll_tasks(scope, cx);
        }
    }

    /// What the handler finds before it looks at what its tasks have left.
    #[inline]
    fn join_quiet(&self, cx: &Context<'_>) -> Quiet {
        let joins = self
            .late
            .as_ref()
            .is_some_and(|late| late.joining.is_some());
        match self.context.scope() {
            Some(_) if joins || !rt::SHORTCUTS => Quiet::No,
            Some(scope) => scope.join_quiet(cx.waker()),
            None => Quiet::Closed,
        }
    }

    /// What the tasks have left.
    fn poll_join(&mut self, returns: bool, cx: &mut Context<'_>) -> Poll<Option<Joined>> {
        let Some(scope) = self.context.scope() else {
            return Poll::Ready(None);
        };
        // A body that fails cancels nothing.
        let succeeded = matches!(
            self.end,
            Some(End::Returned { failed: false } | End::TimedOut)
        );
        let (planned, options) = (self.planned.as_ref().as_pin_ref(), &*self.options);
        let make = || {
            join(
                scope.clone(),
                planned.map_or(Then::Join, |planned| planned.then),
                succeeded && !options.join_all,
                succeeded && returns,
            )
        };
        let joining = &mut self.late.get_or_insert_default().joining;
        joining.get_or_insert_with(make).poll(cx).map(Some)
    }

    /// What is left now is no longer the handler's: the failures that are, told to the host too where
    /// it wants to know how the handler ends.
    #[inline(never)]
    fn conclude(&mut self, joined: Joined, end: Option<End>) -> Option<JoinError> {
        let verdict = self.context.scope().and_then(verdict::Sender::of);
        *self.context = Current::OUTSIDE;
        *self.late = None;
        let Joined {
            mut failures,
            cancelled,
            logged,
        } = joined;
        let failed = match end.expect("polled after completion") {
            End::Returned { failed } => failed,
            End::Panicked(payload) => payload.resume(),
            End::TimedOut => {
                let started = self.planned.as_ref().as_pin_ref();
                let age = started.map(|planned| planned.started.elapsed());
                let age = age.unwrap_or_default();
                failures.push(TaskError::unfinished(self.options.site, age));
                false
            }
        };
        let error = JoinError::new(failures, cancelled);
        if let Some(verdict) = verdict {
            verdict.tell(self.options.site, error.as_ref(), failed);
        }
        error.filter(|_| !logged)
    }

    /// The handler is dropped, and its body has been.
    fn drop_open(&mut self) {
        let planned = self.planned.as_ref().as_pin_ref();
        let then = planned.map_or(Then::Join, |planned| planned.then);
        let begun = self.context.scope().map(|scope| (scope.clone(), then));
        // Or never polled.
        if let Some((scope, then)) = begun.or_else(|| self.options.take_hosted()) {
            let attached = then == Then::Attached;
            dropped(&scope, self.late, attached, self.options.abort_on_drop);
        }
    }
}

/// What the handler's scope will be, if it is planned.
#[inline]
pub(crate) fn plan(planned: Pin<&mut Option<Planned>>) -> Option<&mut Option<Plan>> {
    planned.as_pin_mut().map(|planned| planned.project().plan)
}

/// Opens the handler's scope, or plans it. Whether the deadline has passed, and ends the body.
fn begin(
    options: &mut Options,
    mut planned: Pin<&mut Option<Planned>>,
    stops_body: bool,
) -> (Current, bool) {
    let (context, deadline, plan, then) = if let Some((scope, then)) = options.take_hosted() {
        let deadline = scope.0.plan.deadline;
        (Current::body(scope), deadline, None, then)
    } else {
        let (plan, then) = options.plan();
        (Current::PLANNED, plan.deadline, Some(plan), then)
    };
    let started = Instant::now();
    let is_over = stops_body && deadline.is_some_and(|deadline| deadline.at <= started);
    let due = deadline.filter(|_| !is_over);
    planned.set(Some(Planned {
        plan,
        then,
        started,
        deadline,
        timer: due.map(|deadline| sleep_until(deadline.at)),
        is_late: false,
    }));
    (context, is_over)
}

impl PlannedProjection<'_> {
    /// Whether the deadline, and the time to stop after it, have come while the body runs on.
    fn is_over(&mut self, stops_body: bool, cx: &mut Context<'_>) -> bool {
        while let Some(timer) = self.timer.as_mut().as_pin_mut()
            && timer.poll(cx).is_ready()
        {
            self.timer.set(None);
            if *self.is_late {
                return true;
            }
            *self.is_late = true;
            if let (true, Some(deadline)) = (stops_body, *self.deadline) {
                let end = Instant::now() + deadline.grace;
                self.timer.set(Some(sleep_until(end)));
            }
        }
        false
    }
}

/// A handler's future was dropped that had a scope.
fn dropped(scope: &Scope, late: &mut Option<Box<Late>>, attached: bool, abort: bool) {
    if let Some(late) = late {
        late.joining = None;
    }
    scope.end_join();
    drop(verdict::Sender::of(scope));
    let (attached, joiner) = {
        let mut state = scope.lock_seldom();
        (attached && state.attached, state.joiner.take())
    };
    // It may be the user's code to drop.
    drop(joiner);
    if abort {
        scope.stop(Group::ALL, Stage::Aborted);
    }
    *late = None;
    // What was stopped waits there to be dropped, and what the drop of the body has started.
    scope.close_queue();
    if attached {
        scope.release();
        scope.settle();
    } else {
        scope.leave();
    }
}
