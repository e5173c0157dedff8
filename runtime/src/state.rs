//! What a scope knows about its tasks. Everything here happens under the scope's lock; nothing
//! here runs code of the user's, not even a drop.

use std::{
    mem::{self, ManuallyDrop},
    ops::Deref,
    sync::Arc,
    task::Waker,
    time::Duration,
};

use slab::Slab;
use tokio_util::sync::CancellationToken;

use crate::{
    asked::ROWS,
    error::TaskError,
    queue::Queue,
    report::{Counts, TaskReport},
    rt::Instant,
    scope::{Deadline, Scope},
    slot::{Ended, Facts, Fate, Slot},
    verdict::Told,
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

/// A task that waits unstarted.
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

/// What only some scopes have.
pub(crate) struct More {
    pub(crate) rows: ManuallyDrop<Vec<TaskReport>>,
    /// How long the platform keeps the invocation alive after the response.
    pub(crate) budget: Option<Duration>,
    /// When that is over, from the response on.
    pub(crate) over: Option<Deadline>,
    /// The host wants to know how the handler ends.
    pub(crate) wants_verdict: bool,
    pub(crate) verdict: Option<Told>,
    /// Waiting for `max_concurrent`, oldest first.
    pub(crate) waiting: Queue,
    /// Waiting for the response.
    pub(crate) deferred: Queue,
    /// Who waits for a change and does not join. One that has been woken is still here, until it
    /// waits again or is gone.
    pub(crate) observers: Slab<Option<Waker>>,
    /// Ended handlers' scopes that this one drains.
    pub(crate) adopted: Slab<Adopted>,
    /// Who drains this one, and the key there.
    pub(crate) adopter: Option<(Scope, usize)>,
    /// The tasks whose end the join may want, the first in time first, and some that have been
    /// taken by their handles since.
    failed: Vec<(u32, u32)>,
    /// Failures of adopted scopes, kept for the join.
    pub(crate) inherited: Vec<TaskError>,
}

impl More {
    const NOTHING: Self = Self {
        rows: ManuallyDrop::new(Vec::new()),
        budget: None,
        over: None,
        wants_verdict: false,
        verdict: None,
        waiting: Queue::new(),
        deferred: Queue::new(),
        observers: Slab::new(),
        adopted: Slab::new(),
        adopter: None,
        failed: Vec::new(),
        inherited: Vec::new(),
    };
}

impl Drop for More {
    fn drop(&mut self) {
        ROWS.drop(&mut self.rows);
    }
}

/// [`More`], once something is put there: each invocation makes a state, moves it and drops it.
#[derive(Default)]
pub(crate) struct Boxed(Option<Box<More>>);

impl Deref for Boxed {
    type Target = More;

    #[inline]
    fn deref(&self) -> &More {
        const NOTHING: &More = &More::NOTHING;
        self.0.as_deref().unwrap_or(NOTHING)
    }
}

impl Boxed {
    /// To put something there. A call, instead of its code in each of the places.
    #[inline(never)]
    pub(crate) fn make(&mut self) -> &mut More {
        self.0.get_or_insert_with(|| Box::new(More::NOTHING))
    }

    /// To take something out, where there may be something.
    pub(crate) fn get(&mut self) -> Option<&mut More> {
        self.0.as_deref_mut()
    }
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
        more.failed.retain(|&task| {
            let Some((facts, group, ended)) = wanted(slots, task) else {
                return false;
            };
            if ended.fate != Fate::Join || !groups.contains(&group) {
                return true;
            }
            if facts.has(Facts::CLAIMED) {
                ended.fate = Fate::Log;
                return false;
            }
            ended.fate = Fate::Done;
            let summary = ended.error.summary();
            failures.push(mem::replace(&mut ended.error, summary));
            if facts.has(Facts::ORPHAN) {
                slots.remove(task.0 as usize);
            }
            false
        });
        if groups.contains(&Group::KeepAlive) {
            failures.append(&mut more.inherited);
        }
        failures
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
        site::Site,
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
