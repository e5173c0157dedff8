//! Which scope the running code belongs to: a thread-local that is set around each poll.
//!
//! A value is swapped in and out, never cloned, so that setting it costs a few moves and no atomic.
//! Nothing here runs code of the user's while the thread-local is empty.

use std::{cell::Cell, mem::ManuallyDrop};

use crate::scope::{Plan, Scope};

/// A task, as its scope knows it.
#[derive(Clone)]
pub(crate) struct TaskRef {
    pub(crate) scope: Scope,
    pub(crate) key: u32,
    pub(crate) sequence: u32,
}

/// Where code runs. As small as a [`TaskRef`], since each poll of a task moves it twice: what is
/// no task has a key that no task has.
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

    /// In a body whose scope is open.
    pub(crate) fn body(scope: Scope) -> Self {
        Self {
            scope: Some(scope),
            key: Self::BODY,
            sequence: 0,
        }
    }

    /// The scope, if it is open.
    pub(crate) fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }

    fn task(&self) -> Option<(u32, u32)> {
        (self.key < Self::BODY).then_some((self.key, self.sequence))
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
    scope: Cell<ManuallyDrop<Option<Scope>>>,
    key: Cell<u32>,
    sequence: Cell<u32>,
}

thread_local! {
    static CURRENT: Current = const {
        Current {
            scope: Cell::new(ManuallyDrop::new(None)),
            key: Cell::new(Context::OUTSIDE.key),
            sequence: Cell::new(0),
        }
    };
    /// Beside the context, which so stays small: few handlers are polled without a scope, and
    /// every task pays for the context.
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    #[cfg(feature = "callbacks")]
    static HANDLING: Cell<bool> = const { Cell::new(false) };
}

/// Exchanges `slot` and the thread's context.
fn exchange(slot: &mut Context) {
    CURRENT.with(|current| {
        let scope = ManuallyDrop::new(slot.scope.take());
        slot.scope = ManuallyDrop::into_inner(current.scope.replace(scope));
        slot.key = current.key.replace(slot.key);
        slot.sequence = current.sequence.replace(slot.sequence);
    });
}

/// Looks at the thread's context.
fn look<R>(f: impl FnOnce(&mut Context) -> R) -> R {
    let mut context = Context::OUTSIDE;
    exchange(&mut context);
    let result = f(&mut context);
    exchange(&mut context);
    result
}

/// Runs `f` in the context of `slot`, which then holds the context as `f` left it.
pub(crate) fn enter<R>(slot: &mut Context, f: impl FnOnce() -> R) -> R {
    struct Restore<'a>(&'a mut Context);

    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            exchange(self.0);
        }
    }

    exchange(slot);
    let _restore = Restore(slot);
    f()
}

/// The same for a handler that may have a plan instead of a scope.
pub(crate) fn enter_planned<R>(
    slot: &mut Context,
    plan: &mut Option<Plan>,
    f: impl FnOnce() -> R,
) -> R {
    struct Restore<'a> {
        plan: &'a mut Option<Plan>,
        outer: Option<Plan>,
    }

    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            *self.plan = exchange_plan(self.outer.take());
        }
    }

    if plan.is_none() {
        return enter(slot, f);
    }
    let outer = exchange_plan(plan.take());
    let _restore = Restore { plan, outer };
    enter(slot, f)
}

fn exchange_plan(plan: Option<Plan>) -> Option<Plan> {
    PLAN.try_with(|current| current.replace(plan))
        .ok()
        .flatten()
}

/// Runs `f` as the task `task`.
pub(crate) fn enter_task<R>(task: TaskRef, f: impl FnOnce() -> R) -> (TaskRef, R) {
    let mut slot = Context {
        scope: Some(task.scope),
        key: task.key,
        sequence: task.sequence,
    };
    let result = enter(&mut slot, f);
    let scope = slot
        .scope
        .expect("only a planned context changes its scope");
    let task = TaskRef {
        scope,
        key: slot.key,
        sequence: slot.sequence,
    };
    (task, result)
}

/// The innermost scope, opened now if it was only planned, and the running task's key and sequence
/// in it.
pub(crate) fn current() -> Option<(Scope, Option<(u32, u32)>)> {
    look(|context| {
        if context.key == Context::UNPLANNED.key || context.key == Context::PLANNED.key {
            open(context);
        }
        Some((context.scope.clone()?, context.task()))
    })
}

/// In a handler whose body tracks something.
#[cold]
fn open(context: &mut Context) {
    let planned = context.key == Context::PLANNED.key;
    let plan = planned.then(|| exchange_plan(None)).flatten();
    *context = Context::body(Scope::open(plan.unwrap_or_default()));
}

/// The innermost scope, opened now if it was only planned.
pub(crate) fn scope() -> Option<Scope> {
    current().map(|(scope, _)| scope)
}

/// The running task, if the innermost thing that runs is one.
pub(crate) fn task() -> Option<TaskRef> {
    look(|context| {
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

pub(crate) fn is_outside() -> bool {
    CURRENT.with(|current| current.key.get() == Context::OUTSIDE.key)
}
