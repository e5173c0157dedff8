//! How a future or closure becomes a tracked task. The macros call the functions of this file.

use std::{borrow::Cow, panic::Location, sync::Arc, time::Duration};

use tokio::sync::oneshot;

use crate::{
    context::{self, TaskRef},
    error::ScopeClosed,
    finish::End,
    log,
    outcome::{Outcome, TaskKind},
    reserve::{Reserved, Start, refused},
    rt::{self, Blocking, MaybeSend as Send},
    scope::Scope,
    site::Site,
    state::{Facts, Given, Pending},
    task::{Closure, Plain, Relay, Returned, Task, Timed},
    tracked::Tracked,
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
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    fn given(&mut self) -> Option<Arc<Given>> {
        let name = self.name.take()?;
        Some(Arc::new(Given {
            name: Some(name),
            ..Given::default()
        }))
    }
}

/// `spawn_tracked!`
pub fn spawn_tracked<F, T>(options: Options, future: F) -> Tracked<T>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
    spawn(TaskKind::Spawn, options, future)
}

/// `wait_until!`
pub fn wait_until<F, T>(options: Options, future: F) -> Tracked<T>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
    spawn(TaskKind::WaitUntil, options, future)
}

/// `after_response!`
pub fn after_response<F, T>(options: Options, future: F) -> Tracked<T>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
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
    let (scope, caller) = current(&options);
    let (site, timeout) = (options.site, options.timeout);
    let given = options.given();
    let name = given.as_ref().and_then(|given| given.name.clone());
    let Some(reserved) = scope.reserve(caller, TaskKind::Blocking, site, given, Facts::default())
    else {
        return refuse(&scope, site, name);
    };
    let task = reserved.task(&scope);
    let closure = Closure::new(closure, task.clone());
    if reserved.start == Start::Now {
        let join = rt::spawn_blocking(move || closure.run());
        scope.attach(task.key, task.sequence, join.abort_handle());
        give_up_after(timeout, task.clone());
        return Tracked::spawned(task, join);
    }
    let (handle, value) = oneshot::channel();
    let timed = task.clone();
    let pending = Pending(Box::new(rt::entered(move || {
        let join = rt::spawn_blocking(move || {
            if let Some(value) = closure.run() {
                let _ = handle.send(value);
            }
        });
        give_up_after(timeout, timed);
        join.abort_handle()
    })));
    scope.enqueue(&reserved, pending);
    Tracked::later(task, value, TaskKind::Blocking)
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
        scope_of_timer.finish(key, sequence, End::TimedOut);
    });
    let timer = timer.abort_handle();
    {
        let mut state = scope.lock();
        if state.task(key, sequence).is_some() {
            state.timers.insert(sequence, timer);
            return;
        }
    }
    timer.abort();
}

fn spawn<F, T>(kind: TaskKind, mut options: Options, future: F) -> Tracked<T>
where
    F: Future + Send + 'static,
    F::Output: Outcome<Value = T>,
    T: Send + 'static,
{
    let (scope, caller) = current(&options);
    let (site, timeout) = (options.site, options.timeout);
    let given = options.given();
    let name = given.as_ref().and_then(|given| given.name.clone());
    let Some(reserved) = scope.reserve(caller, kind, site, given, Facts::default()) else {
        return refuse(&scope, site, name);
    };
    match timeout {
        None => start(&scope, kind, &reserved, Plain { future }),
        Some(timeout) => start(
            &scope,
            kind,
            &reserved,
            Timed {
                future,
                timeout,
                sleep: None,
            },
        ),
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
    /// The name; the place is each caller's.
    static SITE: Site = Site::new("task");

    let given = Arc::new(Given {
        location: Some(Location::caller()),
        ..Given::default()
    });
    let caller = scope.current_task();
    match scope.reserve(
        caller,
        TaskKind::Spawn,
        &SITE,
        Some(given),
        Facts::default(),
    ) {
        Some(reserved) => Ok(start(scope, TaskKind::Spawn, &reserved, Plain { future })),
        None => Err(ScopeClosed(future)),
    }
}

fn start<F, T>(scope: &Scope, kind: TaskKind, reserved: &Reserved, future: F) -> Tracked<T>
where
    F: Future<Output = Returned<T>> + Send + 'static,
    T: Send + 'static,
{
    let reference = reserved.task(scope);
    let task = Task::new(rt::erased(future), reference.clone());
    if reserved.start == Start::Now {
        let join = rt::spawn(task);
        scope.attach(reserved.key, reserved.sequence, join.abort_handle());
        return Tracked::spawned(reference, join);
    }
    let (handle, value) = oneshot::channel();
    let relay = Relay {
        task,
        handle: Some(handle),
    };
    // Whoever starts it later may be outside of the runtime.
    let start = rt::entered(move || rt::spawn(relay).abort_handle());
    let pending = Pending(Box::new(start));
    scope.enqueue(reserved, pending);
    Tracked::later(reference, value, kind)
}

/// The scope that a task started here belongs to, and which of its tasks starts it.
fn current(options: &Options) -> (Scope, Option<(u32, u32)>) {
    context::current().unwrap_or_else(|| {
        let (name, site) = (options.name.as_deref(), options.site);
        log::outside(name.unwrap_or(site.text()), site.location());
        (Scope::root(), None)
    })
}

/// The handle of a task that outlived its scope.
fn refuse<T>(scope: &Scope, site: &'static Site, name: Option<Cow<'static, str>>) -> Tracked<T> {
    let error = refused(site, name);
    log::refused(&error);
    Tracked::refused(scope, error)
}
