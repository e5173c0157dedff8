//! WebAssembly in a JavaScript host: `Promise` jobs for tasks, `setTimeout` and `Date` for time.

mod time;

use std::{
    any::Any,
    cell::RefCell,
    convert::Infallible,
    pin::Pin,
    task::Context,
    time::{Duration, SystemTime},
};

pub(crate) use async_task::Runnable;
use slab::Slab;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

pub use self::time::Instant;
pub(crate) use self::time::{Sleep, sleep, sleep_until};

/// A task stays on its thread, so it may be anything. Imported as `Send` where errors quote a bound.
pub trait MaybeSend {}

impl<T: ?Sized> MaybeSend for T {}

/// All is done by the same code, since what is sent to the platform counts by size.
pub(crate) const SHORTCUTS: bool = false;

/// A closure that there are threads for: none.
#[diagnostic::on_unimplemented(
    message = "there are no threads to block on this target",
    label = "this would stop every request of the instance",
    note = "if it is short, write `spawn_tracked!(async move {{ compress(body) }})`; if it waits, await it there"
)]
pub trait Blocking {}

/// The platform ends a request that waits for another one's work.
pub(crate) const WAITS_FOR_OTHERS: bool = false;

/// What is aborted is dropped in a turn of the one thread, so nothing has to be given up.
pub(crate) const GIVES_UP: bool = false;

/// The seam's counterpart of tokio's, for closures that run on a thread: none does.
#[derive(Clone)]
pub(crate) struct AbortHandle(Infallible);

impl AbortHandle {
    pub(crate) fn abort(&self) {
        match self.0 {}
    }

    pub(crate) fn abort_handle(&self) -> Self {
        match self.0 {}
    }
}

pub(crate) fn spawn_detached(task: impl Future<Output = ()> + 'static) {
    // Behind a pointer, as [`erased`], so that all are handed over by the same code.
    spawn_local::<Pin<Box<dyn Future<Output = ()>>>>(Box::pin(task));
}

pub(crate) fn spawn(_: impl Future<Output = ()> + 'static) -> AbortHandle {
    unreachable!("no closure is `Blocking` on this target")
}

pub(crate) fn spawn_blocking<C: FnOnce() -> T, T>(_: C) -> AbortHandle {
    unreachable!("no closure is `Blocking` on this target")
}

thread_local! {
    static VALUES: RefCell<Slab<Box<dyn Any>>> = const { RefCell::new(Slab::new()) };
}

/// A value that is kept on this thread, for a handle, a timer or a call: its key, which may be
/// anywhere.
pub(crate) struct Kept(usize);

pub(crate) fn keep<V: 'static>(value: V) -> Kept {
    let value = Box::new(value);
    Kept(VALUES.with_borrow_mut(|values| values.insert(value)))
}

/// The value that was kept as a `V`.
pub(crate) fn taken<V: 'static>(kept: Kept) -> V {
    let value = kept.take().and_then(|value| value.downcast().ok());
    *value.expect("it is taken once, as what it was kept as")
}

impl Kept {
    fn take(&self) -> Option<Box<dyn Any>> {
        VALUES.with_borrow_mut(|values| values.try_remove(self.0))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // If it was not taken. Outside of the visit, since it may be the user's code to drop.
        drop(self.take());
    }
}

/// `task`, and its first turn to be polled. `schedule` is given every turn.
pub(crate) fn runnable<F, S>(task: F, schedule: S) -> Runnable
where
    F: Future<Output = ()> + 'static,
    S: Fn(Runnable) + Send + Sync + 'static,
{
    let (runnable, task) = async_task::spawn_local(task, schedule);
    task.detach();
    runnable
}

/// The platform's own executor is a queue of tasks that are polled one after the other, so no other
/// one comes on top.
pub(crate) enum Runtime {}

impl Runtime {
    pub(crate) fn current() -> Option<Self> {
        None
    }

    pub(crate) fn id(&self) {
        match *self {}
    }

    pub(crate) fn is_parallel(&self) -> bool {
        match *self {}
    }

    pub(crate) fn spawn(&self, _: impl Future<Output = ()> + 'static) {
        match *self {}
    }
}

/// Nothing asks for a budget here.
pub(crate) fn has_budget() -> bool {
    true
}

/// Lets others go on before `cx` is woken.
pub(crate) fn yield_now(cx: &mut Context<'_>) {
    cx.waker().wake_by_ref();
}

/// `f`, to be called later. It need not be `Send`, and what keeps it is.
pub(crate) fn entered<R, F: FnOnce() -> R + 'static>(f: F) -> impl FnOnce() -> R + Send {
    let f = keep(f);
    move || taken::<F>(f)()
}

/// By a call, wherever it is written in line for speed.
#[inline(never)]
pub(crate) fn outlined<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// `future` behind a pointer: all tasks are compiled once, since what is sent to the platform counts
/// by size.
pub(crate) fn erased<F: Future + 'static>(future: F) -> Pin<Box<dyn Future<Output = F::Output>>> {
    Box::pin(future)
}

pub(crate) fn system_now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(since_epoch())
}

/// In milliseconds.
fn since_epoch() -> u64 {
    // The cast saturates, and a host's clock is not before 1970.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    return js_sys::Date::now() as u64;
}

#[wasm_bindgen]
extern "C" {
    /// Writes a line to the console, as an error.
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn print_error(line: &str);
}
