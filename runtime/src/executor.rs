//! Who polls the tasks of a scope: its handler, under `executor = in_task`, else its carriers.
//!
//! A carrier is a task of the runtime's that polls a scope's tasks, one after the other. Whoever
//! takes a task from the queue calls another carrier for what is left there, so that a task which
//! computes for long holds nothing but itself, and tasks run on as many threads as the runtime has.
//! So each task has an allocation that is its future and its waker, and only carriers cost what the
//! runtime's own tasks do.

use std::{
    collections::VecDeque,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use crate::{
    caught::attempt,
    rt::{self, MaybeSend as Send, Runnable, Runtime},
    scope::Scope,
};

/// Most polls of tasks in one poll of who polls them: as many as tokio's schedulers do between two
/// looks at timers and sockets.
const TURN: usize = 61;

/// Who polls a task.
#[derive(Clone, Copy)]
pub(crate) enum Poller {
    /// The handler that has started it.
    Handler,
    Carrier,
    /// It is a task of the runtime's.
    Runtime,
}

/// The tasks that are to be polled. The scope's lock may be taken under this one's, never the other
/// way around.
pub(crate) struct Queue {
    queued: Mutex<Queued>,
    /// Where carriers are spawned; `None`: the handler polls the tasks.
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Queued {
    ready: VecDeque<Runnable>,
    /// Those who wait for something to poll.
    parked: Vec<Waker>,
    /// Carriers that were called and have not come yet. Where there are threads, a carrier may be
    /// where only the thread that has called it gets to: the runtime keeps what one of its threads
    /// has woken last for that thread.
    called: usize,
    /// Carriers that have made way, and are where any thread gets to.
    loose: usize,
    /// Nobody polls the tasks any more.
    closed: bool,
}

impl Queued {
    /// Gives back what many tasks at once have taken.
    fn shrink(&mut self) {
        if self.ready.capacity() > 1024 {
            self.ready = VecDeque::new();
        }
    }

    /// Whether somebody is about to poll what is ready. The second that one thread calls sets the
    /// first free, so that the tasks have a thread though the caller computes for long.
    fn is_seen_to(&self, parallel: bool) -> bool {
        let enough = if parallel && self.ready.len() > 1 {
            2
        } else {
            1
        };
        self.loose > 0 || self.called >= enough
    }
}

impl Queue {
    pub(crate) fn new(runtime: Option<Runtime>) -> Self {
        Self {
            queued: Mutex::default(),
            runtime,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        // No code of the user's runs under the lock, so a poisoned one is still consistent.
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where there is one thread, whoever polls will come to the rest, too.
    fn is_parallel(&self) -> bool {
        self.runtime.as_ref().is_some_and(Runtime::is_parallel)
    }
}

impl Scope {
    /// Starts a task.
    #[inline]
    pub(crate) fn start<F>(&self, task: F, poller: Poller)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match self.queue_of(poller) {
            Some(queue) => {
                // A waker that is kept for ever must not keep the scope: a task that lives does.
                let scope = Arc::downgrade(&self.0);
                let schedule = move |runnable| {
                    if let Some(scope) = scope.upgrade().map(Self)
                        && let Some(queue) = scope.0.queue.get()
                    {
                        scope.push(queue, runnable);
                    }
                };
                self.push(queue, rt::runnable(task, schedule));
            }
            None => rt::spawn_detached(task),
        }
    }

    /// Where `poller` gets its tasks from. Carriers are of one runtime, in which not all that is
    /// started in their scope need be.
    fn queue_of(&self, poller: Poller) -> Option<&Queue> {
        match poller {
            Poller::Runtime => return None,
            Poller::Handler => return self.0.queue.get(),
            Poller::Carrier => {}
        }
        let runtime = Runtime::current()?;
        let id = runtime.id();
        let queue = self.0.queue.get_or_init(|| Queue::new(Some(runtime)));
        let of_carriers = queue.runtime.as_ref()?;
        (of_carriers.id() == id).then_some(queue)
    }

    /// Hands over a task that is to be polled.
    fn push(&self, queue: &Queue, runnable: Runnable) {
        let mut queued = queue.lock();
        if queued.closed {
            drop(queued);
            // Which ends the task.
            drop(runnable);
            return;
        }
        queued.ready.push_back(runnable);
        if !queued.is_seen_to(queue.is_parallel()) {
            self.call(queue, queued);
        }
    }

    /// Calls somebody who polls what is ready.
    fn call(&self, queue: &Queue, mut queued: MutexGuard<'_, Queued>) {
        queued.called += 1;
        let parked = queued.parked.pop();
        drop(queued);
        if let Some(parked) = parked {
            parked.wake();
        } else if let Some(runtime) = &queue.runtime {
            runtime.spawn(Carrier {
                scope: self.clone(),
                state: CarrierState::Called,
            });
        }
    }

    /// Polls the tasks, in their handler's own future.
    pub(crate) fn poll_tasks(&self, cx: &mut Context<'_>) {
        let Some(queue) = self.0.queue.get() else {
            return;
        };
        // Cloned before the lock and dropped after it: a waker may be the user's code.
        let handler = cx.waker().clone();
        let before = take_all(queue, cx).and_then(|mut queued| {
            let before = queued.parked.pop();
            queued.parked.push(handler);
            before
        });
        drop(before);
    }

    /// Nobody polls the tasks any more: those that wait to be polled end, and those that come.
    pub(crate) fn close_queue(&self) {
        let Some(queue) = self.0.queue.get().filter(|_| self.0.plan.in_task) else {
            return;
        };
        queue.close();
    }

    /// The scope has closed: its carriers may end.
    pub(crate) fn dismiss(&self) {
        if let Some(queue) = self.0.queue.get() {
            let parked = mem::take(&mut queue.lock().parked);
            wake_all(parked);
        }
    }
}

impl Queue {
    fn close(&self) {
        let mut queued = self.lock();
        queued.closed = true;
        let left = (mem::take(&mut queued.ready), mem::take(&mut queued.parked));
        drop(queued);
        // A task's drop is its end, and both may be the user's code to drop.
        drop(left);
    }
}

/// Polls what is ready, and what that makes ready, until nothing is left: then the queue, still
/// locked; `None` when the turn is over before, and the runtime goes on.
///
/// All are taken under one lock: nobody else would come to them.
fn take_all<'a>(queue: &'a Queue, cx: &mut Context<'_>) -> Option<MutexGuard<'a, Queued>> {
    let mut turn = TURN;
    let mut taken = VecDeque::new();
    loop {
        let mut queued = queue.lock();
        // Until this is done: whoever comes to the queue calls nobody.
        queued.called = 1;
        mem::swap(&mut taken, &mut queued.ready);
        if taken.is_empty() {
            queued.called = 0;
            queued.shrink();
            return Some(queued);
        }
        drop(queued);
        while let Some(runnable) = taken.pop_front() {
            if turn == 0 {
                taken.push_front(runnable);
                let mut queued = queue.lock();
                taken.append(&mut queued.ready);
                queued.ready = taken;
                drop(queued);
                rt::yield_now(cx);
                return None;
            }
            turn -= 1;
            run(runnable);
        }
    }
}

fn run(runnable: Runnable) {
    // A task catches the user's panics. What is left is that of a runtime that cannot make a thread.
    attempt(|| runnable.run());
}

fn wake_all(parked: Vec<Waker>) {
    for waker in parked {
        waker.wake();
    }
}

struct Carrier {
    scope: Scope,
    state: CarrierState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CarrierState {
    /// On its way, or waiting to be called.
    Called,
    Loose,
    Yields,
    Ended,
}

impl Carrier {
    /// Polls what is ready, task by task, so that other carriers can take the rest. Yields as
    /// [`take_all`] does.
    fn share<'a>(
        &mut self,
        queue: &'a Queue,
        cx: &mut Context<'_>,
    ) -> Option<MutexGuard<'a, Queued>> {
        let mut queued = queue.lock();
        match mem::replace(&mut self.state, CarrierState::Called) {
            CarrierState::Called => queued.called = queued.called.saturating_sub(1),
            CarrierState::Loose => queued.loose -= 1,
            CarrierState::Yields | CarrierState::Ended => {}
        }
        let mut left = TURN;
        loop {
            let Some(runnable) = queued.ready.pop_front() else {
                queued.shrink();
                return Some(queued);
            };
            let more = !queued.ready.is_empty();
            if left > 0 && (queued.loose > 0 || !more) {
                left -= 1;
                drop(queued);
                run(runnable);
                queued = queue.lock();
                continue;
            }
            queued.ready.push_front(runnable);
            if queued.loose == 0 {
                // It goes on in the one that is called, while this one is there for the rest: woken
                // in its own poll, it comes to the end of the thread's queue, where others steal.
                queued.loose += 1;
                self.state = CarrierState::Loose;
                self.scope.call(queue, queued);
                cx.waker().wake_by_ref();
            } else {
                // Not counted on, since only its thread gets to it there.
                self.state = CarrierState::Yields;
                drop(queued);
                rt::yield_now(cx);
            }
            return None;
        }
    }
}

impl Future for Carrier {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let scope = this.scope.clone();
        let Some(queue) = scope.0.queue.get() else {
            return Poll::Ready(());
        };
        let left = if queue.is_parallel() {
            this.share(queue, cx)
        } else {
            take_all(queue, cx)
        };
        let Some(mut queued) = left else {
            return Poll::Pending;
        };
        // One that waits owns the tasks that wait: the runtime drops it when it is shut down.
        if scope.lock().live() > 0 && !queued.closed {
            queued.parked.push(cx.waker().clone());
            return Poll::Pending;
        }
        this.state = CarrierState::Ended;
        let others = mem::take(&mut queued.parked);
        drop(queued);
        wake_all(others);
        Poll::Ready(())
    }
}

impl Drop for Carrier {
    /// The runtime is being shut down, and its tasks end with it.
    fn drop(&mut self) {
        if self.state == CarrierState::Ended {
            return;
        }
        let Some(queue) = self.scope.0.queue.get() else {
            return;
        };
        // Those that wait become ready, and are dropped here, not by who wakes them later.
        queue.lock().loose += 1;
        self.scope.wake_waiting();
        queue.close();
    }
}
