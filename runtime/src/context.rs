//! Which scope the running code belongs to: a thread-local that is set around each poll.
//!
//! A value is swapped in and out, never cloned, so that setting it costs a few moves and no atomic.
//! Nothing here runs code of the user's while the thread-local is borrowed.

use std::{
    cell::{Cell, RefCell},
    mem,
};

use crate::scope::{Plan, Scope};

/// The running task, as its scope knows it.
#[derive(Clone)]
pub(crate) struct TaskRef {
    pub(crate) scope: Scope,
    pub(crate) key: u32,
    pub(crate) sequence: u32,
}

#[derive(Default)]
pub(crate) enum Context {
    /// Outside of any invocation.
    #[default]
    Outside,
    /// In a handler's body that has tracked nothing yet: [`PLAN`] has what its scope will be.
    Planned,
    /// In a body whose scope is open.
    Body(Scope),
    Task(TaskRef),
}

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context::Outside) };
    /// Beside the context, which so stays small: few handlers are polled without a scope, and
    /// every task pays for the context.
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    #[cfg(feature = "callbacks")]
    static HANDLING: Cell<bool> = const { Cell::new(false) };
}

/// Exchanges `slot` and the thread's context. A thread that is being torn down has none.
fn exchange(slot: &mut Context) {
    let _ = CURRENT.try_with(|current| mem::swap(slot, &mut *current.borrow_mut()));
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

/// The same for a handler, which may not have a scope yet.
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
    let mut slot = Context::Task(task);
    let result = enter(&mut slot, f);
    let Context::Task(task) = slot else {
        unreachable!("only a planned context changes its kind")
    };
    (task, result)
}

/// The innermost scope, opened now if it was only planned, and the running task's key and sequence
/// in it.
pub(crate) fn current() -> Option<(Scope, Option<(u32, u32)>)> {
    CURRENT
        .try_with(|current| {
            let mut current = current.borrow_mut();
            match &*current {
                Context::Outside => None,
                Context::Body(scope) => Some((scope.clone(), None)),
                Context::Task(task) => Some((task.scope.clone(), Some((task.key, task.sequence)))),
                Context::Planned => {
                    let scope = Scope::open(exchange_plan(None).unwrap_or_default());
                    *current = Context::Body(scope.clone());
                    Some((scope, None))
                }
            }
        })
        .ok()
        .flatten()
}

/// The innermost scope, opened now if it was only planned.
pub(crate) fn scope() -> Option<Scope> {
    current().map(|(scope, _)| scope)
}

/// The running task, if the innermost thing that runs is one.
pub(crate) fn task() -> Option<TaskRef> {
    CURRENT
        .try_with(|current| match &*current.borrow() {
            Context::Task(task) => Some(task.clone()),
            Context::Outside | Context::Planned | Context::Body(_) => None,
        })
        .ok()
        .flatten()
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
    CURRENT
        .try_with(|current| matches!(*current.borrow(), Context::Outside))
        .unwrap_or(true)
}
