//! Which scope the running code belongs to: a thread-local that is set around each poll.
//!
//! A value is moved in and out, never cloned, so that setting it costs a few moves and no atomic.

use std::{cell::Cell, mem};

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
    /// In a handler's body that has tracked nothing yet: the scope is made when it is asked for.
    Planned(Plan),
    /// In a body whose scope is open.
    Body(Scope),
    Task(TaskRef),
}

thread_local! {
    static CURRENT: Cell<Context> = const { Cell::new(Context::Outside) };
}

/// Exchanges `slot` and the thread's context. A thread that is being torn down has none.
fn exchange(slot: &mut Context) {
    let _ = CURRENT.try_with(|current| *slot = current.replace(mem::take(slot)));
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

/// Runs `f` as the task `task`.
pub(crate) fn enter_task<R>(task: TaskRef, f: impl FnOnce() -> R) -> (TaskRef, R) {
    let mut slot = Context::Task(task);
    let result = enter(&mut slot, f);
    let Context::Task(task) = slot else {
        unreachable!("only a planned context changes its kind")
    };
    (task, result)
}

/// Looks at the thread's context. `f` must not run code of the user's, which would see none.
pub(crate) fn with<R>(f: impl FnOnce(&mut Context) -> R) -> R {
    let mut context = Context::Outside;
    exchange(&mut context);
    let result = f(&mut context);
    exchange(&mut context);
    result
}

impl Context {
    /// The innermost scope, opened now if it was only planned.
    pub(crate) fn scope(&mut self) -> Option<&Scope> {
        if let Self::Planned(plan) = self {
            let scope = Scope::open(mem::take(plan));
            *self = Self::Body(scope);
        }
        match self {
            Self::Body(scope) | Self::Task(TaskRef { scope, .. }) => Some(scope),
            Self::Outside | Self::Planned(_) => None,
        }
    }
}
