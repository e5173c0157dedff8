//! The beginning of one task: counted in, spawned, attached to what can abort it.

use std::{borrow::Cow, sync::Arc, time::Duration};

use crate::{
    context::{self, TaskRef},
    error::{Cause, TaskError, TaskErrorKind},
    outcome::TaskKind,
    rt::AbortHandle,
    scope::Scope,
    site::Site,
    state::{Entry, Facts, Given, Group, Phase, Stage},
};

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
    ///
    /// A task that is itself a callback (`facts` say so) is outside of the limit: one that hangs
    /// must not stop another.
    pub(crate) fn reserve(
        &self,
        caller: Option<(u32, u32)>,
        kind: TaskKind,
        site: &'static Site,
        given: Option<Arc<Given>>,
        mut facts: Facts,
    ) -> Option<Reserved> {
        let unlimited = facts.has(Facts::CALLBACK);
        let started = self.nanos();
        let deferred = kind == TaskKind::AfterResponse && !self.is_released();
        let mut state = self.lock();
        let (inherited, by_callback) = match caller {
            Some((key, sequence)) => {
                let caller = state.task(key, sequence)?;
                (caller.group, caller.facts.has(Facts::CALLBACK))
            }
            None => (Group::Tracked, false),
        };
        let callback = unlimited || by_callback || context::is_handling();
        let keep_alive = inherited == Group::KeepAlive
            || matches!(kind, TaskKind::WaitUntil | TaskKind::AfterResponse)
            || state.phase > Phase::Open
            || self.is_root();
        let group = if keep_alive {
            Group::KeepAlive
        } else if callback {
            Group::Callback
        } else {
            Group::Tracked
        };
        if state.phase == Phase::Closed || state.group(group).stage >= Stage::Expired {
            return None;
        }
        let start = if deferred && !state.released {
            Start::Deferred
        } else if !unlimited && self.is_full(&state) {
            Start::Waiting
        } else {
            Start::Now
        };
        let sequence = state.next_sequence();
        state.counts.spawned += 1;
        state.group(group).live += 1;
        let counts = start == Start::Now && !unlimited;
        state.running += usize::from(counts);
        facts.set(Facts::RUNNING, counts);
        facts.set(Facts::CALLBACK, callback);
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
