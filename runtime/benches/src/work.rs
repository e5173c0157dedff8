//! What a task does.

use std::{
    future::poll_fn,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Poll, Waker},
};

/// The work of each task of a case.
pub trait Work: 'static {
    /// One task's.
    fn future() -> impl Future<Output = ()> + Send + 'static;
}

/// Nothing: what is left is the cost of the task.
pub struct Ready;

impl Work for Ready {
    async fn future() {}
}

/// Waits once, woken at once.
pub struct Yielding;

impl Work for Yielding {
    async fn future() {
        let mut waited = false;
        poll_fn(|context| {
            if waited {
                return Poll::Ready(());
            }
            waited = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// Waits until as many wait as [`expect`] said, so that what all of them hold can be counted.
pub struct Waiting;

static EXPECTED: AtomicUsize = AtomicUsize::new(0);
static WAITING: Mutex<Vec<Waker>> = Mutex::new(Vec::new());
static ALL_WAIT: Mutex<fn()> = Mutex::new(|| {});

/// Calls `all_wait` when `tasks` of [`Waiting`] wait, and then lets them end.
pub fn expect(tasks: usize, all_wait: fn()) {
    EXPECTED.store(tasks, Relaxed);
    WAITING
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .reserve_exact(tasks);
    *ALL_WAIT.lock().unwrap_or_else(PoisonError::into_inner) = all_wait;
}

impl Work for Waiting {
    async fn future() {
        let mut waited = false;
        poll_fn(|context| {
            if waited {
                return Poll::Ready(());
            }
            waited = true;
            let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(context.waker().clone());
            if waiting.len() == EXPECTED.load(Relaxed) {
                ALL_WAIT.lock().unwrap_or_else(PoisonError::into_inner)();
                waiting.drain(..).for_each(Waker::wake);
            }
            Poll::Pending
        })
        .await;
    }
}
