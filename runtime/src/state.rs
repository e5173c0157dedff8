//! What a scope knows about its tasks. Everything here happens under the scope's lock; nothing
//! here runs code of the user's, not even a drop.

use std::{mem, sync::Arc, task::Waker};

use slab::Slab;
use tokio_util::sync::CancellationToken;

use crate::{
    error::TaskError,
    more::Boxed,
    report::{Counts, TaskReport},
    rt::Instant,
    scope::Scope,
    slot::{Facts, Slot},
};

/// The ways in which a task holds its invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Holds the handler's return.
    Tracked,
    /// Holds the invocation, not the response.
    KeepAlive,
    /// Holds the handler's return, and no failure of another task stops it: a callback.
    Callback,
}

impl Group {
    pub(crate) const ALL: &[Self; 3] = &[Self::Tracked, Self::KeepAlive, Self::Callback];
    /// Those that hold the handler's return.
    pub(crate) const JOINED: &[Self] = &[Self::Tracked, Self::Callback];

    /// As what a task of this group counts in the scope that has adopted its own, in which what
    /// opened its scope counts as `within`.
    pub(crate) fn adopted(self, within: Self) -> Self {
        match (self, within) {
            (Self::KeepAlive, _) | (_, Self::KeepAlive) => Self::KeepAlive,
            (Self::Callback, _) => Self::Callback,
            (Self::Tracked, within) => within,
        }
    }
}

/// How far the stopping of a group has come. It only ever rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Running,
    /// The cancellation token has fired; tasks may stop by themselves.
    Told,
    /// Aborted, since a sibling failed or the handler was dropped: what stops is `Cancelled`.
    Aborted,
    /// Aborted by the deadline: what stops is `TimedOut`. The group takes no more tasks.
    Expired,
    /// What had not stopped was given up.
    Abandoned,
}

/// How far a scope's life has come. It only ever rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The body runs, or its tracked tasks are being joined.
    Open,
    /// Nobody will join: whatever is still live, or comes now, is keep-alive.
    Joined,
    /// The drain has ended: no more tasks.
    Closed,
}

pub(crate) struct GroupState {
    pub(crate) live: usize,
    pub(crate) stage: Stage,
    /// When it came to that stage.
    pub(crate) since: Instant,
    pub(crate) token: Option<Arc<dyn Token>>,
    /// Failures that are kept for the join and belong to no handle.
    pub(crate) unclaimed: usize,
}

/// A [`CancellationToken`] that somebody has asked for. Only who asks has the code of one: most
/// programs do not.
pub(crate) trait Token: Send + Sync {
    fn cancel(&self);

    fn get(&self) -> &CancellationToken;
}

impl Token for CancellationToken {
    fn cancel(&self) {
        self.cancel();
    }

    fn get(&self) -> &CancellationToken {
        self
    }
}

/// A new token, fired already with `fired`.
pub(crate) fn given(token: CancellationToken, fired: bool) -> Arc<dyn Token> {
    if fired {
        // Nobody has it yet, so nobody is woken under the lock.
        token.cancel();
    }
    Arc::new(token)
}

/// A scope that is drained by another one.
#[derive(Clone)]
pub(crate) struct Adopted {
    pub(crate) scope: Scope,
    /// As what the tracked tasks that its handler left count there.
    pub(crate) within: Group,
}

/// A task, or a drain, that waits unstarted.
pub(crate) struct Pending(pub(crate) Box<dyn FnOnce() + Send>);

#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct State {
    pub(crate) slots: Slab<Slot>,
    /// Wraps after 2³² tasks of one scope; only two that live at once under one key would collide.
    pub(crate) sequence: u32,
    pub(crate) groups: [GroupState; Group::ALL.len()],
    pub(crate) counts: Counts,
    pub(crate) phase: Phase,
    /// The response is out: `after_response!` starts at once.
    pub(crate) released: bool,
    /// Tasks that count against `limit`.
    pub(crate) running: usize,
    pub(crate) pumping: bool,
    /// Who joins, and waits for a change: a group became empty, a failure came to the join, the scope
    /// closed.
    pub(crate) joiner: Option<Waker>,
    /// Adopted scopes whose tracked tasks hold this one's join.
    pub(crate) holders: usize,
    /// This scope's tracked tasks hold its adopter's join.
    pub(crate) holds: bool,
    /// Somebody outside drives the drain of this scope.
    pub(crate) attached: bool,
    pub(crate) more: Boxed,
}

impl State {
    #[inline]
    pub(crate) fn new(opened: Instant, phase: Phase, released: bool) -> Self {
        let group = || GroupState {
            live: 0,
            stage: Stage::Running,
            since: opened,
            token: None,
            unclaimed: 0,
        };
        Self {
            slots: Slab::new(),
            sequence: 0,
            groups: [group(), group(), group()],
            counts: Counts::default(),
            phase,
            released,
            running: 0,
            pumping: false,
            joiner: None,
            holders: 0,
            holds: false,
            attached: false,
            more: Boxed::default(),
        }
    }

    pub(crate) fn next_sequence(&mut self) -> u32 {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        sequence
    }

    pub(crate) fn group(&mut self, group: Group) -> &mut GroupState {
        &mut self.groups[group as usize]
    }

    pub(crate) fn live(&self) -> usize {
        self.groups.iter().map(|group| group.live).sum()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.live() == 0 && self.more.adopted.is_empty()
    }

    /// Nothing but tracked tasks, all of which have completed or run undisturbed.
    pub(crate) fn is_quiet(&self) -> bool {
        let (tracked, more) = (&self.groups[Group::Tracked as usize], &*self.more);
        self.phase == Phase::Open
            && self.live() == tracked.live
            && tracked.stage == Stage::Running
            && !self.attached
            && more.failed.is_empty()
            && more.waiting.is_empty()
            && more.adopted.is_empty()
            && more.inherited.is_empty()
            && !more.wants_verdict
    }

    /// Nothing holds the join any more.
    pub(crate) fn is_joinable(&self) -> bool {
        let live = |&group: &Group| self.groups[group as usize].live;
        Group::JOINED.iter().all(|group| live(group) == 0) && self.holders == 0
    }

    /// The slot of a task, live or ended.
    pub(crate) fn slot(&mut self, key: u32, sequence: u32) -> Option<&mut Slot> {
        self.slots
            .get_mut(key as usize)
            .filter(|slot| slot.sequence == sequence)
    }

    /// The slot of a live task.
    pub(crate) fn task(&mut self, key: u32, sequence: u32) -> Option<&mut Slot> {
        self.slot(key, sequence)
            .filter(|slot| !slot.facts.has(Facts::ENDED))
    }

    /// The live tasks and their keys.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = (u32, &Slot)> {
        let live = self
            .slots
            .iter()
            .filter(|(_, slot)| !slot.facts.has(Facts::ENDED));
        live.map(|(key, slot)| (u32::try_from(key).expect("keys are made from u32"), slot))
    }

    /// The group's token; one that has fired already if the group has been told to stop.
    pub(crate) fn token(&mut self, group: Group) -> &CancellationToken {
        let group = self.group(group);
        let told = group.stage >= Stage::Told;
        let make = || given(CancellationToken::new(), told);
        group.token.get_or_insert_with(make).get()
    }

    /// Nobody asks for the task any more.
    pub(crate) fn free(&mut self, key: u32) -> Slot {
        let slot = self.slots.remove(key as usize);
        if self.slots.is_empty() && self.slots.capacity() > 1024 {
            self.slots = Slab::new();
        }
        slot
    }

    /// Takes the account of `inner`, an adopted or nested scope that closes; not if this one has
    /// closed before.
    pub(crate) fn take_over(
        &mut self,
        inner: &mut Self,
        key: Option<usize>,
        unread: &mut Vec<TaskError>,
    ) -> bool {
        if self.phase == Phase::Closed {
            return false;
        }
        self.counts.add(inner.counts);
        if !unread.is_empty() {
            self.more.make().inherited.append(unread);
        }
        if let Some(key) = key {
            self.more.make().adopted.remove(key);
            self.holders -= usize::from(mem::take(&mut inner.holds));
        }
        true
    }

    /// Takes over the rows of `inner` too; with `copies`, it still needs them for its own report.
    pub(crate) fn add_rows(&mut self, inner: &mut Self, copies: bool) {
        let rows = if copies {
            inner.more.rows.to_vec()
        } else {
            inner.take_rows()
        };
        if !rows.is_empty() {
            self.more.make().rows.extend(rows);
        }
    }

    pub(crate) fn take_rows(&mut self) -> Vec<TaskReport> {
        let more = self.more.get();
        more.map(|more| mem::take(&mut *more.rows))
            .unwrap_or_default()
    }
}
