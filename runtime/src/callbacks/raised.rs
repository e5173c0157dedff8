//! The failures of a handler with `raise` that nobody has asked for yet.

use std::{
    mem,
    sync::{Mutex, MutexGuard},
};

use crate::{rt, tracked::Tracked};

/// How many handles make it worth looking for those of tasks that have completed.
const CROWDED: usize = 16;

/// Handles of deliveries, for whoever waits for them.
#[derive(Default)]
pub(super) struct Raised(Mutex<Handles>);

#[derive(Default)]
struct Handles {
    handles: Vec<Tracked<()>>,
    crowded: usize,
}

impl Raised {
    fn lock(&self) -> MutexGuard<'_, Handles> {
        rt::lock(&self.0)
    }

    pub(super) fn keep(&self, handle: Tracked<()>) {
        let mut kept = self.lock();
        kept.handles.push(handle);
        if kept.handles.len() < kept.crowded.max(CROWDED) {
            return;
        }
        let handles = mem::take(&mut kept.handles);
        drop(kept);
        // Outside of the lock: a handle looks into its scope.
        let (completed, mut left): (Vec<_>, Vec<_>) =
            handles.into_iter().partition(Tracked::has_completed);
        drop(completed);
        let mut kept = self.lock();
        // What came meanwhile is later.
        left.append(&mut kept.handles);
        kept.crowded = 2 * left.len();
        kept.handles = left;
    }

    /// Takes them, the oldest first.
    pub(super) fn take(&self) -> Vec<Tracked<()>> {
        mem::take(&mut self.lock().handles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    #[tokio::test]
    async fn those_of_tasks_that_have_completed_do_not_pile_up() {
        let raised = Raised::default();
        for number in 0..1_000 {
            let fails = number % 500 == 0;
            let task = async move { if fails { Err("fails") } else { Ok(()) } };
            let handle = Scope::root().spawn(task).expect("it never closes");
            while !handle.is_finished() {
                tokio::task::yield_now().await;
            }
            raised.keep(handle);
        }
        let mut failures = 0;
        let kept = raised.take();
        assert!(kept.len() < 2 * CROWDED, "{}", kept.len());
        for handle in kept {
            failures += usize::from(handle.await.is_err());
        }
        assert_eq!(failures, 2);
    }
}
