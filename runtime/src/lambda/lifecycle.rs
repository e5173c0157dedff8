//! Which invocations are open, and whether more are taken.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};

use slab::Slab;
use tokio::sync::Notify;

use crate::rt;

/// Held while tasks go on without their worker.
pub(super) type Permit = Box<dyn Send>;

#[derive(Default)]
pub(super) struct Lifecycle {
    stopping: AtomicBool,
    /// Their request ids.
    open: Mutex<Slab<String>>,
    closed: Notify,
}

impl Lifecycle {
    pub(super) fn open(self: &Arc<Self>, request_id: &str) -> Open {
        Open {
            key: self.lock().insert(request_id.to_owned()),
            lifecycle: Arc::clone(self),
            permit: None,
        }
    }

    /// From here on no invocation returns to its loop, which so takes no more work.
    pub(super) fn stop(&self) {
        // Relaxed: nothing is handed over with it.
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Waits until no invocation is open.
    pub(super) async fn idle(&self) {
        loop {
            let closed = self.closed.notified();
            if self.is_idle() {
                return;
            }
            closed.await;
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_empty()
    }

    pub(super) fn request_ids(&self) -> Vec<String> {
        self.lock().iter().map(|(_, id)| id.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Slab<String>> {
        rt::lock(&self.open)
    }
}

/// An invocation that is open until this is dropped.
pub(super) struct Open {
    key: usize,
    lifecycle: Arc<Lifecycle>,
    /// For its tasks to go on without their worker.
    pub(super) permit: Option<Permit>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.lifecycle.lock().remove(self.key);
        self.lifecycle.closed.notify_waiters();
    }
}
