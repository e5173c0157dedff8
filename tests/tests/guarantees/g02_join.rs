use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::*;
use tethered::{
    JoinError, Scope, TaskErrorKind, serverless_handler, spawn_blocking_tracked, spawn_tracked,
    wait_until,
};

#[tokio::test(start_paused = true)]
async fn every_task_is_joined_side_by_side() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<u32, Error> {
        for (what, millis) in [("a", 100), ("b", 300), ("c", 200)] {
            spawn_tracked!(journal.clone().work(what, millis));
        }
        Ok(7)
    }

    let journal = Journal::new();
    assert_eq!(handler(journal.clone()).await.unwrap(), 7);
    assert_eq!(journal.lines(), ["a at 100", "c at 200", "b at 300"]);
    assert_eq!(journal.now(), 300);
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_in_time_cancels_the_rest_and_is_returned() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(journal.clone().hang("hangs"));
        spawn_tracked!(name = "slow failure", journal.clone().fail("slow", 200));
        spawn_tracked!(name = "fast failure", journal.clone().fail("fast", 100));
        wait_until!(journal.clone().work("keep-alive", 300));
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, _) = invoke(handler(journal.clone())).await;
    let error = result.unwrap_err();
    assert_eq!(error.first().name(), "fast failure");
    assert_eq!(error.first().kind(), TaskErrorKind::Failed);
    assert_eq!(error.iter().count(), 1);
    let mut cancelled: Vec<_> = error.cancelled().map(tethered::TaskError::name).collect();
    cancelled.sort_unstable();
    assert_eq!(
        cancelled,
        ["journal.clone().hang(\"hangs\")", "slow failure"]
    );
    assert_eq!(
        (report.failed(), report.cancelled(), report.completed()),
        (1, 2, 1)
    );
    let lines = journal.lines();
    assert_eq!(lines[0], "fast at 100");
    assert!(lines[1].ends_with("stopped at 100") && lines[2].ends_with("stopped at 100"));
    assert_eq!(lines[3], "keep-alive at 300", "cancelling never touches it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_waits_until_the_rest_has_really_stopped() {
    static STOPPED: AtomicBool = AtomicBool::new(false);
    static CLOSURE: AtomicBool = AtomicBool::new(false);

    struct SlowToStop;
    impl Drop for SlowToStop {
        fn drop(&mut self) {
            thread::sleep(ms(50));
            STOPPED.store(true, Ordering::SeqCst);
        }
    }

    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        let (runs, running) = tokio::sync::oneshot::channel();
        spawn_tracked!(async {
            let _slow = SlowToStop;
            let _ = runs.send(());
            pending::<()>().await;
        });
        let (starts, started) = tokio::sync::oneshot::channel();
        spawn_blocking_tracked!(move || {
            let _ = starts.send(());
            let scope = Scope::current();
            while !scope.cancellation_token().is_cancelled() {
                thread::yield_now();
            }
            thread::sleep(ms(50));
            CLOSURE.store(true, Ordering::SeqCst);
        });
        let _ = tokio::join!(running, started);
        spawn_tracked!(async { Err::<(), _>("fails") });
        Ok(())
    }

    handler().await.unwrap_err();
    assert!(
        STOPPED.load(Ordering::SeqCst),
        "a future was still being dropped"
    );
    assert!(
        CLOSURE.load(Ordering::SeqCst),
        "a closure was still running"
    );
}

#[tokio::test]
async fn what_does_not_stop_is_named_at_the_deadline() {
    #[serverless_handler(timeout = "100ms")]
    async fn handler(stop: Arc<AtomicBool>) -> Result<(), JoinError> {
        let (starts, started) = tokio::sync::oneshot::channel();
        spawn_blocking_tracked!(name = "stubborn", move || {
            let _ = starts.send(());
            while !stop.load(Ordering::SeqCst) {
                thread::yield_now();
            }
        });
        let _ = started.await;
        spawn_tracked!(name = "fails", async { Err::<(), _>("fails") });
        Ok(())
    }

    let stop = Arc::new(AtomicBool::new(false));
    let started = std::time::Instant::now();
    let (result, report, _) = invoke(handler(stop.clone())).await;
    let error = result.unwrap_err();
    stop.store(true, Ordering::SeqCst);
    assert!(started.elapsed() < ms(5000));
    assert_eq!(error.first().name(), "fails");
    let unfinished: Vec<_> = error.unfinished().map(tethered::TaskError::name).collect();
    assert_eq!(unfinished, ["stubborn"]);
    assert_eq!((report.failed(), report.timed_out()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn join_all_runs_every_task_to_its_end_and_returns_all_failures() {
    #[serverless_handler(join = join_all)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(name = "b", journal.clone().fail("b", 200));
        spawn_tracked!(name = "a", journal.clone().fail("a", 100));
        spawn_tracked!(journal.clone().work("c", 300));
        Ok(())
    }

    let journal = Journal::new();
    let error = handler(journal.clone()).await.unwrap_err();
    assert_eq!(journal.lines(), ["a at 100", "b at 200", "c at 300"]);
    let names: Vec<_> = error.iter().map(tethered::TaskError::name).collect();
    assert_eq!(names, ["a", "b"], "in time");
    assert_eq!(error.cancelled().count(), 0);
    let text = error.to_string();
    assert!(
        text.contains("failed after 100.0ms: a; b (") && text.contains("200.0ms: b"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_started_during_the_join_is_joined_too() {
    fn nest(journal: Journal, depth: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            sleep(ms(10)).await;
            journal.write(&format!("depth {depth}"));
            if depth < 3 {
                spawn_tracked!(nest(journal, depth + 1));
            }
        })
    }

    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(nest(journal, 1));
        Ok(())
    }

    let journal = Journal::new();
    handler(journal.clone()).await.unwrap();
    assert_eq!(
        journal.lines(),
        ["depth 1 at 10", "depth 2 at 20", "depth 3 at 30"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_as_any_other() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(async { panic!("boom") });
        spawn_tracked!(journal.hang("sibling"));
        Ok(())
    }

    let journal = Journal::new();
    let error = handler(journal.clone()).await.unwrap_err();
    assert_eq!(error.first().kind(), TaskErrorKind::Panicked);
    assert!(error.to_string().ends_with(": boom"), "{error}");
    assert_eq!(journal.lines(), ["sibling stopped at 0"]);
    let panic = error.into_errors().remove(0).into_panic().unwrap();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "boom");
}

#[tokio::test(start_paused = true)]
async fn what_is_started_while_the_rest_is_cancelled_is_cancelled_too() {
    struct SpawnsWhenDropped(Journal);
    impl Drop for SpawnsWhenDropped {
        fn drop(&mut self) {
            spawn_tracked!(self.0.clone().work("from drop", 1_000));
        }
    }

    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let guard = SpawnsWhenDropped(journal.clone());
        spawn_tracked!(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        spawn_tracked!(name = "fails", journal.fail("fails", 10));
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, _) = invoke(handler(journal.clone())).await;
    assert_eq!(result.unwrap_err().first().name(), "fails");
    assert_eq!((journal.now(), report.cancelled()), (10, 2));
}

#[tokio::test(start_paused = true)]
async fn a_handler_inside_a_task_is_cancelled_with_its_tasks() {
    #[serverless_handler]
    async fn inner(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(journal.hang("inner's"));
        Ok(())
    }

    #[serverless_handler]
    async fn outer(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(inner(journal.clone()));
        spawn_tracked!(name = "fails", journal.fail("fails", 10));
        Ok(())
    }

    let journal = Journal::new();
    let handling = tokio::time::timeout(ms(60_000), outer(journal.clone()));
    let error = handling.await.expect("it ends").unwrap_err();
    assert_eq!(error.first().name(), "fails");
    assert_eq!(journal.lines(), ["fails at 10", "inner's stopped at 10"]);
}

#[tokio::test(start_paused = true)]
async fn cancelled_are_those_that_the_failure_has_stopped() {
    #[serverless_handler]
    async fn handler() -> Result<(), JoinError> {
        spawn_tracked!(name = "aborted", pending::<()>()).abort();
        wait_until!(name = "keep-alive", pending::<()>()).abort();
        spawn_tracked!(name = "sibling", pending::<()>());
        sleep(ms(1)).await;
        spawn_tracked!(async { Err::<(), _>("fails") });
        Ok(())
    }

    let error = handler().await.unwrap_err();
    let cancelled: Vec<_> = error.cancelled().map(tethered::TaskError::name).collect();
    assert_eq!(cancelled, ["sibling"]);
}
