//! Native targets: tokio.

use std::{
    any::Any,
    io::Write as _,
    pin::{Pin, pin},
    task::Context,
    time::SystemTime,
};

use tokio::runtime::{Handle, Id, RuntimeFlavor};

pub(crate) use async_task::Runnable;
/// A task may move to another thread. As the trait itself, so that errors name that.
pub(crate) use std::marker::Send as MaybeSend;
pub use tokio::time::Instant;
#[cfg(feature = "lambda")]
pub(crate) use tokio::time::timeout_at;
pub(crate) use tokio::{
    task::{AbortHandle, spawn, spawn_blocking},
    time::{Sleep, sleep, sleep_until},
};

/// [`spawn`] where nobody looks at the handle. Boxed, since few tasks start so, and the runtime's
/// code for them is compiled once.
pub(crate) fn spawn_detached(task: impl Future<Output = ()> + Send + 'static) {
    let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(task);
    drop(spawn(task));
}

/// What most tasks and handlers come to is done in fewer steps, by code of its own.
pub(crate) const SHORTCUTS: bool = true;

/// An invocation, or `main`, may wait for what another one does.
pub(crate) const WAITS_FOR_OTHERS: bool = true;

/// What is aborted may go on for as long as its poll lasts, or its closure.
pub(crate) const GIVES_UP: bool = true;

/// A closure that there are threads for: any.
pub trait Blocking {}

impl<C> Blocking for C {}

/// `f`, to be called where the runtime may not be the current one.
pub(crate) fn entered<R>(f: impl FnOnce() -> R + Send) -> impl FnOnce() -> R + Send {
    let runtime = tokio::runtime::Handle::current();
    move || {
        let _entered = runtime.enter();
        f()
    }
}

/// A value on its way to its handle.
pub(crate) type Kept = Box<dyn Any + Send>;

pub(crate) fn keep<V: Send + 'static>(value: V) -> Kept {
    Box::new(value)
}

/// The value that was kept as a `V`.
pub(crate) fn taken<V: 'static>(kept: Kept) -> V {
    *kept
        .downcast()
        .expect("a task and its handle have one type")
}

/// `task`, and its first turn to be polled. `schedule` is given every turn.
pub(crate) fn runnable<F, S>(task: F, schedule: S) -> Runnable
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(Runnable) + Send + Sync + 'static,
{
    let (runnable, task) = async_task::spawn(task, schedule);
    task.detach();
    runnable
}

/// The runtime that code runs in.
pub(crate) struct Runtime {
    handle: Handle,
    is_parallel: bool,
}

impl Runtime {
    pub(crate) fn current() -> Option<Self> {
        let handle = Handle::try_current().ok()?;
        let is_parallel = handle.runtime_flavor() != RuntimeFlavor::CurrentThread;
        Some(Self {
            handle,
            is_parallel,
        })
    }

    pub(crate) fn id(&self) -> Id {
        self.handle.id()
    }

    pub(crate) fn is_parallel(&self) -> bool {
        self.is_parallel
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(task));
    }
}

/// Whether tokio lets what asks for its budget advance in this poll.
pub(crate) fn has_budget() -> bool {
    tokio::task::coop::has_budget_remaining()
}

/// Lets the runtime go on, and look at timers and sockets, before `cx` is woken.
pub(crate) fn yield_now(cx: &mut Context<'_>) {
    // It says that it waits, once.
    let _ = pin!(tokio::task::yield_now()).poll(cx);
}

/// What is called too often to be a call.
#[inline]
pub(crate) fn outlined<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// `future` as it is: each kind of task is compiled by itself, and none is boxed twice.
pub(crate) fn erased<F: Future>(future: F) -> F {
    future
}

pub(crate) fn system_now() -> SystemTime {
    SystemTime::now()
}

/// Writes a line to stderr, at once, so that no other process's gets in between. One that is gone
/// costs the line.
pub(crate) fn print_error(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
