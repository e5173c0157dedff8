//! What a handle may ask of its task: its value, its error, or its end.

use std::{
    mem,
    sync::{MutexGuard, atomic::Ordering},
    task::Waker,
};

use crate::{
    error::TaskError,
    log,
    outcome::TaskKind,
    rt::Kept,
    scope::Scope,
    slot::{Facts, Fate},
    state::State,
};

/// What a handle finds when it is polled.
pub(crate) enum Claim {
    /// The task has no outcome yet. `unstarted`: it waits to be started.
    Pending {
        kind: TaskKind,
        unstarted: bool,
    },
    Value(Kept),
    Error(TaskError),
}

impl Scope {
    /// Takes the result of a task for its handle, or registers who awaits it.
    pub(crate) fn claim(&self, key: u32, sequence: u32, waker: &Waker) -> Claim {
        // Cloned before the lock and dropped after it, as every waker and error here: either may
        // be the user's code.
        let waker = waker.clone();
        let (_watcher, _freed);
        let mut state = self.lock();
        let unstarted = !state.more.waiting.is_empty() || !state.more.deferred.is_empty();
        let slot = state
            .slot(key, sequence)
            .expect("a task is kept for its handle");
        if !slot.facts.has(Facts::ENDED) {
            slot.facts.set(Facts::CLAIMED, true);
            let kind = slot.kind;
            _watcher = slot.extra().watcher.replace(waker);
            return Claim::Pending { kind, unstarted };
        }
        let mut slot = state.free(key);
        let extra = mem::take(slot.extra());
        let claim = match (extra.value, extra.ended) {
            (_, Some(ended)) => {
                if ended.fate == Fate::Join && !slot.facts.has(Facts::CLAIMED) {
                    state.group(slot.group).unclaimed -= 1;
                }
                Claim::Error(ended.error)
            }
            (Some(value), None) => Claim::Value(value),
            (None, None) => unreachable!("a task that has ended leaves its result"),
        };
        _freed = slot;
        claim
    }

    /// A handle is dropped that has yielded nothing: a claimed failure goes back to its readers.
    pub(crate) fn unclaim(&self, key: u32, sequence: u32) {
        let mut state = self.lock();
        let Some(slot) = state.slot(key, sequence) else {
            return;
        };
        let facts = slot.facts;
        slot.facts.set(Facts::ORPHAN, true);
        if facts.has(Facts::ENDED) || facts.has(Facts::CLAIMED) {
            self.give_back(state, key);
        }
    }

    #[cold]
    fn give_back(&self, mut state: MutexGuard<'_, State>, key: u32) {
        let slot = &mut state.slots[key as usize];
        let group = slot.group;
        let claimed = slot.facts.has(Facts::CLAIMED);
        slot.facts.set(Facts::CLAIMED, false);
        if !slot.facts.has(Facts::ENDED) {
            let watcher = slot.extra().watcher.take();
            drop(state);
            drop(watcher);
            return;
        }
        if let Some(ended) = slot.ended()
            && ended.is_wanted()
        {
            if claimed && ended.fate == Fate::Join {
                state.group(group).unclaimed += 1;
                drop(state);
                self.notify();
            }
            return;
        }
        let slot = state.free(key);
        drop(state);
        let ended = slot.extra.and_then(|extra| extra.ended);
        if let Some(ended) = ended
            && ended.fate == Fate::Log
        {
            log::failure(self, &ended.error);
        }
    }

    /// Whether nobody will ask for the task's value.
    pub(crate) fn is_orphan(&self, key: u32, sequence: u32) -> bool {
        let mut state = self.lock();
        let task = state.task(key, sequence);
        task.is_none_or(|slot| slot.facts.has(Facts::ORPHAN))
    }

    /// Aborts one task through its handle. A blocking closure that runs goes on.
    pub(crate) fn abort(&self, key: u32, sequence: u32) {
        let mut state = self.lock_seldom();
        let Some(slot) = state.task(key, sequence) else {
            return;
        };
        slot.facts.set(Facts::ABORTED, true);
        let stopper = slot.stopper.take();
        let extra = slot.extra.as_ref();
        let (token, abort) = extra
            .map(|extra| (extra.token.clone(), extra.abort.clone()))
            .unwrap_or_default();
        self.0.stopping.store(true, Ordering::Relaxed);
        let pending = state.more.get().and_then(|more| {
            let waiting = more.waiting.remove(sequence);
            waiting.or_else(|| more.deferred.remove(sequence))
        });
        drop(state);
        if let Some(token) = token {
            token.cancel();
        }
        if let Some(abort) = abort {
            abort.abort();
        }
        if let Some(stopper) = stopper {
            stopper.wake();
        }
        drop(pending);
    }
}
