//! Who polls the tasks of a scope: its handler, under `executor = in_task`, else its carriers.
//!
//! A carrier is a task of the runtime's that polls a scope's tasks, one after the other. Before it
//! polls one while more are ready, it sees to it that another carrier is where any thread gets to:
//! so a task that computes for long holds up nothing but itself, and tasks run on as many threads as
//! the runtime has. Each task has one allocation, which is its future and its waker, and only
//! carriers cost what the runtime's own tasks do.

use std::{
    collections::VecDeque,
    mem::{self, ManuallyDrop},
    pin::Pin,
    ptr,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::Duration,
};

use crate::{
    asked::QUEUES,
    caught::attempt,
    rt::{self, Instant, MaybeSend as Send, Runnable, Runtime},
    scope::Scope,
};

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
pub(crate) struct RunQueue {
    queued: Mutex<Queued>,
    /// Where carriers are spawned; `None`: the handler polls the tasks.
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Queued {
    ready: ManuallyDrop<VecDeque<Runnable>>,
    /// Those who wait for something to poll.
    parked: Vec<Waker>,
    /// Carriers that were called and have not come yet. Where there are threads, a carrier may be
    /// where only the thread that has called it gets to: the runtime keeps what one of its threads
    /// has woken last for that thread.
    called: usize,
    /// The thread that has called them: others do not count on them.
    caller: usize,
    /// Carriers that have made way, and are where any thread gets to.
    loose: usize,
    /// Carriers that there are.
    carriers: usize,
    /// Nobody polls the tasks any more.
    closed: bool,
    turn: Turn,
}

impl Queued {
    /// Gives back what many tasks at once have taken.
    fn shrink(&mut self) {
        if self.ready.capacity() > 1024 {
            *self.ready = VecDeque::new();
        }
    }

    /// Whether somebody is about to poll what is ready. Where there are threads, only what this one
    /// has called counts, and the second call sets the first carrier free: so the tasks have a thread
    /// though the caller computes for long.
    fn is_seen_to(&self, parallel: bool) -> bool {
        if !parallel {
            return self.called > 0;
        }
        let enough = if self.ready.len() > 1 { 2 } else { 1 };
        self.loose > 0 || (self.called >= enough && self.caller == this_thread())
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        QUEUES.drop(&mut self.ready);
    }
}

impl RunQueue {
    pub(crate) fn new(runtime: Option<Runtime>) -> Self {
        Self {
            queued: Mutex::default(),
            runtime,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        rt::lock(&self.queued)
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
    fn queue_of(&self, poller: Poller) -> Option<&RunQueue> {
        match poller {
            Poller::Runtime => return None,
            Poller::Handler => return self.queue(),
            Poller::Carrier => {}
        }
        let runtime = Runtime::current()?;
        let id = runtime.id();
        let queue = self.0.queue.get_or_init(|| {
            QUEUES.ask();
            RunQueue::new(Some(runtime))
        });
        let of_carriers = queue.runtime.as_ref()?;
        (of_carriers.id() == id).then_some(queue)
    }

    /// The queue, for code that is there without one, too.
    fn queue(&self) -> Option<&RunQueue> {
        QUEUES.is_set().then(|| self.0.queue.get()).flatten()
    }

    /// Hands over a task that is to be polled.
    fn push(&self, queue: &RunQueue, runnable: Runnable) {
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
    fn call(&self, queue: &RunQueue, mut queued: MutexGuard<'_, Queued>) {
        let caller = this_thread();
        if queued.caller != caller {
            queued.caller = caller;
            queued.called = 0;
        }
        queued.called += 1;
        if let Some(parked) = queued.parked.pop() {
            drop(queued);
            parked.wake();
        } else if let Some(runtime) = &queue.runtime {
            queued.carriers += 1;
            drop(queued);
            runtime.spawn(Carrier::new(self.clone()));
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
        let Some(queue) = self.queue().filter(|_| self.0.plan.in_task) else {
            return;
        };
        queue.close();
    }

    /// The scope has closed: its carriers may end.
    pub(crate) fn dismiss(&self) {
        if let Some(queue) = self.queue() {
            let parked = mem::take(&mut queue.lock().parked);
            wake_all(parked);
        }
    }
}

impl RunQueue {
    fn close(&self) {
        let mut queued = self.lock();
        queued.closed = true;
        let left = (mem::take(&mut *queued.ready), mem::take(&mut queued.parked));
        drop(queued);
        // A task's drop is its end, and both may be the user's code to drop.
        drop(left);
    }
}

/// How many tasks are polled in one poll of who polls them. Tokio looks at timers and sockets every
/// 61 polls of its tasks, of which a carrier is one, so what it does in its turn has to be short.
struct Turn(usize);

impl Turn {
    /// As many as tokio polls between two looks.
    const MOST: usize = 61;
    /// One that takes longer is halved the next time.
    const LONG: Duration = Duration::from_micros(100);

    /// After a turn that was used up, and began then.
    fn adapt(&mut self, began: Instant) {
        self.0 = if began.elapsed() > Self::LONG {
            (self.0 / 2).max(1)
        } else {
            (self.0 * 2).min(Self::MOST)
        };
    }
}

impl Default for Turn {
    fn default() -> Self {
        Self(Self::MOST)
    }
}

/// Polls what is ready, and what that makes ready, until nothing is left: then the queue, still
/// locked; `None` when the turn is over before, and the runtime goes on. It is over, too, when a task
/// has spent the budget that tokio gives a poll: nothing that asks for it would advance.
///
/// All are taken under one lock: nobody else would come to them.
fn take_all<'a>(queue: &'a RunQueue, cx: &mut Context<'_>) -> Option<MutexGuard<'a, Queued>> {
    let began = Instant::now();
    let mut taken = VecDeque::new();
    let mut turn = None;
    loop {
        let mut queued = queue.lock();
        let left = turn.get_or_insert(queued.turn.0);
        // Until this is done: whoever comes to the queue calls nobody.
        queued.called = 1;
        mem::swap(&mut taken, &mut *queued.ready);
        if taken.is_empty() {
            queued.called = 0;
            queued.shrink();
            return Some(queued);
        }
        drop(queued);
        while let Some(runnable) = taken.pop_front() {
            if *left == 0 {
                taken.push_front(runnable);
                let mut queued = queue.lock();
                queued.turn.adapt(began);
                taken.append(&mut queued.ready);
                *queued.ready = taken;
                drop(queued);
                rt::yield_now(cx);
                return None;
            }
            run(runnable);
            *left = if rt::has_budget() { *left - 1 } else { 0 };
        }
    }
}

/// Tells the running thread from others.
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| ptr::from_ref(here).addr())
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
    life: Life,
    /// It has made way, and is counted so.
    is_loose: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    /// Not polled yet.
    New,
    Running,
    Ended,
}

impl Carrier {
    fn new(scope: Scope) -> Self {
        Self {
            scope,
            life: Life::New,
            is_loose: false,
        }
    }

    /// Polls what is ready, task by task, so that other carriers can take the rest. Yields as
    /// [`take_all`] does.
    fn share<'a>(
        scope: &Scope,
        queue: &'a RunQueue,
        is_loose: &mut bool,
        cx: &mut Context<'_>,
    ) -> Option<MutexGuard<'a, Queued>> {
        let mut queued = queue.lock();
        if mem::take(is_loose) {
            queued.loose -= 1;
        } else {
            // It may have been woken without a call, when there was nothing left to wait for.
            queued.called = queued.called.saturating_sub(1);
        }
        let mut left = queued.turn.0;
        let began = Instant::now();
        loop {
            let Some(runnable) = queued.ready.pop_front() else {
                // Who is on its way now is not where it will be looked for.
                queued.called = 0;
                queued.shrink();
                return Some(queued);
            };
            let more = !queued.ready.is_empty();
            if left > 0 && (queued.loose > 0 || !more) {
                drop(queued);
                run(runnable);
                left = if rt::has_budget() { left - 1 } else { 0 };
                queued = queue.lock();
                continue;
            }
            queued.ready.push_front(runnable);
            if left == 0 {
                queued.turn.adapt(began);
            }
            if queued.loose > 0 {
                // Which goes on.
                queued.parked.push(cx.waker().clone());
            } else {
                // Woken in its own poll, it comes to the end of the thread's queue, where others
                // steal: it is there for the rest, while the one that is called goes on.
                queued.loose += 1;
                *is_loose = true;
                cx.waker().wake_by_ref();
                scope.call(queue, queued);
            }
            return None;
        }
    }
}

impl Future for Carrier {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self {
            scope,
            life,
            is_loose,
        } = &mut *self;
        let Some(queue) = scope.0.queue.get() else {
            return Poll::Ready(());
        };
        *life = Life::Running;
        let left = if queue.is_parallel() {
            Self::share(scope, queue, is_loose, cx)
        } else {
            take_all(queue, cx)
        };
        let Some(mut queued) = left else {
            return Poll::Pending;
        };
        if queued.closed {
            // As if it were dropped: what it has just polled may wait.
            return Poll::Ready(());
        }
        // One that waits owns the tasks that wait: the runtime drops it when it is shut down.
        if scope.lock().live() > 0 {
            queued.parked.push(cx.waker().clone());
            return Poll::Pending;
        }
        *life = Life::Ended;
        let others = mem::take(&mut queued.parked);
        drop(queued);
        wake_all(others);
        Poll::Ready(())
    }
}

impl Drop for Carrier {
    /// Unless it has ended, the runtime is being shut down, and its tasks end with it.
    fn drop(&mut self) {
        let Some(queue) = self.scope.0.queue.get() else {
            return;
        };
        let mut queued = queue.lock();
        queued.carriers -= 1;
        // One that the runtime has not taken any more is dropped where somebody wakes a task: that is
        // not the place to drop others, and another carrier is about to.
        let refused = self.life == Life::New && queued.carriers > 0;
        if self.life == Life::Ended || refused {
            return;
        }
        // As if one were about to come: nobody is to be called. Those that wait become ready, and are
        // dropped here, not by who wakes them later.
        queued.loose += 1;
        drop(queued);
        self.scope.wake_waiting();
        queue.close();
    }
}
