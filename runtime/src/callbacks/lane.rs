//! In which order a handler sees its events, and how far it has come.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
};

use super::raised::Raised;
use crate::{
    rt,
    scope::{Inner, Scope},
};

/// The events of one handler in one invocation, one after the other.
///
/// An event that ends in its turn, with nobody waiting, costs two atomic operations and no lock.
/// All of them are `SeqCst`: who ends an event writes `ended` and then reads `others`, who waits
/// writes `others` and then reads `ended`, and one of the two must see the other.
pub(crate) struct Lane {
    /// Whose `changed` tells who waits for a [`Mark`].
    invocation: Weak<Inner>,
    /// How many events have been emitted. Each has the place of its number.
    emitted: AtomicU64,
    /// All before this place have ended: the next one's turn.
    ended: AtomicU64,
    /// Past the last place that was taken inside a callback.
    nested: AtomicU64,
    /// How many have something to do with the end of another: those in `waiting`, and watchers.
    others: AtomicUsize,
    waiting: Mutex<Waiting>,
    pub(super) raised: Raised,
}

#[derive(Default)]
struct Waiting {
    /// Those whose turn has not come.
    wakers: BTreeMap<u64, Waker>,
    /// Those that ended before their turn.
    skipped: BTreeSet<u64>,
}

impl Lane {
    pub(super) fn new(invocation: &Scope) -> Self {
        Self {
            invocation: Arc::downgrade(&invocation.0),
            emitted: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            nested: AtomicU64::new(0),
            others: AtomicUsize::new(0),
            waiting: Mutex::default(),
            raised: Raised::default(),
        }
    }

    /// The next place.
    pub(super) fn take(self: &Arc<Self>, nested: bool) -> Place {
        let number = self.emitted.fetch_add(1, SeqCst);
        if nested {
            self.nested.fetch_max(number + 1, SeqCst);
        }
        Place {
            lane: Arc::clone(self),
            number,
        }
    }

    pub(super) fn mark(self: &Arc<Self>) -> Mark {
        Mark {
            lane: Arc::clone(self),
            before: self.emitted.load(SeqCst),
        }
    }

    /// Whether every event has ended.
    pub(super) fn is_idle(&self) -> bool {
        self.ended.load(SeqCst) == self.emitted.load(SeqCst)
    }

    /// Whether a callback has emitted what has not ended.
    pub(super) fn is_nested(&self) -> bool {
        self.nested.load(SeqCst) > self.ended.load(SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        rt::lock(&self.waiting)
    }

    /// Goes past what has ended, with `number` if that is given, and wakes who has waited for it.
    #[cold]
    fn advance(&self, number: Option<u64>) {
        let mut waiting = self.lock();
        let own = number.and_then(|number| {
            waiting.skipped.insert(number);
            self.others.fetch_add(1, SeqCst);
            waiting.wakers.remove(&number)
        });
        let mut done = usize::from(own.is_some());
        let mut turn = self.ended.load(SeqCst);
        while waiting.skipped.remove(&turn) {
            done += 1;
            turn += 1;
            self.ended.store(turn, SeqCst);
        }
        let next = waiting.wakers.remove(&turn);
        done += usize::from(next.is_some());
        self.others.fetch_sub(done, SeqCst);
        drop(waiting);
        // A waker may be the user's code.
        drop(own);
        if let Some(next) = next {
            next.wake();
        }
        if let Some(invocation) = self.invocation.upgrade() {
            Scope(invocation).notify();
        }
    }
}

/// An event's place in a lane. It ends when this is dropped.
pub(super) struct Place {
    lane: Arc<Lane>,
    number: u64,
}

impl Place {
    /// Ready when all that is before it has ended.
    pub(super) fn poll_turn(&self, waker: &Waker) -> Poll<()> {
        if self.lane.ended.load(SeqCst) == self.number {
            return Poll::Ready(());
        }
        self.wait(waker)
    }

    #[cold]
    fn wait(&self, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let mut waiting = self.lane.lock();
        let before = waiting.wakers.insert(self.number, waker);
        if before.is_none() {
            self.lane.others.fetch_add(1, SeqCst);
        }
        // It may have ended meanwhile without seeing this one.
        let comes = self.lane.ended.load(SeqCst) == self.number;
        let own = comes.then(|| waiting.wakers.remove(&self.number)).flatten();
        if own.is_some() {
            self.lane.others.fetch_sub(1, SeqCst);
        }
        drop(waiting);
        drop((before, own));
        if comes {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self { lane, number } = self;
        if lane.ended.load(SeqCst) == *number && lane.others.load(SeqCst) == 0 {
            lane.ended.store(*number + 1, SeqCst);
            if lane.others.load(SeqCst) != 0 {
                lane.advance(None);
            }
        } else {
            lane.advance(Some(*number));
        }
    }
}

/// A lane, and how far it was.
pub(super) struct Mark {
    lane: Arc<Lane>,
    before: u64,
}

impl Mark {
    /// What was emitted before the mark has ended, and so has what callbacks have emitted since.
    pub(super) fn is_passed(&self) -> bool {
        let nested = self.lane.nested.load(SeqCst);
        let nested = if nested > self.before { nested } else { 0 };
        self.lane.ended.load(SeqCst) >= self.before.max(nested)
    }

    /// Until it is dropped, each end wakes who waits for the invocation to change.
    pub(super) fn watch(&self) -> Watch<'_> {
        self.lane.others.fetch_add(1, SeqCst);
        Watch(&self.lane)
    }
}

pub(super) struct Watch<'a>(&'a Lane);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.others.fetch_sub(1, SeqCst);
    }
}
