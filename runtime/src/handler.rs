//! What `#[serverless_handler]` says about its handler.

use std::{task::Context, time::Duration};

use crate::{
    asked::{QUEUES, WAITING},
    drain::Drain,
    host::{Host, KeepAlive},
    invocation::default_deadline,
    join::Then,
    join_error::JoinError,
    rt::Instant,
    scope::{Around, Deadline, Plan, Scope, ScopeKind},
    site::Site,
    verdict::Verdict,
};

/// How long tasks may take to stop by themselves at a deadline, where no host has a margin.
const GRACE: Duration = Duration::from_millis(50);

/// What a handler with `on_error = fail` returns: a `Result` whose error can hold a [`JoinError`].
#[diagnostic::on_unimplemented(
    message = "this handler cannot report the failure of a tracked task: it returns `{Self}`",
    label = "must be `Result<_, E>` where `E: From<tethered::JoinError>`",
    note = "return `Result<_, Box<dyn Error + Send + Sync>>` (`anyhow::Error`, `eyre::Report` and `lambda_runtime::Error` do as well), or give your error enum a variant with `#[from] tethered::JoinError`",
    note = "or write `#[serverless_handler(on_error = log)]`, and failures go to the log"
)]
pub trait HandlerOutput {
    #[doc(hidden)]
    fn is_err(&self) -> bool;

    #[doc(hidden)]
    fn from_join_error(error: JoinError) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<JoinError>> HandlerOutput for Result<T, E> {
    fn is_err(&self) -> bool {
        Self::is_err(self)
    }

    fn from_join_error(error: JoinError) -> Self {
        Err(error.into())
    }
}

/// Where a handler's failures go.
pub struct OnError<R> {
    pub(crate) is_err: fn(&R) -> bool,
    /// `None`: to the log.
    pub(crate) fail: Option<fn(JoinError) -> R>,
}

/// `on_error = fail`
#[must_use]
#[inline]
pub fn fail<R: HandlerOutput>() -> OnError<R> {
    OnError {
        is_err: R::is_err,
        fail: Some(R::from_join_error),
    }
}

/// `on_error = log`
#[must_use]
#[inline]
pub fn log<R>() -> OnError<R> {
    OnError {
        is_err: |_| false,
        fail: None,
    }
}

/// What the attribute says about its handler.
pub struct Handler<R> {
    pub(crate) on_error: OnError<R>,
    pub(crate) options: Options,
}

/// The attribute's options.
pub(crate) struct Options {
    pub(crate) site: &'static Site,
    pub(crate) join_all: bool,
    pub(crate) abort_on_drop: bool,
    more: Option<More>,
}

/// Those that few handlers have, and that ask for a plan.
#[derive(Default)]
struct More {
    /// How the handler polls its tasks: the code for that comes with the option that asks for it.
    in_task: Option<PollTasks>,
    timeout: Option<Duration>,
    limit: Option<usize>,
    host_deadline: Option<Deadline>,
    /// Made early where a host drains it.
    hosted: Option<(Scope, Then)>,
}

type PollTasks = fn(&Scope, &mut Context<'_>);

impl<R> Handler<R> {
    /// A handler with the defaults.
    #[must_use]
    #[inline]
    pub const fn new(on_error: OnError<R>, site: &'static Site) -> Self {
        Self {
            on_error,
            options: Options {
                site,
                join_all: false,
                abort_on_drop: false,
                more: None,
            },
        }
    }

    /// `join = join_all`
    #[must_use]
    #[inline]
    pub fn join_all(mut self) -> Self {
        self.options.join_all = true;
        self
    }

    /// `on_drop = abort`
    #[must_use]
    #[inline]
    pub fn abort_on_drop(mut self) -> Self {
        self.options.abort_on_drop = true;
        self
    }

    /// `executor = in_task`, which implies `on_drop = abort`: nobody else polls its tasks.
    #[must_use]
    #[inline]
    pub fn in_task(mut self) -> Self {
        QUEUES.ask();
        self.options.more().in_task = Some(Scope::poll_tasks);
        self.options.abort_on_drop = true;
        self
    }

    /// `timeout = …`
    #[must_use]
    #[inline]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.more().timeout = Some(timeout);
        self
    }

    /// `max_concurrent = …`; at least one, or nothing would ever end.
    #[must_use]
    #[inline]
    pub fn max_concurrent(mut self, limit: usize) -> Self {
        WAITING.ask();
        self.options.more().limit = Some(limit.max(1));
        self
    }

    /// The last of the options: it may open the scope.
    #[must_use]
    #[inline]
    pub fn host<H: Host + ?Sized>(mut self, host: &H) -> Self {
        self.options.host(&host);
        self
    }
}

impl Options {
    /// Whether its handler needs no plan outside of any invocation.
    #[inline]
    pub(crate) fn are_plain(&self) -> bool {
        self.more.is_none()
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn in_task(&self) -> Option<PollTasks> {
        self.more.as_ref()?.in_task
    }

    /// Whether a host drains its scope, which the handler has not begun with.
    #[inline]
    pub(crate) fn is_hosted(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.hosted.is_some())
    }

    pub(crate) fn take_hosted(&mut self) -> Option<(Scope, Then)> {
        self.more.as_mut()?.hosted.take()
    }

    fn host(&mut self, host: &dyn Host) {
        self.more().host_deadline = host.deadline().and_then(default_deadline);
        let (mut plan, _) = self.plan();
        if plan.hosted {
            return;
        }
        plan.hosted = true;
        plan.mode = host.keep_alive_mode();
        let mut then = match plan.mode {
            KeepAlive::AnswerFirst => Then::Attached,
            KeepAlive::Join => Then::Join,
            KeepAlive::JoinAndFail => Then::JoinAndFail,
        };
        let scope = Scope::open(plan);
        if then == Then::JoinAndFail {
            host.verdict(Verdict::new(scope.clone()));
        }
        if then == Then::Attached {
            // A drain that comes back is dropped, and with it the attachment.
            if host.keep_alive(Drain::new(scope.clone())).is_err() {
                then = Then::Join;
            }
        }
        self.more().hosted = Some((scope, then));
    }

    /// What the handler's scope is to be, and what becomes of its keep-alive tasks.
    pub(crate) fn plan(&self) -> (Plan, Then) {
        let around = Around::here();
        let callback = around.as_ref().is_some_and(|around| around.callback);
        let (parent, within, caller) = match around {
            Some(around) => (Some(around.scope), around.within, around.caller),
            None => (None, None, None),
        };
        let own = self.more.as_ref();
        let timeout = own.and_then(|more| more.timeout).and_then(|timeout| {
            let at = Instant::now().checked_add(timeout)?;
            Some((at, GRACE))
        });
        let around = parent.as_ref().map(|scope| &scope.0.plan);
        let host_deadline = Deadline::nearest(
            own.and_then(|more| more.host_deadline),
            parent.as_ref().and_then(Scope::host_deadline),
        );
        let mut deadline = Deadline::nearest(host_deadline, around.and_then(|plan| plan.deadline));
        if let Some((at, grace)) = timeout {
            // A host's margin is the better measure of how much time there is.
            let grace = deadline.map_or(grace, |deadline| deadline.grace);
            deadline = Deadline::nearest(Some(Deadline { at, grace }), deadline);
        }
        let mode = around.map_or(KeepAlive::AnswerFirst, |plan| plan.mode);
        // Only the outermost handler of an invocation joins for its host.
        let outermost = around.is_some_and(|plan| plan.kind == ScopeKind::Invocation);
        let then = match (mode, outermost) {
            _ if parent.is_none() => Then::Join,
            (KeepAlive::Join, true) => Then::Join,
            (KeepAlive::JoinAndFail, true) => Then::JoinAndFail,
            _ => Then::Leave,
        };
        let plan = Plan {
            hosted: around.is_some_and(|plan| plan.hosted),
            mode,
            deadline,
            host_deadline,
            limit: own.and_then(|more| more.limit),
            in_task: self.in_task().is_some(),
            refuses: parent.is_some() && within.is_none(),
            within,
            caller,
            callback,
            parent,
            ..Plan::default()
        };
        (plan, then)
    }
}
