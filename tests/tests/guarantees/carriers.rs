//! Tracked tasks share a few tasks of the runtime's, and none is held up by another.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    task::{Poll, Waker},
    thread,
};

use super::*;
use tethered::{JoinError, Scope, serverless_handler, spawn_tracked, wait_until};
use tokio::runtime::{Builder, Runtime};

/// For what would otherwise hang.
const LONG: Duration = Duration::from_secs(20);

fn threads(threads: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .unwrap()
}

/// Wakes the threads of `runtime` time and again, until it is dropped. A thread may park between
/// another's push and its look for work; what was pushed then waits, under bare `tokio::spawn`, too,
/// until something wakes a thread, which is long where all others block. What a thread keeps for
/// itself it keeps.
fn pulse(runtime: &Runtime) -> Arc<()> {
    let wanted = Arc::new(());
    let (still, runtime) = (Arc::downgrade(&wanted), runtime.handle().clone());
    thread::spawn(move || {
        while still.strong_count() > 0 {
            runtime.spawn(async {});
            thread::sleep(ms(1));
        }
    });
    wanted
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn one_that_blocks_holds_up_no_other() {
    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        let (send, receive) = mpsc::channel();
        for _ in 0..3 {
            spawn_tracked!(async {});
        }
        spawn_tracked!(async move { receive.recv_timeout(LONG) });
        spawn_tracked!(async move { send.send(()) });
        Ok(())
    }

    let runtime = threads(2);
    let _pulse = pulse(&runtime);
    // From a worker, which takes part, and from outside.
    let handling = runtime.spawn(handler());
    runtime.block_on(handling).unwrap().unwrap();
    runtime.block_on(handler()).unwrap();
}

#[test]
fn all_threads_take_part() {
    const THREADS: usize = 4;

    /// Stays until all are there.
    fn meet(there: &AtomicUsize) -> Result<(), &'static str> {
        let start = std::time::Instant::now();
        there.fetch_add(1, Ordering::SeqCst);
        while there.load(Ordering::SeqCst) < THREADS {
            if start.elapsed() > LONG {
                return Err("some never came");
            }
            thread::yield_now();
        }
        Ok(())
    }

    #[serverless_handler]
    async fn handler(spare: usize) -> Result<(), JoinError> {
        let there = Arc::new(AtomicUsize::new(0));
        for _ in 0..spare {
            spawn_tracked!(async {});
        }
        for _ in 0..THREADS {
            let there = there.clone();
            spawn_tracked!(async move { meet(&there) });
        }
        Ok(())
    }

    let runtime = threads(THREADS);
    let _pulse = pulse(&runtime);
    for spare in 0..30 {
        let handling = runtime.spawn(handler(spare));
        runtime.block_on(handling).unwrap().unwrap();
        runtime.block_on(handler(spare)).unwrap();
    }
}

/// As under `tokio::spawn`: but for the last one, which tokio may keep for the thread that computes.
#[test]
fn a_body_that_computes_holds_up_no_task() {
    #[serverless_handler]
    async fn handler(tasks: usize) -> Result<(), JoinError> {
        let (send, receive) = mpsc::channel();
        for _ in 0..tasks {
            let send = send.clone();
            spawn_tracked!(async move { send.send(()) });
        }
        for _ in 1..tasks {
            receive.recv_timeout(LONG).expect("it has run");
        }
        // The last one says that it has, too.
        spawn_tracked!(async move {
            let _receive = receive;
        });
        Ok(())
    }

    let runtime = threads(2);
    let _pulse = pulse(&runtime);
    for tasks in 1..30 {
        let handling = runtime.spawn(handler(tasks));
        runtime.block_on(handling).unwrap().unwrap_or_default();
    }
}

/// Waits for a waker of its own to be called, by whoever takes it.
struct Door(Mutex<(bool, Option<Waker>)>);

impl Door {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((false, None))))
    }

    async fn wait(self: Arc<Self>) {
        poll_fn(|cx| {
            let mut door = self.0.lock().unwrap();
            door.1 = Some(cx.waker().clone());
            if door.0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn open(&self) {
        let waker = {
            let mut door = self.0.lock().unwrap();
            door.0 = true;
            door.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[test]
fn those_that_wait_are_woken_by_threads_outside_of_the_runtime() {
    #[serverless_handler]
    async fn handler(doors: Vec<Arc<Door>>) -> Result<(), JoinError> {
        for door in doors {
            spawn_tracked!(door.wait());
        }
        Ok(())
    }

    for runtime in [one_thread(), threads(2)] {
        for _ in 0..50 {
            let doors: Vec<_> = (0..20).map(|_| Door::new()).collect();
            let openers: Vec<_> = (doors.iter().cloned())
                .map(|door| thread::spawn(move || door.open()))
                .collect();
            let handling = async { tokio::time::timeout(LONG, handler(doors)).await };
            runtime.block_on(handling).expect("woken").unwrap();
            for opener in openers {
                opener.join().unwrap();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_that_wait_share_a_few_tasks_of_the_runtime() {
    #[serverless_handler]
    async fn handler() -> Result<usize, JoinError> {
        for _ in 0..500 {
            spawn_tracked!(sleep(ms(10)));
            wait_until!(sleep(ms(20)));
        }
        sleep(ms(1)).await;
        Ok(tasks_of_the_runtime())
    }

    let most = handler().await.unwrap();
    // The first two, and a carrier for the rest.
    assert_eq!(most, 3);
    assert_eq!(tasks_of_the_runtime(), 0, "left by carriers");
}

#[test]
fn no_carrier_is_left_when_the_handler_has_returned() {
    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        for _ in 0..100 {
            spawn_tracked!(tokio::task::yield_now());
        }
        Ok(())
    }

    let runtime = threads(2);
    for _ in 0..100 {
        runtime.block_on(handler()).unwrap();
    }
    let start = std::time::Instant::now();
    while runtime.metrics().num_alive_tasks() > 0 {
        assert!(start.elapsed() < LONG, "a carrier is left");
        thread::yield_now();
    }
}

/// Two that are always ready, and a timer of the runtime's own.
#[test]
fn those_that_are_always_ready_leave_the_runtime_its_turn() {
    static STOP: AtomicBool = AtomicBool::new(false);

    async fn spin() {
        let mut left = 100_000_000_u32;
        poll_fn(|cx| {
            left -= 1;
            if left == 0 || STOP.load(Ordering::Relaxed) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        assert!(left > 0, "the timer never came");
    }

    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        for _ in 0..3 {
            spawn_tracked!(spin());
        }
        Ok(())
    }

    for runtime in [one_thread(), threads(2)] {
        STOP.store(false, Ordering::Relaxed);
        runtime.block_on(async {
            let timer = tokio::spawn(async {
                sleep(ms(5)).await;
                STOP.store(true, Ordering::Relaxed);
            });
            handler().await.unwrap();
            timer.await.unwrap();
        });
    }
}

/// Whom another thread has called may be where only that thread gets to.
#[test]
fn a_body_that_computes_holds_up_no_task_that_is_woken_later() {
    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        let (send, receive) = mpsc::channel();
        for _ in 0..6 {
            spawn_tracked!(async {});
        }
        spawn_tracked!(async move {
            sleep(ms(20)).await;
            send.send(())
        });
        for _ in 0..2 {
            spawn_tracked!(async {});
        }
        receive.recv_timeout(LONG).expect("it was woken");
        Ok(())
    }

    let runtime = threads(2);
    let _pulse = pulse(&runtime);
    let handling = runtime.spawn(handler());
    // The task's own end is told to nobody.
    runtime.block_on(handling).unwrap().unwrap();
}

/// Each calls a carrier to where only it gets to.
#[test]
fn two_that_compute_hold_up_no_other() {
    const TIMERS: usize = 50;

    #[derive(Default)]
    struct Seen {
        computing: AtomicUsize,
        rung: AtomicUsize,
    }

    async fn compute(seen: Arc<Seen>, start: Arc<Door>, door: Arc<Door>) -> Result<(), String> {
        start.wait().await;
        seen.computing.fetch_add(1, Ordering::SeqCst);
        let until = std::time::Instant::now() + LONG;
        let wait = |count: &AtomicUsize, enough| {
            while count.load(Ordering::SeqCst) < enough {
                if std::time::Instant::now() > until {
                    return Err(format!("{} of {enough}", count.load(Ordering::SeqCst)));
                }
                thread::yield_now();
            }
            Ok(())
        };
        wait(&seen.computing, 2)?;
        door.open();
        wait(&seen.rung, TIMERS)
    }

    #[serverless_handler]
    async fn handler(start: [Arc<Door>; 2]) -> Result<(), JoinError> {
        let seen = Arc::new(Seen::default());
        for start in start {
            let door = Door::new();
            spawn_tracked!(compute(seen.clone(), start, door.clone()));
            spawn_tracked!(door.wait());
        }
        for _ in 0..TIMERS {
            let seen = seen.clone();
            spawn_tracked!(async move {
                sleep(ms(40)).await;
                seen.rung.fetch_add(1, Ordering::SeqCst);
            });
        }
        Ok(())
    }

    let runtime = threads(4);
    for _ in 0..5 {
        let start = [Door::new(), Door::new()];
        let opener = start.clone();
        let handling = runtime.spawn(handler(start));
        thread::sleep(ms(10));
        for door in opener {
            door.open();
        }
        runtime.block_on(handling).unwrap().unwrap();
    }
}

/// Those that spend tokio's cooperative budget do not spend that of the tasks between them.
#[test]
fn those_that_spend_the_budget_leave_others_theirs() {
    async fn spend(stop: Arc<AtomicBool>) {
        let until = std::time::Instant::now() + LONG;
        while !stop.load(Ordering::SeqCst) {
            assert!(std::time::Instant::now() < until, "the other never ran");
            tokio::task::consume_budget().await;
        }
    }

    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..2 {
            spawn_tracked!(sleep(ms(1)));
        }
        spawn_tracked!(spend(stop.clone()));
        let waits = spawn_tracked!(timeout = ms(5), pending::<()>());
        spawn_tracked!(spend(stop.clone()));
        waits.await.unwrap_err();
        stop.store(true, Ordering::SeqCst);
        Ok(())
    }

    for runtime in [one_thread(), threads(2)] {
        runtime.block_on(handler()).unwrap();
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A task whose waker somebody else has is not dropped with it.
#[test]
fn a_runtime_that_is_dropped_ends_those_that_wait() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);

    #[serverless_handler]
    async fn handler(doors: Vec<Arc<Door>>, scope: mpsc::Sender<Scope>) -> Result<(), JoinError> {
        for door in doors {
            let counted = Counted(&DROPPED);
            spawn_tracked!(async move {
                let _counted = counted;
                door.wait().await;
            });
        }
        sleep(ms(1)).await;
        scope.send(Scope::current()).unwrap();
        pending().await
    }

    for (round, runtime) in [one_thread(), threads(2)].into_iter().enumerate() {
        let doors: Vec<_> = (0..100).map(|_| Door::new()).collect();
        let (send, receive) = mpsc::channel();
        runtime.spawn(handler(doors.clone(), send));
        let scope = runtime.block_on(async {
            loop {
                sleep(ms(1)).await;
                if let Ok(scope) = receive.try_recv() {
                    return scope;
                }
            }
        });
        assert_eq!(scope.len(), 100);
        drop(runtime);
        assert_eq!(DROPPED.load(Ordering::SeqCst), 100 * (round + 1));
        assert_eq!(scope.len(), 0, "each has its outcome");
        // What comes late for them finds nobody.
        for door in doors {
            door.open();
        }
    }
}

/// Its carrier has it in hand, and it has not said yet how it is woken.
#[test]
fn a_runtime_that_is_dropped_ends_one_in_its_first_poll() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    static POLLED: AtomicBool = AtomicBool::new(false);

    #[serverless_handler]
    async fn handler(scope: mpsc::Sender<Scope>) -> Result<(), JoinError> {
        for _ in 0..20 {
            spawn_tracked!(pending::<()>());
        }
        sleep(ms(5)).await;
        let counted = Counted(&DROPPED);
        spawn_tracked!(async move {
            let _counted = counted;
            POLLED.store(true, Ordering::SeqCst);
            // While the runtime goes.
            thread::sleep(ms(100));
            pending::<()>().await;
        });
        scope.send(Scope::current()).unwrap();
        pending().await
    }

    let runtime = threads(3);
    let (send, receive) = mpsc::channel();
    runtime.spawn(handler(send));
    let scope = receive.recv().unwrap();
    while !POLLED.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    drop(runtime);
    assert_eq!(DROPPED.load(Ordering::SeqCst), 1);
    assert_eq!(scope.len(), 0, "each has its outcome");
}

/// Whoever wakes a task may hold a lock that its drop takes.
#[test]
fn a_wake_while_the_runtime_goes_drops_no_task() {
    static DROPPED_BY: Mutex<Vec<thread::ThreadId>> = Mutex::new(Vec::new());
    static POLLED: AtomicBool = AtomicBool::new(false);

    struct Drops;

    impl Drop for Drops {
        fn drop(&mut self) {
            DROPPED_BY.lock().unwrap().push(thread::current().id());
        }
    }

    #[serverless_handler]
    async fn handler(door: Arc<Door>) -> Result<(), JoinError> {
        for _ in 0..2 {
            spawn_tracked!(pending::<()>());
        }
        spawn_tracked!(async move {
            let _drops = Drops;
            door.wait().await;
        });
        sleep(ms(5)).await;
        spawn_tracked!(async {
            POLLED.store(true, Ordering::SeqCst);
            thread::sleep(ms(200));
        });
        pending().await
    }

    let runtime = threads(2);
    let door = Door::new();
    runtime.spawn(handler(door.clone()));
    while !POLLED.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    runtime.shutdown_background();
    thread::sleep(ms(50));
    door.open();
    let until = std::time::Instant::now() + LONG;
    while DROPPED_BY.lock().unwrap().is_empty() {
        assert!(std::time::Instant::now() < until, "it is never dropped");
        thread::yield_now();
    }
    assert!(!DROPPED_BY.lock().unwrap().contains(&thread::current().id()));
}

#[test]
fn a_task_started_in_another_runtime_runs_there() {
    #[serverless_handler]
    async fn handler(other: tokio::runtime::Handle) -> Result<(), JoinError> {
        let here = Handle::current().id();
        for _ in 0..2 {
            spawn_tracked!(sleep(ms(20)));
        }
        let scope = Scope::current();
        let there = other.id();
        let started = other.spawn(async move {
            for _ in 0..3 {
                let runs = async || Handle::current().id();
                let task = scope.spawn(async move { tethered::Value(runs().await) });
                assert_eq!(task.ok().unwrap().await.unwrap(), there);
            }
        });
        started.await.unwrap();
        let task = spawn_tracked!(async { tethered::Value(Handle::current().id()) });
        assert_eq!(task.await.unwrap(), here);
        Ok(())
    }

    let other = threads(2);
    for runtime in [one_thread(), threads(2)] {
        runtime.block_on(handler(other.handle().clone())).unwrap();
    }
}

#[test]
fn outside_of_a_runtime_a_start_panics_and_the_task_is_counted() {
    let runtime = one_thread();
    let (scope, len) = runtime.block_on(async {
        tethered::scope(async |scope| {
            let scope = scope.clone();
            let outside = thread::spawn(move || {
                let started = catch_unwind(AssertUnwindSafe(|| drop(scope.spawn(async {}))));
                assert!(started.is_err());
                scope
            });
            let scope = outside.join().unwrap();
            let len = scope.len();
            (scope, len)
        })
        .await
        .unwrap()
    });
    assert_eq!((len, scope.len()), (0, 0));
}

/// A waker that is kept for ever keeps no scope.
#[tokio::test(start_paused = true)]
async fn a_waker_that_outlives_its_task_is_called_in_vain() {
    #[serverless_handler]
    async fn handler(door: Arc<Door>) -> Result<(), JoinError> {
        spawn_tracked!(sleep(ms(1)));
        spawn_tracked!(async move {
            tokio::select! {
                () = sleep(ms(1)) => {}
                () = door.wait() => unreachable!("it is shut"),
            }
        });
        Ok(())
    }

    let door = Door::new();
    handler(door.clone()).await.unwrap();
    door.open();
    assert_eq!(tasks_of_the_runtime(), 0);
}
