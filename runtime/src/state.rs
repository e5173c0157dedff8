//! What a scope knows about its tasks. Everything here happens under the scope's lock; nothing
//! here runs code of the user's, not even a drop.

use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{BinaryHeap, HashMap},
    panic::Location,
    sync::Arc,
    task::Waker,
    time::Duration,
};

use slab::Slab;
use tokio_util::sync::CancellationToken;

use crate::{
    error::TaskError,
    outcome::TaskKind,
    queue::Queue,
    report::{Counts, TaskReport},
    rt::{AbortHandle, Instant},
    scope::{Deadline, Scope},
    site::Site,
    verdict,
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
    pub(crate) token: Option<CancellationToken>,
    /// Failures that are kept for the join and belong to no handle.
    pub(crate) unclaimed: usize,
}

/// A live task. Kept at 40 bytes, since there is one for every waiting task.
pub(crate) struct Entry {
    pub(crate) abort: Option<AbortHandle>,
    pub(crate) site: &'static Site,
    pub(crate) given: Option<Arc<Given>>,
    /// Nanoseconds from the scope's opening.
    pub(crate) started: u64,
    /// Tells this task from others that had its key before.
    pub(crate) sequence: u32,
    pub(crate) kind: TaskKind,
    pub(crate) group: Group,
    pub(crate) facts: Facts,
}

/// Independent facts of a live task, in one byte.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts(u8);

impl Facts {
    /// Handed to the runtime, so it counts against the limit.
    pub(crate) const RUNNING: u8 = 1;
    /// A handle was polled and has not been dropped.
    pub(crate) const CLAIMED: u8 = 2;
    /// Aborted through its handle.
    pub(crate) const ABORTED: u8 = 4;
    /// Its handle was dropped: nobody will ask for its value or its error.
    pub(crate) const ORPHAN: u8 = 8;
    /// A callback, or started by one.
    pub(crate) const CALLBACK: u8 = 16;
    /// Its failure goes to the log, never to the join.
    pub(crate) const LOGGED: u8 = 32;

    pub(crate) fn has(self, fact: u8) -> bool {
        self.0 & fact != 0
    }

    pub(crate) fn set(&mut self, fact: u8, holds: bool) {
        self.0 = (self.0 & !fact) | (u8::from(holds) * fact);
    }
}

/// What only some tasks have.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) name: Option<Cow<'static, str>>,
    /// Of a task that no macro started.
    pub(crate) location: Option<&'static Location<'static>>,
}

impl Entry {
    pub(crate) fn name(&self) -> Cow<'static, str> {
        let given = self.given.as_ref().and_then(|given| given.name.clone());
        given.unwrap_or(Cow::Borrowed(self.site.text()))
    }

    pub(crate) fn location(&self) -> &'static Location<'static> {
        let given = self.given.as_ref().and_then(|given| given.location);
        given.unwrap_or(self.site.location())
    }
}

/// A task that did not complete, until its error has found its reader.
pub(crate) struct Ended {
    pub(crate) error: TaskError,
    pub(crate) group: Group,
    /// The how-manieth end of the scope's: the first failure in time has the lowest.
    pub(crate) order: u32,
    pub(crate) claimed: bool,
    /// No handle will ask for it.
    pub(crate) orphan: bool,
    /// Stopped with its group by a sibling's failure, not through its handle.
    pub(crate) stopped: bool,
    pub(crate) fate: Fate,
}

impl Ended {
    /// Whether the join wants it, apart from any handle.
    pub(crate) fn is_wanted(&self) -> bool {
        self.fate == Fate::Join || self.stopped
    }
}

/// Who reads an error that no handle claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The join.
    Join,
    /// The log and the host's hook.
    Log,
    /// It has been read, or nobody needs to (a cancellation).
    Done,
}

/// A scope that is drained by another one.
#[derive(Clone)]
pub(crate) struct Adopted {
    pub(crate) scope: Scope,
    /// As what the tracked tasks that its handler left count there.
    pub(crate) within: Group,
}

/// A task that waits unstarted.
pub(crate) struct Pending(pub(crate) Box<dyn FnOnce() -> AbortHandle + Send>);

#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct State {
    pub(crate) tasks: Slab<Entry>,
    /// Wraps after 2³² tasks of one scope; only two that live at once under one key would collide.
    pub(crate) sequence: u32,
    pub(crate) groups: [GroupState; Group::ALL.len()],
    pub(crate) counts: Counts,
    pub(crate) rows: Vec<TaskReport>,
    pub(crate) ended: HashMap<u32, Ended>,
    pub(crate) ends: u32,
    pub(crate) phase: Phase,
    /// The response is out: `after_response!` starts at once.
    pub(crate) released: bool,
    /// How long the platform keeps the invocation alive after the response.
    pub(crate) budget: Option<Duration>,
    /// When that is over, from the response on.
    pub(crate) over: Option<Deadline>,
    /// Tells the host how the handler has ended.
    pub(crate) verdict: Option<verdict::Sender>,
    /// Tasks that count against `limit`.
    pub(crate) running: usize,
    /// Waiting for `max_concurrent`, oldest first.
    pub(crate) waiting: Queue,
    pub(crate) pumping: bool,
    /// Waiting for the response.
    pub(crate) deferred: Queue,
    pub(crate) tokens: HashMap<u32, CancellationToken>,
    /// What ends a blocking task's wait at its `timeout`.
    pub(crate) timers: HashMap<u32, AbortHandle>,
    /// Who awaits a task that may be given up while it runs.
    pub(crate) watchers: HashMap<u32, Waker>,
    /// Ended handlers' scopes that this one drains.
    pub(crate) adopted: Slab<Adopted>,
    /// Who drains this one, and the key there.
    pub(crate) adopter: Option<(Scope, usize)>,
    /// Adopted scopes whose tracked tasks hold this one's join.
    pub(crate) holders: usize,
    /// This scope's tracked tasks hold its adopter's join.
    pub(crate) holds: bool,
    /// Somebody outside drives the drain of this scope.
    pub(crate) attached: bool,
    /// Failures of adopted scopes, kept for the join.
    pub(crate) inherited: Vec<TaskError>,
}

impl State {
    pub(crate) fn new(now: Instant) -> Self {
        let group = || GroupState {
            live: 0,
            stage: Stage::Running,
            since: now,
            token: None,
            unclaimed: 0,
        };
        Self {
            tasks: Slab::new(),
            sequence: 0,
            groups: [group(), group(), group()],
            counts: Counts::default(),
            rows: Vec::new(),
            ended: HashMap::new(),
            ends: 0,
            phase: Phase::Open,
            released: false,
            budget: None,
            over: None,
            verdict: None,
            running: 0,
            waiting: Queue::default(),
            pumping: false,
            deferred: Queue::default(),
            tokens: HashMap::new(),
            timers: HashMap::new(),
            watchers: HashMap::new(),
            adopted: Slab::new(),
            adopter: None,
            holders: 0,
            holds: false,
            attached: false,
            inherited: Vec::new(),
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
        self.live() == 0 && self.adopted.is_empty()
    }

    pub(crate) fn adopted(&self) -> Vec<Adopted> {
        self.adopted
            .iter()
            .map(|(_, child)| child.clone())
            .collect()
    }

    /// Nothing holds the join any more.
    pub(crate) fn is_joinable(&self) -> bool {
        let live = |&group: &Group| self.groups[group as usize].live;
        Group::JOINED.iter().all(|group| live(group) == 0) && self.holders == 0
    }

    pub(crate) fn task(&mut self, key: u32, sequence: u32) -> Option<&mut Entry> {
        self.tasks
            .get_mut(key as usize)
            .filter(|entry| entry.sequence == sequence)
    }

    /// The group's token; one that has fired already if the group has been told to stop.
    pub(crate) fn token(&mut self, group: Group) -> CancellationToken {
        let group = self.group(group);
        let told = group.stage >= Stage::Told;
        let make = || {
            let token = CancellationToken::new();
            if told {
                // Nobody has it yet, so nobody is woken under the lock.
                token.cancel();
            }
            token
        };
        group.token.get_or_insert_with(make).clone()
    }

    /// Takes a live task out; `None` if it has been given up before.
    pub(crate) fn remove(&mut self, key: u32, sequence: u32) -> Option<Entry> {
        self.task(key, sequence)?;
        let entry = self.tasks.remove(key as usize);
        self.group(entry.group).live -= 1;
        self.running -= usize::from(entry.facts.has(Facts::RUNNING));
        if self.tasks.is_empty() && self.tasks.capacity() > 1024 {
            self.tasks = Slab::new();
        }
        Some(entry)
    }

    /// Takes the failures of `groups` that belong to the join, the first in time first, and leaves
    /// a summary for handles that ask later.
    pub(crate) fn take_failures(&mut self, groups: &[Group]) -> Vec<TaskError> {
        let is_failure = |ended: &Ended| {
            ended.fate == Fate::Join && !ended.claimed && groups.contains(&ended.group)
        };
        let mut failures: BinaryHeap<_> = self
            .ended
            .extract_if(|_, ended| ended.orphan && is_failure(ended))
            .map(|(_, ended)| InTime(ended.order, ended.error))
            .collect();
        for ended in self.ended.values_mut().filter(|ended| is_failure(ended)) {
            ended.fate = Fate::Done;
            let summary = ended.error.summary();
            let error = std::mem::replace(&mut ended.error, summary);
            failures.push(InTime(ended.order, error));
        }
        for &group in groups {
            self.group(group).unclaimed = 0;
        }
        let inherited = if groups.contains(&Group::KeepAlive) {
            std::mem::take(&mut self.inherited)
        } else {
            Vec::new()
        };
        let mut failures = in_time(failures);
        failures.extend(inherited);
        failures
    }

    /// Nobody joins `groups` any more: claimed failures that come back go to the log.
    pub(crate) fn unkeep(&mut self, groups: &[Group]) {
        for ended in self.ended.values_mut() {
            if ended.fate == Fate::Join && groups.contains(&ended.group) {
                ended.fate = Fate::Log;
            }
        }
    }

    /// Takes the account of `inner`, an adopted or nested scope that closes; not if this one has
    /// closed before.
    pub(crate) fn take_over(
        &mut self,
        inner: &mut Self,
        key: Option<usize>,
        unread: &mut Vec<TaskError>,
        rows: Vec<TaskReport>,
    ) -> bool {
        if self.phase == Phase::Closed {
            return false;
        }
        self.counts.add(inner.counts);
        self.rows.extend(rows);
        self.inherited.append(unread);
        if let Some(key) = key {
            self.adopted.remove(key);
            self.holders -= usize::from(std::mem::take(&mut inner.holds));
        }
        true
    }

    /// Summaries of the tracked tasks that were stopped with their group.
    pub(crate) fn cancelled(&self) -> Vec<TaskError> {
        let stopped = self.ended.values().filter(|ended| ended.stopped);
        in_time(
            stopped
                .map(|ended| InTime(ended.order, ended.error.summary()))
                .collect(),
        )
    }
}

/// An error by the time of its end.
struct InTime(u32, TaskError);

impl Ord for InTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for InTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for InTime {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for InTime {}

/// The first in time first. By a heap, whose code is a tenth of that of a sort.
fn in_time(errors: BinaryHeap<InTime>) -> Vec<TaskError> {
    let sorted = errors.into_sorted_vec();
    sorted.into_iter().map(|InTime(_, error)| error).collect()
}

#[cfg(test)]
mod tests {
    use super::Entry;

    #[test]
    fn an_entry_stays_small() {
        assert!(size_of::<Entry>() <= 40, "{}", size_of::<Entry>());
        assert_eq!(size_of::<Option<Entry>>(), size_of::<Entry>());
    }
}
