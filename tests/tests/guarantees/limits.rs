//! `max_concurrent`.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use tethered::{
    JoinError, TaskErrorKind, after_response, serverless_handler, spawn_blocking_tracked,
    spawn_tracked, wait_until,
};
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn the_rest_waits_unstarted_first_come_first_served() {
    #[serverless_handler(max_concurrent = 2)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        for what in ["a", "b", "c", "d", "e"] {
            spawn_tracked!(journal.clone().work(what, 100));
        }
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(
        journal.lines(),
        ["a at 100", "b at 100", "c at 200", "d at 200", "e at 300"]
    );
}

#[tokio::test(start_paused = true)]
async fn keep_alive_and_blocking_tasks_count_too() {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);

    fn enter() {
        let running = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
        MOST.fetch_max(running, Ordering::SeqCst);
    }

    async fn counted() {
        enter();
        sleep(ms(10)).await;
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }

    #[serverless_handler(max_concurrent = 3)]
    async fn handler() -> Result<(), JoinError> {
        for _ in 0..10 {
            spawn_tracked!(counted());
            wait_until!(counted());
            spawn_blocking_tracked!(|| {
                enter();
                RUNNING.fetch_sub(1, Ordering::SeqCst);
            });
        }
        Ok(())
    }

    let (result, report, _) = invoke(handler()).await;
    result.unwrap();
    assert_eq!((report.completed(), MOST.load(Ordering::SeqCst)), (30, 3));
}

#[tokio::test(start_paused = true)]
async fn awaiting_one_that_waits_starts_it() {
    #[serverless_handler(max_concurrent = 1)]
    async fn handler() -> Result<u8, Error> {
        let outer = spawn_tracked!(async {
            let inner = spawn_tracked!(async { tethered::Value(5) });
            inner.await
        });
        Ok(outer.await?)
    }

    assert_eq!(handler().await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_failure_cancels_those_that_wait() {
    #[serverless_handler(max_concurrent = 1)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(name = "fails", journal.clone().fail("fails", 10));
        for _ in 0..3 {
            spawn_tracked!(journal.clone().hang("never started"));
        }
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, _) = invoke(handler(journal.clone())).await;
    let error = result.unwrap_err();
    assert_eq!(error.first().name(), "fails");
    assert_eq!(error.cancelled().count(), 3);
    assert_eq!((report.failed(), report.cancelled()), (1, 3));
}

#[test]
fn a_long_queue_ends_with_its_runtime() {
    #[serverless_handler(max_concurrent = 1)]
    async fn handler() -> Result<(), JoinError> {
        for _ in 0..100_000 {
            spawn_tracked!(pending::<()>());
        }
        pending().await
    }

    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let handling = runtime.spawn(handler());
    runtime.block_on(tokio::task::yield_now());
    drop(runtime);
    assert!(handling.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_task_may_await_what_comes_after_the_response() {
    #[serverless_handler(max_concurrent = 1)]
    async fn handler(journal: Journal, body: u64) -> Result<(), JoinError> {
        wait_until!(async move {
            let after = after_response!(journal.work("after", 10));
            after.await
        });
        sleep(ms(body)).await;
        Ok(())
    }

    // The response is out before the task waits, and after.
    for (body, ends) in [(0, "after at 10"), (50, "after at 60")] {
        let journal = Journal::new();
        let handling = invoke(handler(journal.clone(), body));
        let (result, report, _) = timeout(ms(60_000), handling).await.expect("no deadlock");
        result.unwrap();
        assert_eq!(journal.lines(), [ends]);
        assert_eq!(report.completed(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_dropped_handler_holds_on() {
    #[serverless_handler(max_concurrent = 1)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        for what in ["a", "b", "c"] {
            spawn_tracked!(journal.clone().work(what, 100));
        }
        pending().await
    }

    let journal = Journal::new();
    let handling = handler(journal.clone());
    let (_, report, _) = invoke(async { timeout(ms(10), handling).await.unwrap_err() }).await;
    assert_eq!(journal.lines(), ["a at 100", "b at 200", "c at 300"]);
    assert_eq!(report.completed(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_task_begins_when_it_starts() {
    #[serverless_handler(max_concurrent = 1)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        for what in ["a", "b"] {
            spawn_tracked!(journal.clone().work(what, 100));
        }
        Ok(())
    }

    let (_, report, _) = invoke(handler(Journal::new())).await;
    let elapsed: Vec<_> = report.tasks().map(tethered::TaskReport::elapsed).collect();
    assert_eq!(elapsed, [ms(100), ms(100)]);
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_ends_at_once_when_it_is_aborted() {
    #[serverless_handler(max_concurrent = 1)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(journal.clone().work("first", 100));
        let waits = spawn_tracked!(journal.clone().work("never started", 100));
        waits.abort();
        assert!(waits.is_finished());
        assert_eq!(waits.await.unwrap_err().kind(), TaskErrorKind::Cancelled);
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(journal.lines(), ["first at 100"]);
}
