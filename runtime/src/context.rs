//! Which scope the running code belongs to: a thread-local that is set around each poll.
//!
//! A value is swapped in and out, never cloned, so that setting it costs a few moves and no atomic.
//! Nothing here runs code of the user's while the thread-local is empty.

use std::{
    cell::Cell,
    mem::{self, ManuallyDrop},
    task::Waker,
};

use crate::{
    executor::Poller,
    outcome::TaskKind,
    rt,
    scope::{Plan, Scope},
    site::Site,
};

/// A task, as its scope knows it.
#[derive(Clone)]
pub(crate) struct TaskRef {
    pub(crate) scope: Scope,
    pub(crate) key: u32,
    pub(crate) sequence: u32,
}

/// Where code runs. As small as a [`TaskRef`], since each task holds one, and each poll moves it
/// twice: what is no task has a key that no task has.
pub(crate) struct Context {
    scope: Option<Scope>,
    key: u32,
    sequence: u32,
}

impl Context {
    /// Outside of any invocation.
    pub(crate) const OUTSIDE: Self = Self {
        scope: None,
        key: u32::MAX,
        sequence: 0,
    };
    /// In the body of a handler that has tracked nothing yet, and has no plan.
    pub(crate) const UNPLANNED: Self = Self {
        key: u32::MAX - 1,
        ..Self::OUTSIDE
    };
    /// In the body of a handler that has tracked nothing yet: [`PLAN`] has what its scope will be.
    pub(crate) const PLANNED: Self = Self {
        key: u32::MAX - 2,
        ..Self::OUTSIDE
    };
    const BODY: u32 = u32::MAX - 3;
    /// In the key of a task whose scope knows how to wake it: in the same word, since the size of
    /// what holds a task grows in steps. It is told once: a runtime polls a task with one waker, to
    /// its end.
    const WATCHED: u32 = 1 << 31;

    /// In a body whose scope is open.
    pub(crate) fn body(scope: Scope) -> Self {
        Self {
            scope: Some(scope),
            key: Self::BODY,
            sequence: 0,
        }
    }

    pub(crate) fn of(task: TaskRef) -> Self {
        Self {
            scope: Some(task.scope),
            key: task.key,
            sequence: task.sequence,
        }
    }

    #[inline]
    pub(crate) fn is_outside(&self) -> bool {
        self.key == Self::OUTSIDE.key
    }

    /// The scope, if it is open.
    #[inline]
    pub(crate) fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }

    /// The running task's key and sequence.
    #[inline]
    pub(crate) fn task(&self) -> Option<(u32, u32)> {
        (self.key < Self::BODY).then_some((self.key & !Self::WATCHED, self.sequence))
    }

    /// Whether the task is to be stopped at once.
    #[inline]
    pub(crate) fn is_stopping(&self) -> bool {
        self.running()
            .is_none_or(|(scope, key, sequence)| scope.is_stopping(key, sequence))
    }

    /// The same for a task that is about to wait, and that `stopper` wakes; if not, it is woken when
    /// it is to be stopped.
    pub(crate) fn watch(&mut self, stopper: &Waker) -> bool {
        if self.key & Self::WATCHED != 0 {
            return false;
        }
        let watched = self.running();
        if watched.is_none_or(|(scope, key, sequence)| scope.watch(key, sequence, stopper)) {
            return true;
        }
        self.key |= Self::WATCHED;
        false
    }

    /// The same with its scope.
    #[inline]
    pub(crate) fn running(&self) -> Option<(&Scope, u32, u32)> {
        let (key, sequence) = self.task()?;
        Some((self.scope.as_ref()?, key, sequence))
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::OUTSIDE
    }
}

/// The thread's context. Never dropped, which spares each access a look whether it has been:
/// whoever sets it sets it back.
struct Current {
    context: Cell<ManuallyDrop<Context>>,
    /// When this poll has started its first task.
    started: Started,
}

/// When a poll has started its first task, in nanoseconds from its scope's opening: the clock is
/// read once for all that a poll starts.
pub(crate) struct Started(Cell<u64>);

impl Started {
    const NOT_YET: u64 = u64::MAX;
    /// Code that may run for long is no poll, and reads the clock each time.
    const UNKNOWN: u64 = u64::MAX - 1;

    #[inline]
    pub(crate) fn of(&self, scope: &Scope) -> u64 {
        match self.0.get() {
            Self::NOT_YET => {
                let now = scope.nanos();
                self.0.set(now);
                now
            }
            Self::UNKNOWN => scope.nanos(),
            started => started,
        }
    }
}

thread_local! {
    static CURRENT: Current = const {
        Current {
            context: Cell::new(ManuallyDrop::new(Context::OUTSIDE)),
            started: Started(Cell::new(Started::NOT_YET)),
        }
    };
    /// Beside the context, which so stays small: few handlers are polled without a scope, and
    /// every task pays for the context.
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    #[cfg(feature = "callbacks")]
    static HANDLING: Cell<bool> = const { Cell::new(false) };
}

/// Exchanges `slot` and the thread's context, and likewise `started`.
#[inline]
fn exchange(slot: &mut Context, started: u64) -> u64 {
    let exchange = |current: &Current| {
        let context = ManuallyDrop::new(mem::take(slot));
        let outer = ManuallyDrop::into_inner(current.context.replace(context));
        // Nothing was left there to be dropped.
        mem::forget(mem::replace(slot, outer));
        current.started.0.replace(started)
    };
    rt::outlined(|| CURRENT.with(exchange))
}

/// Looks at the thread's context.
#[inline]
fn look<R>(f: impl FnOnce(&mut Context, &Started) -> R) -> R {
    // In two short visits: what a long one yields passes through memory, and with it the code for a
    // thread that is gone.
    let take = |current: &Current| {
        let outside = ManuallyDrop::new(Context::OUTSIDE);
        let context = ManuallyDrop::into_inner(current.context.replace(outside));
        (context, current.started.0.get())
    };
    let (mut context, started) = CURRENT.with(take);
    let started = Started(Cell::new(started));
    let result = f(&mut context, &started);
    CURRENT.with(|current| {
        current.context.set(ManuallyDrop::new(context));
        current.started.0.set(started.0.get());
    });
    result
}

/// What runs while this lives, runs in the context of its slot, which then holds the context as it
/// was left.
struct Entered<'a> {
    slot: &'a mut Context,
    /// When what runs around it has started its first task.
    started: u64,
}

impl<'a> Entered<'a> {
    #[inline]
    fn new(slot: &'a mut Context) -> Self {
        let started = exchange(slot, Started::NOT_YET);
        Self { slot, started }
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        exchange(self.slot, self.started);
    }
}

/// Runs `f` in the context of `slot`.
#[inline]
pub(crate) fn enter<R>(slot: &mut Context, f: impl FnOnce() -> R) -> R {
    let _entered = Entered::new(slot);
    f()
}

/// The same for a handler, which may have a plan instead of a scope.
#[inline]
pub(crate) fn enter_planned<R>(
    slot: &mut Context,
    plan: Option<&mut Option<Plan>>,
    f: impl FnOnce() -> R,
) -> R {
    let _planned = plan.filter(|plan| plan.is_some()).map(Planned::new);
    enter(slot, f)
}

/// [`Entered`] for the plan.
struct Planned<'a>(&'a mut Option<Plan>);

impl<'a> Planned<'a> {
    fn new(slot: &'a mut Option<Plan>) -> Self {
        exchange_plan(slot);
        Self(slot)
    }
}

impl Drop for Planned<'_> {
    fn drop(&mut self) {
        exchange_plan(self.0);
    }
}

/// Exchanges `slot` and the thread's plan, in place: a plan is large.
#[inline(never)]
fn exchange_plan(slot: &mut Option<Plan>) {
    // Where the thread is gone, it stays.
    let _ = PLAN.try_with(|current| current.set(mem::replace(slot, current.take())));
}

/// Runs `f` as the task `task`.
#[cfg(feature = "callbacks")]
pub(crate) fn enter_task<R>(task: TaskRef, f: impl FnOnce() -> R) -> R {
    enter(&mut Context::of(task), f)
}

/// The innermost scope, opened now if it was only planned, and the running task's key and sequence
/// in it.
pub(crate) fn current() -> Option<(Scope, Option<(u32, u32)>)> {
    with_current(|scope, task, _| (scope.clone(), task))
}

/// Runs `f` with the innermost scope, opened now if it was only planned, the running task's key and
/// sequence in it, and when this poll has started its first task there.
#[inline]
pub(crate) fn with_current<R>(
    f: impl FnOnce(&Scope, Option<(u32, u32)>, &Started) -> R,
) -> Option<R> {
    look(|context, started| {
        if context.scope.is_none() {
            open(context, started);
        }
        let task = context.task();
        Some(f(context.scope.as_ref()?, task, started))
    })
}

/// When a task of `scope` is started that is started now.
#[cfg(feature = "callbacks")]
pub(crate) fn started(scope: &Scope) -> u64 {
    let here = with_current(|current, _, started| current.is(scope).then(|| started.of(scope)));
    here.flatten().unwrap_or_else(|| scope.nanos())
}

/// [`Scope::reserve_plain`] in the innermost scope, opened now if it was only planned.
pub(crate) fn reserve_plain(kind: TaskKind, site: &'static Site) -> Option<(TaskRef, Poller)> {
    with_current(|scope, caller, started| scope.reserve_plain(caller, kind, site, started))
        .flatten()
}

/// The running code is no poll, and may run for long.
pub(crate) fn is_long() {
    CURRENT.with(|current| current.started.0.set(Started::UNKNOWN));
}

/// In a handler whose body tracks its first task.
#[cold]
fn open(context: &mut Context, started: &Started) {
    let plan = match context.key {
        key if key == Context::PLANNED.key => PLAN.try_with(Cell::take).ok().flatten(),
        key if key == Context::UNPLANNED.key => None,
        _ => return,
    };
    *context = Context::body(Scope::open(plan.unwrap_or_default()));
    // Its clock begins here.
    started.0.set(0);
}

/// The innermost scope, opened now if it was only planned.
pub(crate) fn scope() -> Option<Scope> {
    current().map(|(scope, _)| scope)
}

/// The running task, if the innermost thing that runs is one.
pub(crate) fn task() -> Option<TaskRef> {
    look(|context, _| {
        let (key, sequence) = context.task()?;
        let scope = context.scope.clone()?;
        Some(TaskRef {
            scope,
            key,
            sequence,
        })
    })
}

/// Whether a callback that is no task of its own runs on this thread.
pub(crate) fn is_handling() -> bool {
    #[cfg(feature = "callbacks")]
    return HANDLING.try_with(Cell::get).unwrap_or(false);
    #[cfg(not(feature = "callbacks"))]
    false
}

/// Runs `f` as such a callback.
#[cfg(feature = "callbacks")]
pub(crate) fn handling<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);

    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = HANDLING.try_with(|handling| handling.set(self.0));
        }
    }

    let before = HANDLING.try_with(|handling| handling.replace(true));
    let _restore = Restore(before.unwrap_or(false));
    f()
}

#[inline]
pub(crate) fn is_outside() -> bool {
    look(|context, _| context.is_outside())
}
