//! `executor = in_task`: tasks that are polled inside their handler's own task.
//!
//! A task gets a waker of its own when it first waits, and not before: until then it is polled with
//! a spare one, which goes on to the next task if nobody has kept it.

use std::{
    collections::VecDeque,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering, fence},
    },
    task::{Context, Wake, Waker},
};

use slab::Slab;

use crate::{rt::InTask, scope::Scope};

/// Most polls of tasks in one poll of the handler: as many as tokio's cooperative budget allows.
const TURN: usize = 128;

/// The way to the executor, for who starts a task or wakes one.
#[derive(Default)]
pub(crate) struct Queue(Mutex<Queued>);

#[derive(Default)]
struct Queued {
    fresh: VecDeque<InTask>,
    woken: VecDeque<usize>,
    /// The handler's, while it waits.
    handler: Option<Waker>,
    closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Queued> {
        // No code of the user's runs under the lock, so a poisoned one is still consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a task over. One whose handler is gone is dropped, which ends it.
    pub(crate) fn push(&self, task: InTask) {
        let mut queued = self.lock();
        if queued.closed {
            drop(queued);
            drop(task);
            return;
        }
        queued.fresh.push_back(task);
        wake_handler(queued);
    }

    /// Ends what has not been polled, and what comes from now on.
    fn close(&self) {
        let mut queued = self.lock();
        queued.closed = true;
        let left = (mem::take(&mut queued.fresh), queued.handler.take());
        drop(queued);
        // A task's drop is its end, and both may be the user's code to drop.
        drop(left);
    }
}

impl Scope {
    /// Hands a task to the handler, where that polls them.
    pub(crate) fn push(&self, task: InTask) {
        if let Some(queue) = &self.0.in_task {
            queue.push(task);
        }
    }

    /// Ends what would wait for a handler that is gone.
    pub(crate) fn close_queue(&self) {
        if let Some(queue) = &self.0.in_task {
            queue.close();
        }
    }
}

/// One that is being polled has not said again that it waits, and its turn comes anyway; woken for
/// what it has said before, it is polled once in vain.
#[inline]
fn wake_handler(mut queued: MutexGuard<'_, Queued>) {
    if let Some(handler) = queued.handler.take() {
        drop(queued);
        handler.wake();
    }
}

/// What a task's waker tells the executor.
struct Signal {
    queue: Arc<Queue>,
    /// The task's key.
    key: AtomicUsize,
    /// Woken, and not polled since.
    woken: AtomicBool,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // AcqRel: what was done before the wake is seen by the poll that it leads to.
        if !self.woken.swap(true, Ordering::AcqRel) {
            let mut queued = self.queue.lock();
            queued.woken.push_back(self.key.load(Ordering::Relaxed));
            wake_handler(queued);
        }
    }
}

struct Running {
    task: InTask,
    own: Own,
}

/// Polls the tasks, in the handler's own future.
pub(crate) struct Executor {
    queue: Arc<Queue>,
    waiting: Slab<Running>,
    fresh: VecDeque<InTask>,
    woken: VecDeque<usize>,
    spare: Own,
}

/// A waker, and what it tells.
struct Own {
    signal: Arc<Signal>,
    waker: Waker,
}

impl Own {
    fn new(queue: &Arc<Queue>) -> Self {
        let signal = Arc::new(Signal {
            queue: Arc::clone(queue),
            key: AtomicUsize::new(0),
            woken: AtomicBool::new(false),
        });
        let waker = Waker::from(Arc::clone(&signal));
        Self { signal, waker }
    }
}

impl Executor {
    pub(crate) fn new(queue: Arc<Queue>) -> Self {
        Self {
            spare: Own::new(&queue),
            queue,
            waiting: Slab::new(),
            fresh: VecDeque::new(),
            woken: VecDeque::new(),
        }
    }

    /// Polls what is fresh or woken, and what that starts and wakes, until nothing is left, or the
    /// turn is over.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        // Cloned before the lock and dropped after it: it may be the user's code.
        let handler = cx.waker().clone();
        let mut left = TURN;
        loop {
            {
                let mut queued = self.queue.lock();
                if self.fresh.is_empty() {
                    mem::swap(&mut self.fresh, &mut queued.fresh);
                }
                if self.woken.is_empty() {
                    mem::swap(&mut self.woken, &mut queued.woken);
                }
                if self.fresh.is_empty() && self.woken.is_empty() {
                    let before = queued.handler.replace(handler);
                    drop(queued);
                    drop(before);
                    return;
                }
            }
            while let Some(key) = self.woken.pop_front() {
                if left == 0 {
                    self.woken.push_front(key);
                    return handler.wake();
                }
                left -= 1;
                self.poll_woken(key);
            }
            while let Some(task) = self.fresh.pop_front() {
                if left == 0 {
                    self.fresh.push_front(task);
                    return handler.wake();
                }
                left -= 1;
                self.poll_fresh(task);
            }
        }
    }

    fn poll_woken(&mut self, key: usize) {
        // A waker may outlive its task.
        let Some(running) = self.waiting.get_mut(key) else {
            return;
        };
        // Before the poll: a wake during it leads to another one.
        running.own.signal.woken.swap(false, Ordering::AcqRel);
        let mut cx = Context::from_waker(&running.own.waker);
        if Pin::new(&mut running.task).poll(&mut cx).is_ready() {
            drop(self.waiting.remove(key));
        }
    }

    fn poll_fresh(&mut self, mut task: InTask) {
        let Own { signal, waker } = &self.spare;
        let entry = self.waiting.vacant_entry();
        signal.key.store(entry.key(), Ordering::Relaxed);
        let polled = Pin::new(&mut task).poll(&mut Context::from_waker(waker));
        // Two: nobody has kept it.
        if polled.is_ready() && Arc::strong_count(signal) == 2 {
            // Acquire: a thread that has let go of its waker woke it before, not after the next line.
            fence(Ordering::Acquire);
            signal.woken.store(false, Ordering::Relaxed);
            return;
        }
        let own = mem::replace(&mut self.spare, Own::new(&self.queue));
        if polled.is_pending() {
            entry.insert(Running { task, own });
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.queue.close();
        self.fresh.clear();
        self.waiting.clear();
    }
}
