//! What a handle may ask of its task: its error, or its end.

use std::task::Waker;

use crate::{
    error::TaskError,
    log,
    scope::Scope,
    state::{Facts, Fate, State},
};

impl Scope {
    /// Registers who awaits a task; the failure, if it has ended in one and is not to be had from
    /// the runtime.
    pub(crate) fn claim(&self, key: u32, sequence: u32, waker: &Waker) -> Option<TaskError> {
        let mut state = self.lock();
        if let Some(entry) = state.task(key, sequence) {
            entry.facts.set(Facts::CLAIMED, true);
            let watcher = state.watchers.entry(sequence);
            watcher.or_insert_with(|| waker.clone()).clone_from(waker);
            return None;
        }
        consume(&mut state, sequence)
    }

    /// The error of a task that has ended, for its handle.
    pub(crate) fn take_error(&self, sequence: u32) -> Option<TaskError> {
        consume(&mut self.lock(), sequence)
    }

    /// A handle is dropped that has yielded nothing: a claimed failure goes back to its readers.
    pub(crate) fn unclaim(&self, key: u32, sequence: u32) {
        let orphan = self.is_root();
        let mut state = self.lock();
        let watcher = state.watchers.remove(&sequence);
        if let Some(entry) = state.task(key, sequence) {
            entry.facts.set(Facts::CLAIMED, false);
            entry.facts.set(Facts::ORPHAN, orphan);
        } else if let Some(ended) = state.ended.get_mut(&sequence) {
            let claimed = std::mem::replace(&mut ended.claimed, false);
            let group = ended.group;
            match ended.fate {
                Fate::Join if claimed => {
                    state.group(group).unclaimed += 1;
                    self.0.changed.notify_waiters();
                }
                Fate::Log if claimed => {
                    let ended = state.ended.remove(&sequence);
                    drop(state);
                    if let Some(ended) = ended {
                        log::failure(self, &ended.error);
                    }
                }
                _ if orphan => {
                    state.ended.remove(&sequence);
                }
                _ => {}
            }
        }
        drop(watcher);
    }

    /// Aborts one task through its handle. A blocking closure that runs goes on.
    pub(crate) fn abort(&self, key: u32, sequence: u32) {
        let mut state = self.lock();
        let Some(entry) = state.task(key, sequence) else {
            return;
        };
        entry.facts.set(Facts::ABORTED, true);
        let abort = entry.abort.clone();
        let token = state.tokens.get(&sequence).cloned();
        let waiting = state.waiting.remove(&sequence);
        let pending = waiting.or_else(|| state.deferred.remove(&sequence));
        drop(state);
        if let Some(token) = token {
            token.cancel();
        }
        if let Some(abort) = abort {
            abort.abort();
        }
        drop(pending);
    }
}

fn consume(state: &mut State, sequence: u32) -> Option<TaskError> {
    let ended = state.ended.remove(&sequence)?;
    if ended.fate == Fate::Join && !ended.claimed {
        state.group(ended.group).unclaimed -= 1;
    }
    Some(ended.error)
}
