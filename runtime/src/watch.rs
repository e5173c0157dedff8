//! How a task comes to know that it is to stop.

use std::{sync::atomic::Ordering, task::Waker};

use crate::{
    rt::AbortHandle,
    scope::Scope,
    slot::Facts,
    state::{Stage, State},
};

impl Scope {
    /// Tells the scope how to abort a blocking task, and does so if that is due.
    pub(crate) fn attach(&self, key: u32, sequence: u32, abort: AbortHandle) {
        {
            let mut state = self.lock();
            if !state.is_stopping(key, sequence)
                && let Some(slot) = state.task(key, sequence)
            {
                slot.extra().abort = Some(abort);
                return;
            }
        }
        // To be stopped, or given up meanwhile; one that has ended does not mind.
        abort.abort();
    }

    /// Whether a task is to be stopped at once; if not, `stopper` will be woken when it is.
    pub(crate) fn watch(&self, key: u32, sequence: u32, stopper: &Waker) -> bool {
        let stopper = stopper.clone();
        let mut state = self.lock();
        if state.is_stopping(key, sequence) {
            return true;
        }
        if let Some(slot) = state.task(key, sequence) {
            // It is registered once, so there was none.
            slot.stopper = Some(stopper);
        }
        false
    }

    /// Wakes every task that waits.
    pub(crate) fn wake_waiting(&self) {
        let stoppers: Vec<_> = {
            let state = self.lock();
            let slots = state.slots.iter();
            slots.filter_map(|(_, slot)| slot.stopper.clone()).collect()
        };
        for stopper in stoppers {
            stopper.wake();
        }
    }

    /// Whether a task is to be stopped at once, or has been given up.
    #[inline]
    pub(crate) fn is_stopping(&self, key: u32, sequence: u32) -> bool {
        // Set before the task is woken, so the poll that the wake leads to sees it. One that runs
        // meanwhile is polled again for that wake, or asks under the lock before it first waits.
        self.0.stopping.load(Ordering::Relaxed) && self.lock().is_stopping(key, sequence)
    }
}

impl State {
    fn is_stopping(&mut self, key: u32, sequence: u32) -> bool {
        let task = self.task(key, sequence);
        let Some((facts, group)) = task.map(|slot| (slot.facts, slot.group)) else {
            return true;
        };
        facts.has(Facts::ABORTED) || self.group(group).stage >= Stage::Aborted
    }
}
