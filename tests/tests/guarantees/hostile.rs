//! Code of the user's that panics, blocks, or calls back, in every place where it runs.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::{Pin, pin},
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll, Wake, Waker},
};

use super::*;
use futures_util::poll;
use tethered::{
    JoinError, Scope, TaskOutcome, after_response, scope, serverless_handler, spawn_tracked,
    wait_until,
};
use tokio::{sync::oneshot, time::timeout};

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

/// An error whose text cannot be written.
#[derive(Debug)]
struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

impl std::error::Error for Unwritable {}

#[tokio::test(start_paused = true)]
async fn a_failure_whose_text_cannot_be_written_is_one_all_the_same() {
    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        spawn_tracked!(name = "tracked", async { Err::<(), _>(Unwritable) });
        wait_until!(name = "keep-alive", async { Err::<(), _>(Unwritable) });
        Ok(())
    }

    let (result, report, told) = invoke(handler()).await;
    let error = result.unwrap_err();
    assert_eq!(error.first().name(), "tracked");
    assert_eq!(told, ["keep-alive"]);
    assert_eq!(report.failed(), 2);
    assert!(report.tasks().all(|task| task.error().is_none()));
}

#[tokio::test(start_paused = true)]
async fn the_text_of_an_error_may_ask_the_scope() {
    #[derive(Debug)]
    struct Left(Scope);
    impl fmt::Display for Left {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} left", self.0.len())
        }
    }
    impl std::error::Error for Left {}

    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        spawn_tracked!(async { Err::<(), _>(Left(Scope::current())) });
        Ok(())
    }

    let (result, report, _) = invoke(handler()).await;
    let text = result.unwrap_err().to_string();
    assert!(text.ends_with(": 0 left"), "{text}");
    let row = report.tasks().next().unwrap();
    assert_eq!(row.error(), Some("1 left"), "before it is counted");
}

/// A waker that asks the scope when it is woken and when it is dropped.
struct Asks {
    scope: Scope,
    asked: Arc<AtomicUsize>,
}

impl Asks {
    fn waker(scope: &Scope, asked: &Arc<AtomicUsize>) -> Waker {
        Waker::from(Arc::new(Self {
            scope: scope.clone(),
            asked: asked.clone(),
        }))
    }

    fn ask(&self) {
        let _ = self.scope.len();
        self.asked.fetch_add(1, Ordering::SeqCst);
    }
}

impl Wake for Asks {
    fn wake(self: Arc<Self>) {
        self.ask();
    }
}

impl Drop for Asks {
    fn drop(&mut self) {
        self.ask();
    }
}

/// Polls `future` once with `waker`, which nobody else holds then.
fn poll_with<F: Future + Unpin>(future: &mut F, waker: Waker) -> Poll<F::Output> {
    let polled = Pin::new(future).poll(&mut Context::from_waker(&waker));
    drop(waker);
    polled
}

#[tokio::test(start_paused = true)]
async fn the_waker_of_who_awaits_a_task_may_ask_the_scope() {
    let asked = Arc::new(AtomicUsize::new(0));
    scope(async |scope: &Scope| {
        let waker = || Asks::waker(scope, &asked);
        let mut dropped = spawn_tracked!(sleep(ms(5)));
        assert!(poll_with(&mut dropped, waker()).is_pending());
        drop(dropped);

        let mut replaced = spawn_tracked!(sleep(ms(5)));
        assert!(poll_with(&mut replaced, waker()).is_pending());
        replaced.await.unwrap();

        let mut woken = spawn_tracked!(async { Err::<(), _>("fails") });
        assert!(poll_with(&mut woken, waker()).is_pending());
        sleep(ms(10)).await;
        woken.await.unwrap_err();
    })
    .await
    .unwrap();
    let asked = asked.load(Ordering::SeqCst);
    assert!(asked >= 4, "{asked}: all three dropped, one woken before");
}

#[tokio::test(start_paused = true)]
async fn the_waker_of_the_join_may_ask_the_scope() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (out, handle) = oneshot::channel();
    let mut joining = pin!(scope(async |scope: &Scope| {
        let fails = spawn_tracked!(name = "fails", async { Err::<(), _>("fails") });
        spawn_tracked!(sleep(ms(100)));
        let _ = out.send((scope.clone(), fails));
    }));
    assert!(poll!(joining.as_mut()).is_pending());
    let (scope, mut fails) = handle.await.unwrap();
    assert!(poll!(&mut fails).is_pending(), "claimed");
    assert!(poll_with(&mut joining, Asks::waker(&scope, &asked)).is_pending());
    sleep(ms(20)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    // The failure comes back to the join, which is woken.
    drop(fails);
    assert!(asked.load(Ordering::SeqCst) >= 1);
    assert_eq!(joining.await.unwrap_err().first().name(), "fails");
}

#[tokio::test(start_paused = true)]
async fn a_hosts_hooks_that_panic_change_nothing() {
    let answer = Invocation::new()
        .on_error(|_| panic_any(Bomb))
        .on_report(|report| {
            assert_eq!(report.failed(), 1);
            panic_any(Bomb)
        })
        .run(async {
            wait_until!(async { Err::<(), _>("fails") });
            5
        })
        .await;
    assert_eq!(answer, 5);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_when_it_is_dropped_loses_no_task() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        wait_until!(journal.clone().work("keep-alive", 500));
        after_response!(journal.clone().work("after", 10));
        let _bomb = Bomb;
        pending().await
    }

    let journal = Journal::new();
    let answering = async {
        let mut handling = Box::pin(handler(journal.clone()));
        timeout(ms(10), &mut handling).await.unwrap_err();
        catch_unwind(AssertUnwindSafe(|| drop(handling))).unwrap_err();
    };
    let ((), report, _) = invoke(answering).await;
    assert_eq!(journal.lines(), ["after at 20", "keep-alive at 500"]);
    assert_eq!(report.completed(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_when_the_deadline_drops_it_has_its_tasks_joined() {
    #[serverless_handler(timeout = "100ms")]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(name = "hangs", journal.clone().hang("hangs"));
        let _bomb = Bomb;
        pending().await
    }

    let journal = Journal::new();
    let handling = tokio::spawn(handler(journal.clone()));
    let panic = handling.await.unwrap_err().into_panic();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "in drop");
    assert_eq!(journal.lines(), ["hangs stopped at 150"]);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_nobody_took_is_dropped_in_its_scope() {
    struct SpawnsWhenDropped;
    impl Drop for SpawnsWhenDropped {
        fn drop(&mut self) {
            spawn_tracked!(name = "from the value", async {});
        }
    }

    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        spawn_tracked!(name = "value", async { tethered::Value(SpawnsWhenDropped) });
        sleep(ms(10)).await;
        Ok(())
    }

    let (result, report, _) = invoke(handler()).await;
    result.unwrap();
    let mut ends: Vec<_> = report
        .tasks()
        .map(|row| (row.name(), row.outcome()))
        .collect();
    ends.sort_unstable_by_key(|(name, _)| *name);
    let completed = TaskOutcome::Completed;
    assert_eq!(ends, [("from the value", completed), ("value", completed)]);
}
