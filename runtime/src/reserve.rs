//! The beginning of one task: it is counted in.

use std::{borrow::Cow, sync::MutexGuard, time::Duration};

use crate::{
    asked::WAITING,
    context::{self, Started, TaskRef},
    error::{Cause, TaskError, TaskErrorKind},
    executor::Poller,
    outcome::TaskKind,
    scope::Scope,
    site::Site,
    slot::{Extra, Facts, Slot},
    state::{Group, Phase, Stage, State},
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

impl Start {
    /// As most do, and all where nothing else was asked for.
    pub(crate) fn is_now(self) -> bool {
        !WAITING.is_set() || self == Self::Now
    }
}

/// A task that is counted in.
pub(crate) struct Reserved {
    pub(crate) task: TaskRef,
    pub(crate) start: Start,
    pub(crate) poller: Poller,
}

impl Scope {
    /// Counts a task in, before it is spawned: one that is aborted before its first poll is
    /// counted too. `extra` comes back if the scope takes no more tasks, or if `caller`, the task of
    /// this scope that starts it, has been given up.
    ///
    /// A task that is itself a callback (`facts` say so) is outside of the limit: one that hangs
    /// must not stop another.
    pub(crate) fn reserve(
        &self,
        caller: Option<(u32, u32)>,
        kind: TaskKind,
        site: &'static Site,
        extra: Option<Box<Extra>>,
        mut facts: Facts,
        started: u64,
    ) -> Result<Reserved, Option<Box<Extra>>> {
        let unlimited = facts.has(Facts::CALLBACK);
        let deferred = kind == TaskKind::AfterResponse && !self.is_released();
        let mut state = self.lock();
        let (inherited, by_callback) = match caller {
            Some((key, sequence)) => match state.task(key, sequence) {
                Some(caller) => (caller.group, caller.facts.has(Facts::CALLBACK)),
                None => return Err(extra),
            },
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
            return Err(extra);
        }
        let start = if deferred && !state.released {
            Start::Deferred
        } else if !unlimited && self.is_full(&state) {
            Start::Waiting
        } else {
            Start::Now
        };
        facts.set(Facts::RUNNING, start.is_now() && !unlimited);
        facts.set(Facts::CALLBACK, callback);
        let sequence = state.next_sequence();
        let slot = Slot {
            stopper: None,
            site,
            extra,
            started,
            sequence,
            kind,
            group,
            facts,
        };
        let (task, poller) = self.admit(state, slot);
        Ok(Reserved {
            task,
            start,
            poller,
        })
    }

    /// The same for most tasks, in fewer steps: with the defaults, started at once in a scope without
    /// a limit, whose handler runs undisturbed. `None`: it takes [`reserve`](Self::reserve).
    #[inline]
    pub(crate) fn reserve_plain(
        &self,
        caller: Option<(u32, u32)>,
        kind: TaskKind,
        site: &'static Site,
        started: &Started,
    ) -> Option<(TaskRef, Poller)> {
        if !self.0.is_plain || context::is_handling() {
            return None;
        }
        let started = started.of(self);
        let mut state = self.lock();
        let mut group = match kind {
            TaskKind::Spawn => Group::Tracked,
            _ => Group::KeepAlive,
        };
        if let Some((key, sequence)) = caller {
            match state.task(key, sequence)?.group {
                Group::Tracked => {}
                // Which its handler would not poll.
                Group::KeepAlive if !self.0.plan.in_task => group = Group::KeepAlive,
                Group::KeepAlive | Group::Callback => return None,
            }
        }
        if state.phase > Phase::Open || state.group(group).stage > Stage::Running {
            return None;
        }
        // It is woken, which is code of the user's.
        if state.joiner.is_some() && state.live() == 0 {
            return None;
        }
        let sequence = state.next_sequence();
        let slot = Slot {
            stopper: None,
            site,
            extra: None,
            started,
            sequence,
            kind,
            group,
            facts: Facts::STARTED,
        };
        Some(self.admit(state, slot))
    }

    #[inline]
    fn admit(&self, mut state: MutexGuard<'_, State>, slot: Slot) -> (TaskRef, Poller) {
        let before = state.live();
        let poller = self.poller(before, &slot);
        // Who waits without a task waits for one, to hold it to its deadline.
        let joiner = (before == 0).then(|| state.joiner.take()).flatten();
        state.counts.spawned += 1;
        state.group(slot.group).live += 1;
        state.running += usize::from(slot.facts.has(Facts::RUNNING));
        let sequence = slot.sequence;
        let key = state.slots.insert(slot);
        drop(state);
        if let Some(joiner) = joiner {
            joiner.wake();
        }
        let task = TaskRef {
            scope: self.clone(),
            key: index(key),
            sequence,
        };
        (task, poller)
    }

    fn poller(&self, before: usize, slot: &Slot) -> Poller {
        if self.0.plan.in_task {
            let is_its = slot.kind == TaskKind::Spawn && slot.group == Group::Tracked;
            return if is_its {
                Poller::Handler
            } else {
                Poller::Runtime
            };
        }
        // Two would pay for a carrier. The root scope is of no runtime.
        if before < 2 || self.is_root() {
            Poller::Runtime
        } else {
            Poller::Carrier
        }
    }
}

/// A key has a bit to spare, which the task's context uses.
fn index(key: usize) -> u32 {
    let key = u32::try_from(key).ok().filter(|key| *key < 1 << 31);
    key.expect("fewer than 2^31 tasks live at once")
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
