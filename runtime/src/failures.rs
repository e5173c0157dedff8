//! The failures that a scope keeps for its join, in the order of the tasks' ends. Everything here
//! happens under the scope's lock.

use std::mem;

use slab::Slab;

use crate::{
    error::TaskError,
    slot::{Ended, Facts, Fate, Slot},
    state::{Group, State},
};

impl State {
    /// Notes a task whose end the join may want.
    pub(crate) fn note_failed(&mut self, key: u32, sequence: u32) {
        if self.more.failed.len() > 2 * self.slots.len() {
            // None of them is taken, and those that are gone are forgotten.
            self.take_failures(&[]);
        }
        self.more.make().failed.push((key, sequence));
    }

    /// Summaries of the tracked tasks that were stopped with their group.
    pub(crate) fn cancelled(&mut self) -> Vec<TaskError> {
        let Self { slots, more, .. } = self;
        let mut cancelled = Vec::new();
        for &task in &more.failed {
            if let Some((.., ended)) = wanted(slots, task)
                && ended.stopped
            {
                cancelled.push(ended.error.summary());
            }
        }
        cancelled
    }

    /// Ends the join of `groups`: takes the failures that belong to it, the first in time first, and
    /// leaves a summary for handles that ask later. Claimed ones that come back go to the log.
    pub(crate) fn take_failures(&mut self, groups: &[Group]) -> Vec<TaskError> {
        for &group in groups {
            self.group(group).unclaimed = 0;
        }
        let Self { slots, more, .. } = self;
        let Some(more) = more.get() else {
            return Vec::new();
        };
        let mut failures = Vec::new();
        // Not by `retain`, which is more code, and what is sent to some platforms counts by size.
        for task in mem::take(&mut more.failed) {
            let Some((facts, group, ended)) = wanted(slots, task) else {
                continue;
            };
            if ended.fate != Fate::Join || !groups.contains(&group) {
                more.failed.push(task);
                continue;
            }
            if facts.has(Facts::CLAIMED) {
                ended.fate = Fate::Log;
                continue;
            }
            ended.fate = Fate::Done;
            let summary = ended.error.summary();
            failures.push(mem::replace(&mut ended.error, summary));
            if facts.has(Facts::ORPHAN) {
                slots.remove(task.0 as usize);
            }
        }
        if groups.contains(&Group::KeepAlive) {
            failures.append(&mut more.inherited);
        }
        failures
    }
}

/// The end of a task that the join may want.
fn wanted(
    slots: &mut Slab<Slot>,
    (key, sequence): (u32, u32),
) -> Option<(Facts, Group, &mut Ended)> {
    let slot = slots.get_mut(key as usize)?;
    let (facts, group, is_it) = (slot.facts, slot.group, slot.sequence == sequence);
    let ended = slot.ended().filter(|ended| is_it && ended.is_wanted())?;
    Some((facts, group, ended))
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, time::Duration};

    use super::*;
    use crate::{
        error::{Cause, TaskErrorKind},
        outcome::TaskKind,
        rt::Instant,
        site::Site,
        state::Phase,
    };

    /// A task that has failed; its key and sequence.
    fn fail(state: &mut State) -> (u32, u32) {
        static SITE: Site = Site::new("task");

        let sequence = state.next_sequence();
        let mut slot = Slot {
            stopper: None,
            site: &SITE,
            extra: None,
            started: 0,
            sequence,
            kind: TaskKind::Spawn,
            group: Group::Tracked,
            facts: Facts::STARTED,
        };
        slot.extra().ended = Some(Ended {
            error: TaskError::new(
                TaskErrorKind::Failed,
                Cow::Owned(sequence.to_string()),
                SITE.location(),
                Duration::ZERO,
                Cause::None,
            ),
            stopped: false,
            fate: Fate::Join,
        });
        let key = u32::try_from(state.slots.insert(slot)).unwrap();
        state.note_failed(key, sequence);
        (key, sequence)
    }

    #[test]
    fn failures_that_handles_have_taken_are_forgotten() {
        let mut state = State::new(Instant::now(), Phase::Open, false);
        let (first, _) = fail(&mut state);
        for _ in 0..1000 {
            let (key, _) = fail(&mut state);
            state.free(key);
        }
        assert!(state.more.failed.len() < 10, "{}", state.more.failed.len());
        let taken = state.take_failures(Group::ALL);
        let names: Vec<_> = taken.iter().map(TaskError::name).collect();
        assert_eq!(names, ["0"]);
        state.free(first);
    }

    #[test]
    fn failures_are_taken_in_the_order_of_their_ends() {
        let mut state = State::new(Instant::now(), Phase::Open, false);
        let (first, _) = fail(&mut state);
        fail(&mut state);
        state.free(first);
        // In the place of the first.
        let (third, _) = fail(&mut state);
        assert_eq!(third, first);
        let taken = state.take_failures(Group::JOINED);
        let names: Vec<_> = taken.iter().map(TaskError::name).collect();
        assert_eq!(names, ["1", "2"]);
    }
}
