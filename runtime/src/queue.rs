//! Tasks that wait unstarted, the oldest first.

use std::{collections::VecDeque, mem::ManuallyDrop};

use crate::{asked::WAITING, state::Pending};

/// Sorted by their sequence, in which nearly all of them come and go. A map would do the same with
/// ten times the code.
pub(crate) struct Queue(ManuallyDrop<VecDeque<Waiting>>);

pub(crate) struct Waiting {
    pub(crate) sequence: u32,
    pub(crate) key: u32,
    pub(crate) pending: Pending,
}

impl Queue {
    pub(crate) const fn new() -> Self {
        Self(ManuallyDrop::new(VecDeque::new()))
    }

    pub(crate) fn insert(&mut self, waiting: Waiting) {
        let at = self
            .0
            .partition_point(|other| other.sequence < waiting.sequence);
        self.0.insert(at, waiting);
    }

    pub(crate) fn remove(&mut self, sequence: u32) -> Option<Waiting> {
        if self.is_empty() {
            return None;
        }
        let found = self
            .0
            .binary_search_by_key(&sequence, |waiting| waiting.sequence);
        self.0.remove(found.ok()?)
    }

    pub(crate) fn pop_first(&mut self) -> Option<Waiting> {
        if self.is_empty() {
            return None;
        }
        self.0.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        !WAITING.is_set() || self.0.is_empty()
    }

    /// Takes out those that `is_meant`, in order.
    pub(crate) fn extract(
        &mut self,
        is_meant: impl Fn(&Waiting) -> bool,
        mut taken: impl FnMut(Pending),
    ) {
        if self.is_empty() {
            return;
        }
        for _ in 0..self.0.len() {
            if let Some(waiting) = self.0.pop_front() {
                if is_meant(&waiting) {
                    taken(waiting.pending);
                } else {
                    self.0.push_back(waiting);
                }
            }
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        WAITING.drop(&mut self.0);
    }
}
