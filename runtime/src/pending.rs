//! Tasks that wait unstarted: for `max_concurrent`, or for the response.

use crate::{
    caught::caught,
    context::TaskRef,
    invocation::{MARGIN, deadline_in},
    queue::Waiting,
    reserve::Start,
    scope::Scope,
    slot::Facts,
    state::{Pending, Stage, State},
};

impl Scope {
    pub(crate) fn is_full(&self, state: &State) -> bool {
        self.0
            .plan
            .limit
            .is_some_and(|limit| state.running >= limit)
    }

    /// Keeps a task that was reserved to start later, unless it is being stopped already.
    pub(crate) fn enqueue(&self, task: &TaskRef, start: Start, pending: Pending) {
        let &TaskRef { key, sequence, .. } = task;
        let mut state = self.lock();
        let stopped = match state.task(key, sequence).map(|slot| slot.group) {
            Some(group) => state.group(group).stage >= Stage::Aborted,
            None => true,
        };
        if stopped {
            drop(state);
            drop(pending);
            return;
        }
        let waiting = Waiting {
            sequence,
            key,
            pending,
        };
        if start == Start::Deferred && !state.released {
            state.more.make().deferred.insert(waiting);
        } else {
            state.more.make().waiting.insert(waiting);
            drop(state);
            // Room may have come since it was reserved.
            self.pump();
        }
    }

    /// A task that waited is being started: its time begins.
    fn begin(&self, state: &mut State, key: u32, sequence: u32) {
        let now = self.nanos();
        if let Some(slot) = state.task(key, sequence) {
            slot.facts.set(Facts::RUNNING, true);
            slot.started = now;
            state.running += 1;
        }
    }

    /// Starts waiting tasks while the limit has room.
    pub(crate) fn pump(&self) {
        loop {
            let Waiting { pending, .. } = {
                let mut state = self.lock();
                // A task that ends while another is being started leaves the rest to that loop: no
                // recursion, however many end at once.
                if state.pumping || self.is_full(&state) {
                    return;
                }
                let more = state.more.get();
                let Some(waiting) = more.and_then(|more| more.waiting.pop_first()) else {
                    return;
                };
                self.begin(&mut state, waiting.key, waiting.sequence);
                state.pumping = true;
                waiting
            };
            // The runtime may panic where it cannot make a thread.
            let started = caught(pending.0);
            self.lock().pumping = false;
            if let Err(payload) = started {
                payload.resume();
            }
        }
    }

    /// Starts a waiting task now, above the limit: somebody waits for it.
    pub(crate) fn start_waiting(&self, sequence: u32) {
        let waiting = {
            let mut state = self.lock();
            let more = state.more.get();
            let waiting = more.and_then(|more| more.waiting.remove(sequence));
            waiting.inspect(|waiting| self.begin(&mut state, waiting.key, sequence))
        };
        if let Some(waiting) = waiting {
            (waiting.pending.0)();
        }
    }

    /// Lets a deferred task start now, before the response: somebody who holds it waits for it.
    pub(crate) fn start_deferred(&self, sequence: u32) {
        let found = {
            let mut state = self.lock_seldom();
            state.more.get().and_then(|more| {
                let deferred = more.deferred.remove(sequence)?;
                more.waiting.insert(deferred);
                Some(())
            })
        };
        if found.is_some() {
            self.start_waiting(sequence);
        }
    }

    /// The response is out: starts what waited for it, in adopted scopes too.
    pub(crate) fn release(&self) {
        let (awaited, limited) = {
            let mut state = self.lock_seldom();
            state.released = true;
            let mut awaited = Vec::new();
            let mut limited = false;
            let State { slots, more, .. } = &mut *state;
            if let Some(more) = more.get() {
                if let Some(budget) = more.budget.take() {
                    more.over = deadline_in(budget, MARGIN, MARGIN / 2);
                    limited = true;
                }
                while let Some(waiting) = more.deferred.pop_first() {
                    if slots[waiting.key as usize].facts.has(Facts::CLAIMED) {
                        awaited.push(waiting.sequence);
                    }
                    more.waiting.insert(waiting);
                }
            }
            (awaited, limited)
        };
        if limited {
            // Who drains has a deadline to see to.
            self.notify();
        }
        for sequence in awaited {
            self.start_waiting(sequence);
        }
        self.pump();
        for child in self.adopted() {
            child.scope.release();
        }
        self.start_drain();
    }

    /// Lets a drain begin that waits for the response.
    pub(crate) fn start_drain(&self) {
        let drain = {
            let mut state = self.lock_seldom();
            state.more.get().and_then(|more| more.drain.take())
        };
        if let Some(drain) = drain {
            (drain.0)();
        }
    }
}
