//! The end of one task: its outcome, who reads its error, and what follows from it.

use std::{any::Any, task::Waker, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    caught::attempt,
    error::{Cause, TaskError, TaskErrorKind},
    host::KeepAlive,
    log,
    outcome::{BoxError, TaskOutcome},
    report::TaskReport,
    rt::AbortHandle,
    scope::Scope,
    state::{Ended, Entry, Facts, Fate, Group, Phase, Stage, State},
};

/// How a task came to its end.
pub(crate) enum End {
    Completed,
    Failed(BoxError),
    Panicked(Box<dyn Any + Send>),
    /// By its own `timeout`, or given up.
    TimedOut,
    /// Before its end.
    Dropped,
}

impl Scope {
    /// Takes a task to its one outcome. The end of a task that has been given up is ignored.
    pub(crate) fn finish(&self, key: u32, sequence: u32, end: End) {
        if matches!(end, End::Completed) {
            let mut state = self.lock();
            let Some(entry) = state.remove(key, sequence) else {
                return;
            };
            self.account(&mut state, &entry, TaskOutcome::Completed, None);
            let extras = state.extras(sequence);
            let after = After::new(self, &mut state, &entry, false);
            drop(state);
            drop(extras);
            after.act(self, entry);
        } else {
            self.finish_incomplete(key, sequence, end);
        }
    }

    #[cold]
    fn finish_incomplete(&self, key: u32, sequence: u32, end: End) {
        let Some((error, fate)) = self.error(key, sequence, end) else {
            return;
        };
        // Code of the user's (the error's, the hook's, the log's) runs here: outside of the lock,
        // and before the task is counted, so that when a drain has ended, everything has been said.
        let detail = self.0.rows.then(|| attempt(|| error.detail())).flatten();
        let mut said = false;
        let (mut state, entry) = loop {
            let mut state = self.lock();
            let Some(task) = state.task(key, sequence) else {
                drop(state);
                attempt(|| drop(error));
                return;
            };
            if fate == Fate::Log && !said && !task.facts.has(Facts::CLAIMED) {
                drop(state);
                log::failure(self, &error);
                said = true;
                continue;
            }
            if let Some(entry) = state.remove(key, sequence) {
                break (state, entry);
            }
        };
        let kind = error.kind();
        let outcome = kind.outcome();
        self.account(&mut state, &entry, outcome, detail.flatten());
        let order = state.ends;
        state.ends = order.wrapping_add(1);
        let (aborted, orphan) = (
            entry.facts.has(Facts::ABORTED),
            entry.facts.has(Facts::ORPHAN),
        );
        let ended = Ended {
            error,
            group: entry.group,
            order,
            claimed: entry.facts.has(Facts::CLAIMED),
            orphan,
            stopped: kind == TaskErrorKind::Cancelled
                && entry.group == Group::Tracked
                && !aborted
                && state.phase == Phase::Open,
            fate: if said { Fate::Done } else { fate },
        };
        let join = fate == Fate::Join && !ended.claimed;
        state.group(entry.group).unclaimed += usize::from(join);
        let unwanted = if ended.is_wanted() || !orphan {
            state.ended.insert(sequence, ended)
        } else {
            Some(ended)
        };
        let (token, watcher) = state.extras(sequence);
        let after = After::new(self, &mut state, &entry, join);
        drop(state);
        // What the task left running on its own behalf can see that it is over.
        if let Some(token) = token {
            token.cancel();
        }
        after.act(self, entry);
        if let Some(watcher) = watcher {
            watcher.wake();
        }
        attempt(|| drop(unwanted));
    }

    /// What a task that ends with `end` comes to: its error, and who reads that.
    fn error(&self, key: u32, sequence: u32, end: End) -> Option<(TaskError, Fate)> {
        let state = self.lock();
        let entry = state.tasks.get(key as usize);
        let Some(entry) = entry.filter(|entry| entry.sequence == sequence) else {
            drop(state);
            // The end of a task that has been given up.
            attempt(|| drop(end));
            return None;
        };
        let reached = state.groups[entry.group as usize].stage;
        let (kind, cause) = match end {
            End::Failed(error) => (TaskErrorKind::Failed, Cause::Error(error)),
            End::Panicked(payload) => (TaskErrorKind::Panicked, Cause::panic(payload)),
            End::TimedOut => (TaskErrorKind::TimedOut, Cause::None),
            End::Dropped if reached >= Stage::Expired && !entry.facts.has(Facts::ABORTED) => {
                (TaskErrorKind::TimedOut, Cause::None)
            }
            End::Dropped | End::Completed => (TaskErrorKind::Cancelled, Cause::None),
        };
        let error = TaskError::new(kind, entry.name(), entry.location(), self.age(entry), cause);
        let fate = self.fate(&state, entry, kind);
        Some((error, fate))
    }

    /// Who reads the error of a task that ends with `kind`, if no handle does.
    fn fate(&self, state: &State, entry: &Entry, kind: TaskErrorKind) -> Fate {
        let joined = match entry.group {
            Group::Tracked | Group::Callback => state.phase == Phase::Open,
            Group::KeepAlive => self.0.plan.mode == KeepAlive::JoinAndFail && !self.is_root(),
        };
        match kind {
            TaskErrorKind::Cancelled => Fate::Done,
            // What a deadline left unfinished is named all the same.
            TaskErrorKind::Failed | TaskErrorKind::Panicked if entry.facts.has(Facts::LOGGED) => {
                Fate::Log
            }
            _ if joined => Fate::Join,
            _ => Fate::Log,
        }
    }

    /// Nanoseconds since the scope was opened.
    pub(crate) fn nanos(&self) -> u64 {
        u64::try_from(self.0.opened.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn age(&self, entry: &Entry) -> Duration {
        Duration::from_nanos(self.nanos().saturating_sub(entry.started))
    }

    fn account(
        &self,
        state: &mut State,
        entry: &Entry,
        outcome: TaskOutcome,
        detail: Option<String>,
    ) {
        state.counts.ended(outcome);
        if self.0.rows {
            state.rows.push(TaskReport {
                name: entry.name(),
                location: entry.location(),
                kind: entry.kind,
                started: self.0.opened + Duration::from_nanos(entry.started),
                elapsed: self.age(entry),
                outcome,
                error: detail,
            });
        }
    }
}

impl State {
    /// What only some tasks have: their own token, and who awaits them.
    fn extras(&mut self, sequence: u32) -> (Option<CancellationToken>, Option<Waker>) {
        // Most scopes have none: do not hash for nothing.
        let token = (!self.tokens.is_empty()).then(|| self.tokens.remove(&sequence));
        let watcher = (!self.watchers.is_empty()).then(|| self.watchers.remove(&sequence));
        (token.flatten(), watcher.flatten())
    }
}

/// What the end of a task leads to, once the lock is released.
#[expect(clippy::struct_excessive_bools, reason = "a list of things to do")]
struct After {
    timer: Option<AbortHandle>,
    notify: bool,
    pump: bool,
    let_go: bool,
    settle: bool,
}

impl After {
    fn new(scope: &Scope, state: &mut State, entry: &Entry, failed: bool) -> Self {
        let timer = (!state.timers.is_empty()).then(|| state.timers.remove(&entry.sequence));
        Self {
            timer: timer.flatten(),
            notify: failed || state.group(entry.group).live == 0,
            pump: !state.waiting.is_empty() && !scope.is_full(state),
            let_go: state.holds && state.is_joinable(),
            settle: state.phase == Phase::Joined && state.is_idle(),
        }
    }

    fn act(self, scope: &Scope, entry: Entry) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
        drop(entry);
        if self.notify {
            scope.0.changed.notify_waiters();
        }
        if self.pump {
            scope.pump();
        }
        if self.let_go {
            scope.let_go();
        }
        if self.settle {
            scope.settle();
        }
    }
}
