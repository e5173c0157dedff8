//! How a future or closure becomes a tracked task. The macros call the functions of this file.

use std::{borrow::Cow, panic::Location, time::Duration};

use crate::{
    asked::{TIMEOUTS, WAITING},
    context::{self, TaskRef},
    error::ScopeClosed,
    fail::End,
    log,
    outcome::{Outcome, TaskKind},
    reserve::{Reserved, refused},
    rt::{self, Blocking, MaybeSend as Send},
    scope::Scope,
    site::Site,
    slot::{Extra, Facts},
    state::Pending,
    task::{Closure, Task},
    tracked::{Refused, Tracked},
};

/// What a macro call says about its task.
#[derive(Debug)]
pub struct Options {
    site: &'static Site,
    name: Option<Cow<'static, str>>,
    timeout: Option<Duration>,
}

impl Options {
    /// A task with the defaults.
    #[must_use]
    #[inline]
    pub const fn new(site: &'static Site) -> Self {
        Self {
            site,
            name: None,
            timeout: None,
        }
    }

    /// `name = …`
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// `timeout = …`
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        TIMEOUTS.ask();
        self.timeout = Some(timeout);
        self
    }

    #[inline]
    const fn are_plain(&self) -> bool {
        self.name.is_none() && self.timeout.is_none()
    }

    fn extra(&mut self) -> Option<Box<Extra>> {
        let name = self.name.take()?;
        Some(Box::new(Extra {
            name: Some(name),
            ..Extra::default()
        }))
    }
}

/// `spawn_tracked!`
#[inline]
pub fn spawn_tracked<F, T>(options: Options, future: F) -> Tracked<T>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
    spawn(TaskKind::Spawn, options, future)
}

/// `wait_until!`
#[inline]
pub fn wait_until<F, T>(options: Options, future: F) -> Tracked<T>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
    spawn(TaskKind::WaitUntil, options, future)
}

/// `after_response!`
#[inline]
pub fn after_response<F, T>(options: Options, future: F) -> Tracked<T>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
    WAITING.ask();
    spawn(TaskKind::AfterResponse, options, future)
}

/// `spawn_blocking_tracked!`
pub fn spawn_blocking_tracked<C, O, T>(mut options: Options, closure: C) -> Tracked<T>
where
    C: FnOnce() -> O + Send + 'static,
    O: Outcome<Value = T>,
    T: Send + 'static,
    C: Blocking,
{
    let Reserved { task, start, .. } = match begin(TaskKind::Blocking, &mut options) {
        Ok(reserved) => reserved,
        Err(refused) => return Tracked::refused(refused),
    };
    let closure = Closure::new(closure, task.clone());
    let (timeout, started) = (options.timeout, task.clone());
    let run = move || {
        let TaskRef {
            scope,
            key,
            sequence,
        } = &started;
        let join = rt::spawn_blocking(move || closure.run());
        scope.attach(*key, *sequence, join.abort_handle());
        give_up_after(timeout, started);
    };
    if start.is_now() {
        run();
    } else {
        task.scope
            .enqueue(&task, start, Pending(Box::new(rt::entered(run))));
    }
    Tracked::new(task)
}

/// A blocking closure cannot be dropped when its time is over; what can end is the wait for it.
fn give_up_after(timeout: Option<Duration>, task: TaskRef) {
    let Some(timeout) = timeout else { return };
    let TaskRef {
        scope,
        key,
        sequence,
    } = task;
    let scope_of_timer = scope.clone();
    let timer = rt::spawn(async move {
        rt::sleep(timeout).await;
        scope_of_timer.fail(key, sequence, End::TimedOut);
    });
    let timer = timer.abort_handle();
    {
        let mut state = scope.lock();
        if let Some(slot) = state.task(key, sequence) {
            slot.extra().timer = Some(timer);
            return;
        }
    }
    timer.abort();
}

#[inline]
fn spawn<F, T>(kind: TaskKind, mut options: Options, future: F) -> Tracked<T>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
    if rt::SHORTCUTS && kind != TaskKind::AfterResponse && options.are_plain() {
        // Most tasks.
        if let Some((task, poller)) = context::reserve_plain(kind, options.site) {
            let future = Task::new(rt::erased(future), None, task.clone());
            task.scope.start(future, poller);
            return Tracked::new(task);
        }
    }
    match begin(kind, &mut options) {
        Ok(reserved) => start(reserved, options.timeout, rt::erased(future)),
        Err(refused) => Tracked::refused(refused),
    }
}

/// [`Scope::spawn`].
#[track_caller]
pub(crate) fn in_scope<F, T>(scope: &Scope, future: F) -> Result<Tracked<T>, ScopeClosed<F>>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
    match reserve_in(scope, Location::caller()) {
        Some(reserved) => Ok(start(reserved, None, rt::erased(future))),
        None => Err(ScopeClosed(future)),
    }
}

fn reserve_in(scope: &Scope, location: &'static Location<'static>) -> Option<Reserved> {
    /// The name; the place is each caller's.
    static SITE: Site = Site::new("task");

    let extra = Box::new(Extra {
        location: Some(location),
        ..Extra::default()
    });
    let (caller, facts) = (scope.current_task(), Facts::default());
    let started = scope.nanos();
    let reserved = scope.reserve(caller, TaskKind::Spawn, &SITE, Some(extra), facts, started);
    reserved.ok()
}

/// Counts a task in where the running code is.
fn begin(kind: TaskKind, options: &mut Options) -> Result<Reserved, Refused> {
    let site = options.site;
    let here =
        context::with_current(|scope, caller, started| (scope.clone(), caller, started.of(scope)));
    let (scope, caller, started) = here.unwrap_or_else(|| {
        let name = options.name.as_deref();
        log::outside(name.unwrap_or(site.text()), site.location());
        let root = Scope::root();
        let started = root.nanos();
        (root, None, started)
    });
    let reserved = scope.reserve(
        caller,
        kind,
        site,
        options.extra(),
        Facts::default(),
        started,
    );
    reserved.map_err(|extra| refuse(&scope, site, extra))
}

#[inline(never)]
fn start<F, T>(reserved: Reserved, timeout: Option<Duration>, future: F) -> Tracked<T>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
    let Reserved {
        task,
        start,
        poller,
    } = reserved;
    let future = Task::new(future, timeout, task.clone());
    if start.is_now() {
        task.scope.start(future, poller);
    } else {
        let scope = task.scope.clone();
        // Whoever starts it later may be outside of the runtime.
        let run = rt::entered(move || scope.start(future, poller));
        task.scope.enqueue(&task, start, Pending(Box::new(run)));
    }
    Tracked::new(task)
}

/// For the handle of a task that outlived its scope.
#[cold]
fn refuse(scope: &Scope, site: &'static Site, extra: Option<Box<Extra>>) -> Refused {
    let error = refused(site, extra.and_then(|extra| extra.name));
    log::refused(&error);
    Refused::new(scope, error)
}
