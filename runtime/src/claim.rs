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
        let waker = waker.clone();
        // Dropped once the lock is released, as every waker and error here: either may be the
        // user's code.
        let _before;
        let mut state = self.lock();
        if let Some(entry) = state.task(key, sequence) {
            entry.facts.set(Facts::CLAIMED, true);
            _before = state.watchers.insert(sequence, waker);
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
        let (_watcher, unread);
        let mut given_back = false;
        {
            let mut state = self.lock();
            _watcher = state.watchers.remove(&sequence);
            if let Some(entry) = state.task(key, sequence) {
                entry.facts.set(Facts::CLAIMED, false);
                entry.facts.set(Facts::ORPHAN, true);
                return;
            }
            let Some(ended) = state.ended.get_mut(&sequence) else {
                return;
            };
            let claimed = std::mem::replace(&mut ended.claimed, false);
            ended.orphan = true;
            let (fate, group) = (ended.fate, ended.group);
            if ended.is_wanted() {
                given_back = claimed && fate == Fate::Join;
                state.group(group).unclaimed += usize::from(given_back);
                unread = None;
            } else {
                unread = state.ended.remove(&sequence);
            }
        }
        if given_back {
            self.0.changed.notify_waiters();
        }
        if let Some(ended) = unread
            && ended.fate == Fate::Log
        {
            log::failure(self, &ended.error);
        }
    }

    /// Whether nobody will ask for the task's value.
    pub(crate) fn is_orphan(&self, key: u32, sequence: u32) -> bool {
        let mut state = self.lock();
        let task = state.task(key, sequence);
        task.is_none_or(|entry| entry.facts.has(Facts::ORPHAN))
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
        let waiting = state.waiting.remove(sequence);
        let pending = waiting.or_else(|| state.deferred.remove(sequence));
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
