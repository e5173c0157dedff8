//! The handler around tasks that it polls itself: how its body ends, which waker it has, what is
//! nested in it, and that nothing stays behind.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, resume_unwind},
    pin::pin,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    task::{Context, Wake, Waker},
};

use super::*;
use futures_util::FutureExt as _;
use tethered::{JoinError, Scope, Value, serverless_handler, spawn_tracked};
use tokio::{sync::oneshot, time::timeout};

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_has_its_tasks_joined_first() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(journal.clone().work("task", 100));
        if journal.now() == 0 {
            resume_unwind(Box::new("boom"));
        }
        Ok(())
    }

    let journal = Journal::new();
    let handling = AssertUnwindSafe(handler(journal.clone())).catch_unwind();
    let (caught, report, _) = invoke(handling).await;
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"boom"));
    assert_eq!(journal.lines(), ["task at 100"]);
    assert_eq!(report.completed(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_has_its_tasks_joined_first() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(name = "fails", journal.clone().fail("fails", 50));
        spawn_tracked!(journal.work("works", 100));
        Err("the body's".into())
    }

    let journal = Journal::new();
    let (result, _, told) = invoke(handler(journal.clone())).await;
    assert_eq!(result.unwrap_err().to_string(), "the body's");
    assert_eq!(journal.lines(), ["fails at 50", "works at 100"]);
    assert_eq!(told, ["fails"]);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_hung_body_and_its_tasks() {
    #[serverless_handler(executor = in_task, timeout = "1s")]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(name = "hangs", journal.clone().hang("hangs"));
        spawn_tracked!(journal.clone().work("works", 500));
        journal.hang("body").await;
        Ok(())
    }

    let journal = Journal::new();
    let error = handler(journal.clone()).await.unwrap_err();
    let mut unfinished: Vec<_> = error.unfinished().map(tethered::TaskError::name).collect();
    unfinished.sort_unstable();
    assert_eq!(unfinished, ["handler", "hangs"]);
    let mut lines = journal.lines();
    lines[1..].sort_unstable();
    assert_eq!(
        lines,
        [
            "works at 500",
            "body stopped at 1050",
            "hangs stopped at 1050"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_child_of_its_task_is_polled_by_it_too() {
    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(async move {
            spawn_tracked!(async move {
                spawn_tracked!(journal.work("grandchild", 10));
            });
        });
        sleep(ms(5)).await;
        assert_eq!((tasks_of_the_runtime(), Scope::current().len()), (0, 1));
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["grandchild at 10"]);
}

#[tokio::test(start_paused = true)]
async fn a_nested_handler_has_its_own_executor() {
    #[serverless_handler]
    async fn spawns(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(journal.work("spawned", 10));
        sleep(ms(5)).await;
        assert_eq!(tasks_of_the_runtime(), 1);
        Ok(())
    }

    #[serverless_handler(executor = in_task)]
    async fn polls(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(spawns(journal.clone()));
        spawn_tracked!(journal.work("polled", 20));
        Ok(())
    }

    #[serverless_handler]
    async fn outer(journal: Journal) -> Result<(), JoinError> {
        polls(journal).await
    }

    let journal = Journal::new();
    outer(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["spawned at 10", "polled at 20"]);
}

#[tokio::test(start_paused = true)]
async fn its_tasks_await_each_other() {
    #[serverless_handler(executor = in_task)]
    async fn handler() -> Result<u64, Error> {
        let mut last = spawn_tracked!(async { Value(0) });
        for _ in 0..1_000 {
            let before = last;
            last = spawn_tracked!(async { before.await.map(|count: u64| count + 1) });
        }
        Ok(last.await?)
    }

    assert_eq!(handler().await.unwrap(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn tasks_without_budget_wait_for_the_next_turn_and_no_longer() {
    const TASKS: usize = 1_000;
    const STEPS: usize = 100;

    #[serverless_handler(executor = in_task)]
    async fn handler(polls: Arc<AtomicUsize>) -> Result<(), JoinError> {
        for _ in 0..TASKS {
            let polls = Arc::clone(&polls);
            spawn_tracked!(async move {
                let mut steps = pin!(async {
                    for _ in 0..STEPS {
                        tokio::task::consume_budget().await;
                    }
                });
                poll_fn(|cx| {
                    polls.fetch_add(1, Ordering::SeqCst);
                    steps.as_mut().poll(cx)
                })
                .await;
            });
        }
        Ok(())
    }

    let polls = Arc::default();
    handler(Arc::clone(&polls)).await.unwrap();
    let polls = polls.load(Ordering::SeqCst);
    assert!(polls <= TASKS * (STEPS + 2), "{polls} polls");
}

#[tokio::test]
async fn a_handler_that_moves_to_another_waker_wakes_that() {
    struct Flag(AtomicBool);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[serverless_handler(executor = in_task)]
    async fn handler(gate: oneshot::Receiver<()>) -> Result<(), JoinError> {
        spawn_tracked!(gate);
        Ok(())
    }

    let (open, gate) = oneshot::channel();
    let mut handling = pin!(handler(gate));
    let flags = [(); 2].map(|()| Arc::new(Flag(AtomicBool::new(false))));
    for flag in &flags {
        let waker = Waker::from(Arc::clone(flag));
        let polled = handling.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    open.send(()).unwrap();
    assert!(flags[1].0.load(Ordering::SeqCst));
    handling.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_task_that_starts_another_when_it_is_aborted_ends_with_it() {
    struct SpawnsWhenDropped(Journal);
    impl Drop for SpawnsWhenDropped {
        fn drop(&mut self) {
            spawn_tracked!(self.0.clone().hang("never started"));
        }
    }

    #[serverless_handler(executor = in_task)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(async move {
            let _guard = SpawnsWhenDropped(journal);
            pending::<()>().await;
        });
        pending().await
    }

    let journal = Journal::new();
    let handling = handler(journal.clone());
    let answering = async { timeout(ms(10), handling).await.unwrap_err() };
    let invoking = timeout(ms(1_000), invoke(answering)).await;
    let (_, report, _) = invoking.expect("nothing waits for a task that nobody polls");
    assert_eq!(journal.lines(), [""; 0]);
    assert_eq!(report.spawned(), report.cancelled());
}

#[tokio::test(start_paused = true)]
async fn nothing_stays_behind() {
    #[serverless_handler(executor = in_task)]
    async fn handler(held: Arc<()>, drops: bool) -> Result<Scope, JoinError> {
        for _ in 0..10 {
            let (held, kept) = (Arc::clone(&held), Arc::clone(&held));
            spawn_tracked!(async move {
                sleep(ms(if drops { 1_000 } else { 5 })).await;
                drop(held);
            });
            // Never polled, where the handler is dropped.
            spawn_tracked!(async move { drop(kept) });
        }
        Ok(Scope::current())
    }

    let held = Arc::new(());
    let scope = handler(Arc::clone(&held), false).await.unwrap();
    assert_eq!((Arc::strong_count(&held), scope.len()), (1, 0));
    assert!(scope.spawn(async {}).is_err(), "it is closed");
    let dropped = timeout(ms(10), handler(Arc::clone(&held), true)).await;
    dropped.unwrap_err();
    assert_eq!(Arc::strong_count(&held), 1);
}
