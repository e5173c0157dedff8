//! What a host opens around a handler.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::{Duration, SystemTime},
};

use pin_project_lite::pin_project;

use crate::{
    asked::ROWS,
    caught::{self, Caught, attempt, caught, rethrow},
    context::{self, Context as Current},
    drain::Drain,
    error::TaskError,
    host::KeepAlive,
    log,
    report::Report,
    rt::{self, Instant},
    scope::{Around, Deadline, Hook, Plan, Scope, ScopeKind},
};

/// How long before the platform's deadline the tasks are stopped, unless the host says otherwise.
pub(crate) const MARGIN: Duration = Duration::from_millis(100);

/// A wall-clock deadline as a moment of the monotonic clock, less the margin.
///
/// The wall clock is asked once: it may be set while the invocation runs. `None` if the deadline is
/// further away than the clock can tell.
fn deadline(at: SystemTime, margin: Duration, grace: Duration) -> Option<Deadline> {
    let left = at.duration_since(rt::system_now()).unwrap_or_default();
    deadline_in(left, margin, grace)
}

/// A deadline that is `left` from now, less the margin.
pub(crate) fn deadline_in(left: Duration, margin: Duration, grace: Duration) -> Option<Deadline> {
    let at = Instant::now().checked_add(left.saturating_sub(margin))?;
    Some(Deadline { at, grace })
}

pub(crate) fn default_deadline(at: SystemTime) -> Option<Deadline> {
    deadline(at, MARGIN, MARGIN / 2)
}

/// One invocation, as a host opens it around a handler. For authors of hosts.
///
/// [`run`](Self::run) opens a scope, and everything that is tracked while its future is polled
/// belongs to it, to its end.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tethered::{Invocation, wait_until};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let answer = Invocation::new()
///     .deadline(SystemTime::now() + Duration::from_secs(30))
///     .on_error(|error| eprintln!("{error}"))
///     .on_report(|report| assert_eq!(report.completed(), 1))
///     .run(async {
///         wait_until!(async { /* the answer does not wait for this, `run` does */ });
///         "answer"
///     })
///     .await;
/// # assert_eq!(answer, "answer");
/// # }
/// ```
#[must_use = "an invocation does nothing unless it is run"]
#[derive(Default)]
pub struct Invocation {
    deadline: Option<SystemTime>,
    margin: Option<Duration>,
    grace: Option<Duration>,
    /// Instead of `deadline`.
    within: Option<Deadline>,
    keep_alive: KeepAlive,
    pub(crate) on_error: Option<Hook>,
    on_report: Option<OnReport>,
}

type OnReport = Box<dyn FnOnce(Report) + Send>;

impl Invocation {
    /// An invocation without a deadline.
    pub fn new() -> Self {
        Self::default()
    }

    /// When the platform kills the invocation, by its wall clock.
    ///
    /// Tasks are told to stop at the deadline less the [margin](Self::margin), aborted a
    /// [grace period](Self::grace) later, and given up and named half a grace period after that.
    pub fn deadline(mut self, at: SystemTime) -> Self {
        self.deadline = Some(at);
        self
    }

    /// How long before the platform's deadline the tasks are stopped: 100 ms by default.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = Some(margin);
        self
    }

    /// How long tasks that have been told may take to stop by themselves: half the margin by
    /// default, two thirds of it at most, so that what does not stop is given up in time.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// A deadline that is told by the monotonic clock already.
    #[cfg(feature = "lambda")]
    pub(crate) fn within(mut self, deadline: Option<Deadline>) -> Self {
        self.within = deadline;
        self
    }

    /// When the outermost handler's keep-alive tasks are finished: after the response, by default.
    pub fn keep_alive(mut self, mode: KeepAlive) -> Self {
        self.keep_alive = mode;
        self
    }

    /// Is called with every failure that has no other place to go, as it happens, beside the log.
    /// The task has ended when it returns, so one that blocks holds the invocation.
    /// A panic in it is caught and logged.
    pub fn on_error(mut self, hook: impl Fn(&TaskError) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(hook));
        self
    }

    /// Is called once, after the drain, and makes the invocation keep a row for each task. A panic
    /// in it is caught and logged. It is not called for an invocation that is dropped.
    pub fn on_report(mut self, hook: impl FnOnce(Report) + Send + 'static) -> Self {
        ROWS.ask();
        self.on_report = Some(Box::new(hook));
        self
    }

    /// Runs `future` inside the invocation, then starts what waits for the response, drains the
    /// scope, and yields the future's output.
    ///
    /// The deadline ends the tasks, never `future` itself: it is the handler inside that answers
    /// in time. A panic of `future` resumes after the drain. Where the returned future is dropped,
    /// its tasks move up to the scope around it, at the outermost to the root scope.
    pub fn run<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        self.open().run(|| future)
    }

    /// Opens the invocation's scope.
    pub(crate) fn open(self) -> Open {
        let margin = self.margin.unwrap_or(MARGIN);
        let around = Around::here();
        let callback = around.as_ref().is_some_and(|around| around.callback);
        let (parent, within, caller) = match around {
            Some(around) => (Some(around.scope), around.within, around.caller),
            None => (None, None, None),
        };
        let enclosing = parent.as_ref().and_then(|scope| scope.0.plan.host_deadline);
        let grace = self
            .grace
            .map_or(margin / 2, |grace| grace.min(margin * 2 / 3));
        let own = self.deadline.and_then(|at| deadline(at, margin, grace));
        let deadline = Deadline::nearest(self.within.or(own), enclosing);
        let scope = Scope::open(Plan {
            parent,
            within,
            caller,
            callback,
            deadline,
            host_deadline: deadline,
            hosted: true,
            mode: self.keep_alive,
            on_error: self.on_error,
            kind: ScopeKind::Invocation,
            reports: self.on_report.is_some(),
            ..Plan::default()
        });
        Open {
            drain: Drain::new(scope.clone()),
            scope,
            on_report: self.on_report,
        }
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("deadline", &self.deadline)
            .field("margin", &self.margin)
            .field("grace", &self.grace)
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

/// An invocation whose scope is open and whose future is still to be made.
pub(crate) struct Open {
    scope: Scope,
    drain: Drain,
    on_report: Option<OnReport>,
}

impl Open {
    /// Makes the future inside the invocation: what `make` starts belongs to it.
    pub(crate) fn run<F: Future>(self, make: impl FnOnce() -> F) -> Running<F> {
        let mut context = Current::body(self.scope.clone());
        let mut running = Running {
            future: None,
            output: None,
            scope: self.scope,
            drain: Some(self.drain),
            on_report: self.on_report,
        };
        // Made in its place, since it may be large: each step that it is handed through is a copy.
        let result = context::enter(&mut context, || caught(|| running.future = Some(make())));
        if let Err(payload) = result {
            // Told to whoever polls, after the drain of what `make` has started.
            running.output = Some(Err(payload));
            running.scope.answered();
        }
        running
    }
}

pin_project! {
    /// [`Invocation::run`]
    #[allow(missing_debug_implementations, reason = "it is not nameable from outside")]
    pub struct Running<F: Future> {
        // `None` once it has ended: the response is out.
        #[pin]
        future: Option<F>,
        output: Option<Caught<F::Output>>,
        scope: Scope,
        // Polled all the while, since it holds the tasks to their deadline. `None` once somebody
        // else does that.
        drain: Option<Drain>,
        on_report: Option<OnReport>,
    }

    impl<F: Future> PinnedDrop for Running<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if this.future.is_some() {
                let mut context = Current::body(this.scope.clone());
                let dropped = context::enter(&mut context, || caught::empty(this.future));
                // The drain is dropped next, and hands the tasks to the scope around.
                this.scope.answered();
                rethrow(dropped);
            }
        }
    }
}

impl Scope {
    /// The host's future has ended: nobody joins, and what waits for the response starts.
    fn answered(&self) {
        self.end_join();
        self.release();
        self.settle();
    }
}

impl Scope {
    /// Whether there is nothing to wait for; `waker` is woken when there is.
    fn is_idle_until(&self, waker: &Waker) -> bool {
        let waker = waker.clone();
        let _before;
        let mut state = self.lock();
        let idle = state.is_idle();
        if idle {
            _before = state.joiner.replace(waker);
        }
        idle
    }
}

impl<F: Future> Future for Running<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if this.future.is_some() {
            let mut context = Current::body(this.scope.clone());
            let polled = context::enter(&mut context, || caught::poll(this.future.as_mut(), cx));
            match polled {
                Poll::Ready(output) => {
                    *this.output = Some(output);
                    this.scope.answered();
                }
                // There is nothing to hold to a deadline, and no timer is made for it.
                Poll::Pending if this.scope.is_idle_until(cx.waker()) => return Poll::Pending,
                Poll::Pending => {}
            }
        }
        if let Some(drain) = this.drain {
            ready!(Pin::new(drain).poll(cx));
        }
        if let Some(on_report) = this.on_report.take() {
            let report = report(this.scope);
            if attempt(|| on_report(report)).is_none() {
                log::hook_panicked("report");
            }
        }
        match this.output.take().expect("polled after completion") {
            Ok(output) => Poll::Ready(output),
            Err(payload) => payload.resume(),
        }
    }
}

#[cfg(feature = "lambda")]
impl<F: Future> Running<F> {
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether the future has ended: the response is out.
    pub(crate) fn is_answered(&self) -> bool {
        self.output.is_some()
    }

    /// Gives away the drain: the invocation yields without waiting for it.
    pub(crate) fn detach(self: Pin<&mut Self>) -> Option<Drain> {
        self.project().drain.take()
    }
}

fn report(scope: &Scope) -> Report {
    let mut state = scope.lock_seldom();
    Report {
        id: scope.0.id,
        elapsed: scope.0.opened.elapsed(),
        counts: state.counts,
        tasks: state.take_rows(),
    }
}
