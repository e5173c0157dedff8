//! The end of a task that did not complete: its error, and who reads that.

use crate::{
    caught::{Payload, attempt},
    error::{Cause, TaskError, TaskErrorKind},
    host::KeepAlive,
    log,
    outcome::BoxError,
    scope::Scope,
    slot::{Ended, Facts, Fate, Slot},
    state::{Group, Phase, Stage},
};

/// How a task that did not complete came to its end.
pub(crate) enum End {
    Failed(BoxError),
    Panicked(Payload),
    /// By its own `timeout`, or given up.
    TimedOut,
    /// Before its end.
    Dropped,
}

impl Scope {
    /// Takes a task that did not run to its end, or failed, to its one outcome.
    #[cold]
    pub(crate) fn fail(&self, key: u32, sequence: u32, end: End) {
        let Some((error, fate)) = self.error(key, sequence, end) else {
            return;
        };
        // Code of the user's (the error's, the hook's, the log's) runs here: outside of the lock,
        // and before the task is counted, so that when a drain has ended, everything has been said.
        let detail = self
            .keeps_rows()
            .then(|| attempt(|| error.detail()))
            .flatten();
        let mut said = false;
        let mut state = loop {
            let state = self.lock_seldom();
            let claimed = state.slots[key as usize].facts.has(Facts::CLAIMED);
            if said || claimed || fate != Fate::Log {
                break state;
            }
            drop(state);
            log::failure(self, &error);
            said = true;
        };
        let kind = error.kind();
        let open = state.phase == Phase::Open;
        let Slot { group, facts, .. } = state.slots[key as usize];
        let reached = state.group(group).stage;
        let ended = Ended {
            error,
            stopped: kind == TaskErrorKind::Cancelled
                && group == Group::Tracked
                && !facts.has(Facts::ABORTED)
                && reached >= Stage::Aborted
                && open,
            fate: if said { Fate::Done } else { fate },
        };
        let join = fate == Fate::Join && !facts.has(Facts::CLAIMED);
        let orphan = facts.has(Facts::ORPHAN);
        let wanted = ended.is_wanted();
        let slot = &mut state.slots[key as usize];
        let token = slot.extra.as_mut().and_then(|extra| extra.token.take());
        let unwanted = if wanted || !orphan {
            slot.extra().ended = Some(ended);
            if wanted {
                state.note_failed(key, sequence);
            }
            None
        } else {
            Some(ended)
        };
        state.group(group).unclaimed += usize::from(join);
        let free = unwanted.is_some();
        let after = self.end(
            &mut state,
            key,
            kind.outcome(),
            detail.flatten(),
            free,
            join,
        );
        drop(state);
        // What the task left running on its own behalf can see that it is over.
        if let Some(token) = token {
            token.cancel();
        }
        after.act(self);
        attempt(|| drop(unwanted));
    }

    /// What a task that ends with `end` comes to: its error, and who reads that. From here on no other
    /// end counts.
    fn error(&self, key: u32, sequence: u32, end: End) -> Option<(TaskError, Fate)> {
        let mut state = self.lock_seldom();
        let (groups, phase) = (
            state.groups.each_ref().map(|group| group.stage),
            state.phase,
        );
        let Some(slot) = state.undecided(key, sequence) else {
            drop(state);
            // The end of a task that has been given up.
            attempt(|| drop(end));
            return None;
        };
        slot.facts.set(Facts::ENDING, true);
        let reached = groups[slot.group as usize];
        let (kind, cause) = match end {
            End::Failed(error) => (TaskErrorKind::Failed, Cause::Error(error)),
            End::Panicked(payload) => (TaskErrorKind::Panicked, Cause::Panic(payload)),
            End::TimedOut => (TaskErrorKind::TimedOut, Cause::None),
            End::Dropped if reached >= Stage::Expired && !slot.facts.has(Facts::ABORTED) => {
                (TaskErrorKind::TimedOut, Cause::None)
            }
            End::Dropped => (TaskErrorKind::Cancelled, Cause::None),
        };
        let error = TaskError::new(kind, slot.name(), slot.location(), self.age(slot), cause);
        let fate = self.fate(phase, slot, kind);
        Some((error, fate))
    }

    /// Who reads the error of a task that ends with `kind`, if no handle does.
    fn fate(&self, phase: Phase, slot: &Slot, kind: TaskErrorKind) -> Fate {
        let joined = match slot.group {
            Group::Tracked | Group::Callback => phase == Phase::Open,
            Group::KeepAlive => self.0.plan.mode == KeepAlive::JoinAndFail && !self.is_root(),
        };
        match kind {
            TaskErrorKind::Cancelled => Fate::Done,
            // What a deadline left unfinished is named all the same.
            TaskErrorKind::Failed | TaskErrorKind::Panicked if slot.facts.has(Facts::LOGGED) => {
                Fate::Log
            }
            _ if joined => Fate::Join,
            _ => Fate::Log,
        }
    }
}
