//! The life of one task in its scope: reserved, attached to what can abort it, finished.

use std::{any::Any, borrow::Cow, task::Waker, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    caught::attempt,
    context::TaskRef,
    error::{Cause, TaskError, TaskErrorKind},
    host::KeepAlive,
    log,
    outcome::{BoxError, TaskKind, TaskOutcome},
    report::TaskReport,
    rt::AbortHandle,
    scope::Scope,
    site::Site,
    state::{Ended, Entry, Facts, Fate, Given, Group, Phase, Stage, State},
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

/// When a task may start.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Now,
    /// When one of the running tasks has ended.
    Waiting,
    /// When the response is out.
    Deferred,
}

pub(crate) struct Reserved {
    pub(crate) key: u32,
    pub(crate) sequence: u32,
    pub(crate) start: Start,
}

impl Reserved {
    pub(crate) fn task(&self, scope: &Scope) -> TaskRef {
        TaskRef {
            scope: scope.clone(),
            key: self.key,
            sequence: self.sequence,
        }
    }
}

impl Scope {
    /// Counts a task in, before it is spawned: one that is aborted before its first poll is
    /// counted too. `None` if the scope takes no more tasks, or if `caller`, the task of this scope
    /// that starts it, has been given up.
    pub(crate) fn reserve(
        &self,
        caller: Option<(u32, u32)>,
        kind: TaskKind,
        site: &'static Site,
        given: Option<Box<Given>>,
    ) -> Option<Reserved> {
        let started = self.nanos();
        let deferred = kind == TaskKind::AfterResponse && !self.is_released();
        let mut state = self.lock();
        let inherited = match caller {
            Some((key, sequence)) => state.task(key, sequence)?.group,
            None => Group::Tracked,
        };
        let keep_alive = inherited == Group::KeepAlive
            || matches!(kind, TaskKind::WaitUntil | TaskKind::AfterResponse)
            || state.phase > Phase::Open
            || self.is_root();
        let group = if keep_alive {
            Group::KeepAlive
        } else {
            Group::Tracked
        };
        if state.phase == Phase::Closed || state.group(group).stage >= Stage::Expired {
            return None;
        }
        let start = if deferred && !state.released {
            Start::Deferred
        } else if self.is_full(&state) {
            Start::Waiting
        } else {
            Start::Now
        };
        let sequence = state.next_sequence();
        state.counts.spawned += 1;
        state.group(group).live += 1;
        state.running += usize::from(start == Start::Now);
        let mut facts = Facts::default();
        facts.set(Facts::RUNNING, start == Start::Now);
        let key = state.tasks.insert(Entry {
            abort: None,
            site,
            given,
            started,
            sequence,
            kind,
            group,
            facts,
        });
        Some(Reserved {
            key: u32::try_from(key).expect("fewer than 2^32 tasks live at once"),
            sequence,
            start,
        })
    }

    /// Tells the scope how to abort a task that has been spawned, and does so if that is due.
    pub(crate) fn attach(&self, key: u32, sequence: u32, abort: AbortHandle) {
        let mut state = self.lock();
        let live = state.task(key, sequence).map(|entry| {
            let aborted = entry.facts.has(Facts::ABORTED);
            (aborted, entry.group)
        });
        match live {
            Some((false, group)) if state.group(group).stage < Stage::Aborted => {
                if let Some(entry) = state.task(key, sequence) {
                    entry.abort = Some(abort);
                }
            }
            // To be stopped, or given up meanwhile; one that has ended does not mind.
            _ => {
                drop(state);
                abort.abort();
            }
        }
    }

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
            Group::Tracked => state.phase == Phase::Open,
            Group::KeepAlive => self.0.plan.mode == KeepAlive::JoinAndFail && !self.is_root(),
        };
        match kind {
            TaskErrorKind::Cancelled => Fate::Done,
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
    notify: bool,
    pump: bool,
    let_go: bool,
    settle: bool,
}

impl After {
    fn new(scope: &Scope, state: &mut State, entry: &Entry, failed: bool) -> Self {
        Self {
            notify: failed || state.group(entry.group).live == 0,
            pump: !state.waiting.is_empty() && !scope.is_full(state),
            let_go: state.holds && state.is_joinable(),
            settle: state.phase == Phase::Joined && state.is_idle(),
        }
    }

    fn act(self, scope: &Scope, entry: Entry) {
        if let Some(timer) = entry.given.as_ref().and_then(|given| given.timer.as_ref()) {
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

/// The error of a task that was never counted, since its scope takes no more.
pub(crate) fn refused(site: &Site, name: Option<Cow<'static, str>>) -> TaskError {
    TaskError::new(
        TaskErrorKind::Cancelled,
        name.unwrap_or(Cow::Borrowed(site.text())),
        site.location(),
        Duration::ZERO,
        Cause::None,
    )
}
