//! WebAssembly in a JavaScript host: `Promise` jobs for tasks, `setTimeout` and `Date` for time.
//!
//! There is one thread, so a [`SendWrapper`] is never looked into from another one.

mod time;

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use send_wrapper::SendWrapper;
use tokio::sync::oneshot::{self, error::RecvError};
use tokio_util::sync::CancellationToken;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

pub use self::time::Instant;
pub(crate) use self::time::{Sleep, sleep, sleep_until, timeout_at};

/// A task stays on its thread, so it may be anything. Imported as `Send` where errors quote a bound.
pub trait MaybeSend {}

impl<T: ?Sized> MaybeSend for T {}

/// A closure that there are threads for: none.
#[diagnostic::on_unimplemented(
    message = "there are no threads to block on this target",
    label = "this would stop every request of the instance",
    note = "if it is short, write `spawn_tracked!(async move {{ compress(body) }})`; if it waits, await it there"
)]
pub trait Blocking {}

/// The seam's counterpart of tokio's.
#[derive(Clone)]
pub(crate) struct AbortHandle(CancellationToken);

impl AbortHandle {
    pub(crate) fn abort(&self) {
        self.0.cancel();
    }
}

/// The seam's counterpart of tokio's.
pub(crate) struct JoinHandle<T> {
    output: oneshot::Receiver<T>,
    abort: AbortHandle,
}

impl<T> JoinHandle<T> {
    pub(crate) fn abort_handle(&self) -> AbortHandle {
        self.abort.clone()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.output).poll(cx)
    }
}

pub(crate) fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let (sender, output) = oneshot::channel();
    let abort = AbortHandle(CancellationToken::new());
    let token = abort.0.clone();
    spawn_local(async move {
        // An aborted future is dropped here, before its handle wakes.
        if let Some(value) = token.run_until_cancelled(future).await {
            // A handle that was dropped wants no value.
            let _ = sender.send(value);
        }
    });
    JoinHandle { output, abort }
}

pub(crate) fn spawn_blocking<C: FnOnce() -> T, T>(_: C) -> JoinHandle<T> {
    unreachable!("no closure is `Blocking` on this target")
}

/// `f`, to be called later. It need not be `Send`, and what keeps it is.
pub(crate) fn entered<R>(f: impl FnOnce() -> R) -> impl FnOnce() -> R + Send {
    let f = SendWrapper::new(f);
    move || f.take()()
}

/// `future` behind a pointer: all tasks are compiled once, since what is sent to the platform counts
/// by size.
pub(crate) fn erased<F: Future + 'static>(future: F) -> Pin<Box<dyn Future<Output = F::Output>>> {
    Box::pin(future)
}

pub(crate) fn system_now() -> SystemTime {
    // The cast saturates, and a host's clock is not before 1970.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let since_epoch = Duration::from_millis(js_sys::Date::now() as u64);
    SystemTime::UNIX_EPOCH + since_epoch
}

#[wasm_bindgen]
extern "C" {
    /// Writes a line to the console, as an error.
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn print_error(line: &str);
}
