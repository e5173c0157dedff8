//! The one seam to the platform: tasks, threads, time, a place for a last word.
//!
//! On native targets it is tokio, always; on WebAssembly it is the JavaScript host's event loop.
//! Nothing else in the crate names either, and nothing else asks for the target.

use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(not(target_family = "wasm"))]
use native as platform;

#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(target_family = "wasm")]
use wasm as platform;

pub use platform::Instant;
#[cfg(feature = "lambda")]
pub(crate) use platform::timeout_at;
pub(crate) use platform::{
    AbortHandle, Blocking, GIVES_UP, Kept, MaybeSend, Runnable, Runtime, SHORTCUTS, Sleep,
    WAITS_FOR_OTHERS, entered, erased, has_budget, keep, outlined, print_error, runnable, sleep,
    sleep_until, spawn, spawn_blocking, spawn_detached, system_now, taken, yield_now,
};

/// No code of the user's runs under a lock, so a poisoned one is still consistent. On WebAssembly a
/// call, not its code in each of some sixty places.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline)]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
