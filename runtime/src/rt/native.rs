//! Native targets: tokio.

use std::{any::Any, io::Write as _, pin::Pin, time::SystemTime};

/// A task may move to another thread. As the trait itself, so that errors name that.
pub(crate) use std::marker::Send as MaybeSend;
pub use tokio::time::Instant;
#[cfg(feature = "lambda")]
pub(crate) use tokio::time::timeout_at;
pub(crate) use tokio::{
    task::{AbortHandle, spawn, spawn_blocking},
    time::{Sleep, sleep, sleep_until},
};

/// [`spawn`] where nobody looks at the handle.
pub(crate) fn spawn_detached(task: impl Future<Output = ()> + Send + 'static) {
    drop(spawn(task));
}

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

/// A task that its handler polls.
pub(crate) type InTask = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) fn in_task(task: impl Future<Output = ()> + Send + 'static) -> InTask {
    Box::pin(task)
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
