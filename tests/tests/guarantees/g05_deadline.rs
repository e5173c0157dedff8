use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::SystemTime,
};

use super::*;
use tethered::{
    JoinError, Scope, TaskErrorKind, serverless_handler, spawn_blocking_tracked, spawn_tracked,
    wait_until,
};

#[tokio::test(start_paused = true)]
async fn token_then_grace_then_abort_then_an_error_that_names_all() {
    #[serverless_handler(timeout = "1s")]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(name = "hangs", journal.clone().hang("hangs"));
        let saves = journal.clone();
        spawn_tracked!(name = "saves its work", async move {
            Scope::current().cancellation_token().cancelled().await;
            saves.clone().write("told");
            saves.work("saved", 49).await;
        });
        journal.hang("body").await;
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, _) = invoke(handler(journal.clone())).await;
    let error = result.unwrap_err();
    let mut lines = journal.lines();
    lines[2..].sort_unstable();
    assert_eq!(
        lines,
        [
            "told at 1000",
            "saved at 1049",
            "body stopped at 1050",
            "hangs stopped at 1050"
        ]
    );
    let mut unfinished: Vec<_> = error.unfinished().map(tethered::TaskError::name).collect();
    unfinished.sort_unstable();
    assert_eq!(unfinished, ["handler", "hangs"]);
    let hangs = error.iter().find(|error| error.name() == "hangs").unwrap();
    assert_eq!(hangs.elapsed(), ms(1050));
    assert!(hangs.location().file().ends_with("g05_deadline.rs"));
    assert!(error.to_string().contains("; handler ("), "{error}");
    assert_eq!((report.completed(), report.timed_out()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_ends_within_the_grace_period_has_succeeded() {
    #[serverless_handler(timeout = ms(100))]
    async fn handler() -> Result<&'static str, JoinError> {
        spawn_tracked!(sleep(ms(140)));
        Scope::current().cancellation_token().cancelled().await;
        Ok("in time")
    }

    assert_eq!(handler().await.unwrap(), "in time");
}

#[tokio::test(start_paused = true)]
async fn the_nearest_deadline_wins() {
    #[serverless_handler(timeout = "10s")]
    async fn outer() -> Result<(), JoinError> {
        #[serverless_handler(timeout = "20s")]
        async fn inner() -> Result<(), JoinError> {
            pending().await
        }
        inner().await
    }

    let journal = Journal::new();
    outer().await.unwrap_err();
    assert_eq!(journal.now(), 10_050);

    // The host's, less its margin, with half the margin for grace.
    let journal = Journal::new();
    let host = Invocation::new().deadline(SystemTime::now() + ms(3_000));
    let (result, ..) = invoke_as(host.margin(ms(500)), outer()).await;
    result.unwrap_err();
    assert!(
        (2_700..=2_750).contains(&journal.now()),
        "{}",
        journal.now()
    );
}

#[tokio::test(start_paused = true)]
async fn keep_alive_tasks_end_at_the_hosts_deadline_not_the_handlers() {
    #[serverless_handler(timeout = "100ms")]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        wait_until!(name = "ends", journal.clone().work("ends", 1_000));
        wait_until!(name = "hangs", journal.clone().hang("hangs"));
        Ok(())
    }

    let journal = Journal::new();
    let host = Invocation::new().deadline(SystemTime::now() + ms(3_000));
    let (result, report, told) = invoke_as(host, handler(journal.clone())).await;
    result.unwrap();
    assert_eq!(journal.lines()[0], "ends at 1000");
    assert!(
        (2_900..=2_975).contains(&journal.now()),
        "{}",
        journal.now()
    );
    assert_eq!(told, ["hangs"]);
    assert_eq!((report.completed(), report.timed_out()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn keep_alive_tasks_are_told_while_the_body_still_runs() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let saves = journal.clone();
        wait_until!(async move {
            Scope::current().cancellation_token().cancelled().await;
            saves.clone().work("saved", 40).await;
        });
        journal.hang("body").await;
        Ok(())
    }

    let journal = Journal::new();
    let host = Invocation::new().deadline(SystemTime::now() + ms(3_000));
    let (result, report, _) = invoke_as(host, handler(journal.clone())).await;
    result.unwrap_err();
    assert!(
        journal.lines()[0].starts_with("saved at 29"),
        "{:?}",
        journal.lines()
    );
    assert_eq!(report.completed(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_has_passed_is_an_error_at_once() {
    #[serverless_handler]
    async fn handler(polled: Arc<AtomicBool>) -> Result<(), JoinError> {
        polled.store(true, Ordering::SeqCst);
        Ok(())
    }

    let polled = Arc::new(AtomicBool::new(false));
    for passed in [SystemTime::now() - ms(1), SystemTime::UNIX_EPOCH] {
        let host = Invocation::new().deadline(passed);
        let (result, ..) = invoke_as(host, handler(polled.clone())).await;
        let error = result.unwrap_err();
        assert_eq!(error.first().name(), "handler");
        assert_eq!(error.first().kind(), TaskErrorKind::TimedOut);
    }
    assert!(!polled.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn one_beyond_what_the_clock_can_tell_is_none() {
    #[serverless_handler(timeout = Duration::MAX)]
    async fn handler() -> Result<(), JoinError> {
        spawn_tracked!(timeout = Duration::MAX, sleep(ms(10)));
        Ok(())
    }

    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::MAX >> 2);
    let (result, ..) = invoke_as(Invocation::new().deadline(far), handler()).await;
    result.unwrap();
}

#[tokio::test]
async fn a_blocking_closure_is_named_not_waited_for_and_its_end_ignored() {
    #[serverless_handler(timeout = "50ms")]
    async fn handler(stop: Arc<AtomicBool>, ended: Arc<AtomicBool>) -> Result<(), JoinError> {
        spawn_blocking_tracked!(name = "closure", move || {
            while !stop.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            ended.store(true, Ordering::SeqCst);
            Err::<(), _>("ignored")
        });
        Ok(())
    }

    let (stop, ended) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let (result, report, told) = invoke(handler(stop.clone(), Arc::clone(&ended))).await;
    let error = result.unwrap_err();
    assert_eq!(error.first().name(), "closure");
    assert_eq!(error.unfinished().count(), 1);
    assert_eq!(report.timed_out(), 1);
    stop.store(true, Ordering::SeqCst);
    while !ended.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    assert_eq!(told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn with_on_error_log_it_cancels_tasks_never_the_body() {
    #[serverless_handler(timeout = "100ms", on_error = log)]
    async fn handler(journal: Journal) -> &'static str {
        spawn_tracked!(name = "hangs", journal.clone().hang("hangs"));
        journal.work("body", 500).await;
        "value"
    }

    let journal = Journal::new();
    let (value, _, told) = invoke(handler(journal.clone())).await;
    assert_eq!(value, "value");
    assert_eq!(journal.lines(), ["hangs stopped at 150", "body at 500"]);
    assert_eq!(told, ["hangs"]);
}

#[tokio::test(start_paused = true)]
async fn the_scope_knows_its_deadline() {
    #[serverless_handler(timeout = "1s")]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        let deadline = Scope::current().deadline().unwrap();
        assert_eq!(deadline - journal.started, ms(1_000));
        Ok(())
    }

    handler(Journal::new()).await.unwrap();
    assert_eq!(Scope::current().deadline(), None);
}

/// Says so when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn however_late_it_is_seen_tasks_have_stopped_before_the_return() {
    #[serverless_handler(timeout = "100ms")]
    async fn handler(dropped: Arc<AtomicBool>) -> Result<(), JoinError> {
        spawn_tracked!(async move {
            let _dropped = Dropped(dropped);
            Scope::current().cancellation_token().cancelled().await;
        });
        spawn_tracked!(async {
            sleep(ms(50)).await;
            // As if the thread had been blocked: the deadline and all that follows it have passed.
            tokio::time::advance(ms(400)).await;
        });
        Ok(())
    }

    let dropped = Arc::new(AtomicBool::new(false));
    let _ = handler(dropped.clone()).await;
    assert!(dropped.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn without_a_grace_period_tasks_have_stopped_before_the_return() {
    #[serverless_handler]
    async fn handler(dropped: Arc<AtomicBool>) -> Result<(), JoinError> {
        spawn_tracked!(name = "hangs", async move {
            let _dropped = Dropped(dropped);
            pending::<()>().await;
        });
        Ok(())
    }

    let dropped = Arc::new(AtomicBool::new(false));
    let host = Invocation::new().deadline(SystemTime::now() + ms(10_000));
    let answering = async {
        let error = handler(dropped.clone()).await.unwrap_err();
        assert!(dropped.load(Ordering::SeqCst));
        error
    };
    let (error, report, _) = invoke_as(host.margin(Duration::ZERO), answering).await;
    assert_eq!(error.first().name(), "hangs");
    assert_eq!(report.timed_out(), 1);
}

#[tokio::test]
async fn a_blocking_closure_of_a_handler_inside_holds_nobody_either() {
    #[serverless_handler]
    async fn inner(stop: std::sync::mpsc::Receiver<()>) -> Result<(), JoinError> {
        spawn_blocking_tracked!(name = "closure", move || {
            let _ = stop.recv();
        });
        pending().await
    }

    #[serverless_handler(timeout = "50ms")]
    async fn outer(stop: std::sync::mpsc::Receiver<()>) -> Result<(), JoinError> {
        inner(stop).await
    }

    let (stop, stopped) = std::sync::mpsc::channel();
    let handling = tokio::time::timeout(ms(10_000), invoke(outer(stopped)));
    let (result, report, told) = handling.await.expect("it is not waited for");
    assert_eq!(result.unwrap_err().first().name(), "outer");
    assert_eq!(told, ["closure"]);
    assert_eq!(report.timed_out(), 1);
    drop(stop);
}

#[tokio::test(start_paused = true)]
async fn with_on_error_log_keep_alive_tasks_end_while_the_body_runs_on() {
    #[serverless_handler(timeout = "100ms", on_error = log)]
    async fn handler(journal: Journal) {
        wait_until!(name = "hangs", journal.clone().hang("keep-alive"));
        journal.work("body", 50_000).await;
    }

    let journal = Journal::new();
    let host = Invocation::new().deadline(SystemTime::now() + ms(10_000));
    let ((), _, told) = invoke_as(host, handler(journal.clone())).await;
    let lines = journal.lines();
    assert!(lines[0].starts_with("keep-alive stopped at "), "{lines:?}");
    assert_eq!(lines[1..], ["body at 50000"]);
    assert_eq!(told, ["hangs"]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_zero_has_passed_already() {
    #[serverless_handler(timeout = Duration::ZERO)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        journal.write("polled");
        Ok(())
    }

    #[serverless_handler]
    async fn tasks() -> Result<(), Error> {
        spawn_tracked!(timeout = Duration::ZERO, async {}).await?;
        let waits = spawn_tracked!(timeout = Duration::ZERO, sleep(ms(1)));
        assert_eq!(waits.await.unwrap_err().kind(), TaskErrorKind::TimedOut);
        Ok(())
    }

    let journal = Journal::new();
    let error = handler(journal.clone()).await.unwrap_err();
    assert_eq!(error.first().kind(), TaskErrorKind::TimedOut);
    assert_eq!(journal.lines(), [""; 0]);
    // A task is polled once: what is ready then has not been late.
    tasks().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_a_host_has_the_hosts_grace_period() {
    #[serverless_handler(timeout = "100ms")]
    async fn handler() -> Result<(), JoinError> {
        pending().await
    }

    let journal = Journal::new();
    let host = Invocation::new().deadline(SystemTime::now() + ms(10_000));
    let (result, ..) = invoke_as(host.margin(ms(1_000)), handler()).await;
    result.unwrap_err();
    assert_eq!(journal.now(), 600);
}

#[tokio::test(start_paused = true)]
async fn each_task_knows_the_deadline_that_holds_for_it() {
    #[serverless_handler(timeout = "100ms")]
    async fn handler(journal: Journal) -> Result<(), Error> {
        let deadline = async || tethered::Value(Scope::current().deadline());
        let tracked = spawn_tracked!(deadline()).await?;
        assert_eq!(tracked, Some(journal.started + ms(100)));
        let keep_alive = wait_until!(deadline()).await?;
        assert_eq!(keep_alive, None, "the handler's is not its own");
        Ok(())
    }

    handler(Journal::new()).await.unwrap();
}

/// Nothing polls the host's future from when it waits, idle, until the deadline of what came.
#[tokio::test(start_paused = true)]
async fn a_task_that_is_started_from_elsewhere_is_held_to_the_deadline() {
    let (send, receive) = tokio::sync::oneshot::channel();
    let host = Invocation::new().deadline(SystemTime::now() + ms(1_000));
    let invocation = tokio::spawn(host.margin(ms(200)).run(async {
        send.send(Scope::current()).unwrap();
        pending::<()>().await;
    }));
    let scope = receive.await.unwrap();
    let started = tokio::time::Instant::now();
    let task = scope.spawn(pending::<()>()).unwrap();
    let error = tokio::time::timeout(ms(5_000), task).await.expect("ended");
    assert_eq!(error.unwrap_err().kind(), TaskErrorKind::TimedOut);
    assert_eq!(started.elapsed(), ms(900));
    invocation.abort();
}
