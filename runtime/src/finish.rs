//! The end of one task: it is taken out of the account, and what follows from that.

use std::{sync::MutexGuard, task::Waker, time::Duration};

use crate::{
    caught::attempt,
    outcome::TaskOutcome,
    report::TaskReport,
    rt::{self, AbortHandle, Kept},
    scope::Scope,
    slot::{Extra, Facts, Slot},
    state::{Phase, State},
};

impl Scope {
    /// A task has run to its end. The end of one that has been given up is ignored.
    pub(crate) fn complete(&self, key: u32, sequence: u32, value: Kept) {
        let mut state = self.lock();
        if !rt::SHORTCUTS || self.0.rows {
            return self.complete_other(state, key, sequence, value);
        }
        let Some((stopper, extra, joiner)) = state.complete_plain(key, sequence) else {
            return self.complete_other(state, key, sequence, value);
        };
        drop(state);
        if let Some(joiner) = joiner {
            joiner.wake();
        }
        // Nobody waits for what may be the user's code to drop.
        attempt(|| drop((stopper, extra, value)));
    }

    #[inline(never)]
    fn complete_other(
        &self,
        mut state: MutexGuard<'_, State>,
        key: u32,
        sequence: u32,
        value: Kept,
    ) {
        let Some(slot) = state.undecided(key, sequence) else {
            drop(state);
            attempt(|| drop(value));
            return;
        };
        let orphan = slot.facts.has(Facts::ORPHAN);
        let value = if orphan {
            Some(value)
        } else {
            slot.extra().value = Some(value);
            None
        };
        let after = self.end(&mut state, key, TaskOutcome::Completed, None, orphan, false);
        drop(state);
        after.act(self);
        // Wanted by nobody, since a moment ago.
        if let Some(value) = value {
            attempt(|| drop(value));
        }
    }

    /// Takes a live task out of the account; with `free`, its slot too. `failed`: the join has a
    /// failure more.
    pub(crate) fn end(
        &self,
        state: &mut State,
        key: u32,
        outcome: TaskOutcome,
        detail: Option<String>,
        free: bool,
        failed: bool,
    ) -> After {
        state.counts.ended(outcome);
        if self.keeps_rows() {
            let row = self.row(&state.slots[key as usize], outcome, detail);
            state.more.make().rows.push(row);
        }
        let slot = &mut state.slots[key as usize];
        let (group, facts) = (slot.group, slot.facts);
        let mut after = After::default();
        if free {
            let slot = state.free(key);
            after.stopper = slot.stopper;
            after.extra = slot.extra;
        } else {
            slot.facts.set(Facts::ENDED, true);
            after.stopper = slot.stopper.take();
            if let Some(extra) = &mut slot.extra {
                after.timer = extra.timer.take();
                after.watcher = extra.watcher.take();
            }
        }
        state.running -= usize::from(facts.has(Facts::RUNNING));
        let ended = state.group(group);
        ended.live -= 1;
        let last = ended.live == 0;
        after.pump = !state.more.waiting.is_empty() && !self.is_full(state);
        if last || failed {
            after.notify = !state.more.observers.is_empty();
            after.joiner = state.joiner.take();
            after.let_go = state.holds && state.is_joinable();
            after.settle = state.phase == Phase::Joined && state.is_idle();
        }
        after
    }

    /// Nanoseconds since the scope was opened.
    #[inline(never)]
    pub(crate) fn nanos(&self) -> u64 {
        let elapsed = self.0.opened.elapsed();
        // More than the 584 years that there is room for are never measured.
        elapsed.as_secs().wrapping_mul(1_000_000_000) + u64::from(elapsed.subsec_nanos())
    }

    pub(crate) fn age(&self, slot: &Slot) -> Duration {
        Duration::from_nanos(self.nanos().saturating_sub(slot.started))
    }

    fn row(&self, slot: &Slot, outcome: TaskOutcome, error: Option<String>) -> TaskReport {
        TaskReport {
            name: slot.name(),
            location: slot.location(),
            kind: slot.kind,
            started: self.0.opened + Duration::from_nanos(slot.started),
            elapsed: self.age(slot),
            outcome,
            error,
        }
    }
}

impl State {
    /// The slot of a task of which nobody has said yet how it ends.
    pub(crate) fn undecided(&mut self, key: u32, sequence: u32) -> Option<&mut Slot> {
        self.task(key, sequence)
            .filter(|slot| !slot.facts.has(Facts::ENDING))
    }

    /// The end of most tasks: nobody asks for it, and nothing follows from it but, after the last
    /// one, that the handler goes on.
    #[inline]
    fn complete_plain(&mut self, key: u32, sequence: u32) -> Option<Plain> {
        let slot = self.slots.get(key as usize)?;
        let group = &mut self.groups[slot.group as usize];
        let facts = slot.facts;
        let timed = slot
            .extra
            .as_ref()
            .is_some_and(|extra| extra.timer.is_some());
        let is_plain = slot.sequence == sequence && facts.is_left_alone() && !timed;
        if !is_plain || !self.more.waiting.is_empty() {
            return None;
        }
        let mut joiner = None;
        let last = group.live == 1;
        if last {
            if self.holds || !self.more.observers.is_empty() || self.phase > Phase::Open {
                return None;
            }
            joiner = self.joiner.take();
        }
        group.live -= 1;
        self.running -= usize::from(facts.has(Facts::RUNNING));
        self.counts.ended(TaskOutcome::Completed);
        let slot = if last {
            self.free(key)
        } else {
            self.slots.remove(key as usize)
        };
        Some((slot.stopper, slot.extra, joiner))
    }
}

/// What is left of such a task, and the handler's waker.
type Plain = (Option<Waker>, Option<Box<Extra>>, Option<Waker>);

/// What the end of a task leads to, once the lock is released.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "a list of things to do")]
pub(crate) struct After {
    /// Of a task that nobody asks for any more.
    extra: Option<Box<Extra>>,
    stopper: Option<Waker>,
    timer: Option<AbortHandle>,
    watcher: Option<Waker>,
    joiner: Option<Waker>,
    notify: bool,
    pump: bool,
    let_go: bool,
    settle: bool,
}

impl After {
    pub(crate) fn act(self, scope: &Scope) {
        drop(self.stopper);
        let of_extra = self.extra.and_then(|extra| extra.timer);
        if let Some(timer) = self.timer.or(of_extra) {
            timer.abort();
        }
        if self.notify {
            scope.wake_observers();
        }
        if let Some(joiner) = self.joiner {
            joiner.wake();
        }
        if let Some(watcher) = self.watcher {
            watcher.wake();
        }
        if self.let_go {
            scope.let_go();
        }
        if self.settle {
            scope.settle();
        }
        // Last, since it panics where the runtime cannot make a thread.
        if self.pump {
            scope.pump();
        }
    }
}
