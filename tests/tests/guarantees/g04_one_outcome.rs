use super::*;
use tethered::{
    TaskKind, TaskOutcome, serverless_handler, spawn_blocking_tracked, spawn_tracked, wait_until,
};

#[tokio::test(start_paused = true)]
async fn each_task_has_a_row_and_an_outcome() {
    #[serverless_handler(on_error = log, join = join_all)]
    async fn handler(journal: Journal) {
        spawn_tracked!(name = "completes", journal.clone().work("x", 10));
        spawn_tracked!(name = "fails", async { Err::<(), _>("why") });
        spawn_tracked!(name = "panics", async { panic!("how") });
        spawn_tracked!(name = "never polled", pending::<()>()).abort();
        spawn_tracked!(name = "times out", timeout = ms(5), pending::<()>());
        spawn_blocking_tracked!(name = "blocks", || ());
        wait_until!(name = "keep-alive", async {});
    }

    let ((), report, told) = invoke(handler(Journal::new())).await;
    let row = |name| {
        let row = report.tasks().find(|task| task.name() == name).unwrap();
        (row.kind(), row.outcome(), row.error())
    };
    assert_eq!(
        row("completes"),
        (TaskKind::Spawn, TaskOutcome::Completed, None)
    );
    assert_eq!(
        row("fails"),
        (TaskKind::Spawn, TaskOutcome::Failed, Some("why"))
    );
    assert_eq!(
        row("panics"),
        (TaskKind::Spawn, TaskOutcome::Panicked, Some("how"))
    );
    assert_eq!(
        row("never polled"),
        (TaskKind::Spawn, TaskOutcome::Cancelled, None)
    );
    assert_eq!(
        row("times out"),
        (TaskKind::Spawn, TaskOutcome::TimedOut, None)
    );
    assert_eq!(
        row("blocks"),
        (TaskKind::Blocking, TaskOutcome::Completed, None)
    );
    assert_eq!(
        row("keep-alive"),
        (TaskKind::WaitUntil, TaskOutcome::Completed, None)
    );
    assert_eq!(told, ["fails", "panics", "times out"]);
    let times_out = report
        .tasks()
        .find(|task| task.name() == "times out")
        .unwrap();
    assert_eq!(times_out.elapsed().as_millis(), 5);
    assert!(times_out.location().file().ends_with("g04_one_outcome.rs"));
}

#[tokio::test(start_paused = true)]
async fn a_future_that_panics_when_it_is_dropped_is_counted_once() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }

    #[serverless_handler(on_error = log)]
    async fn handler() {
        let task = spawn_tracked!(async {
            let _bomb = Bomb;
            pending::<()>().await;
        });
        tokio::task::yield_now().await;
        task.abort();
    }

    let ((), report, _) = invoke(handler()).await;
    assert_eq!((report.spawned(), report.panicked()), (1, 1));
}

#[test]
fn a_runtime_that_shuts_down_cancels() {
    let report = Arc::new(Mutex::new(None));
    let keep = report.clone();
    let outer = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    outer.block_on(async {
        let invocation = tethered::Invocation::new();
        let invocation = invocation.on_report(move |report| *keep.lock().unwrap() = Some(report));
        invocation
            .run(async {
                let inner = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                {
                    let _inner = inner.enter();
                    spawn_tracked!(pending::<()>());
                }
                inner.shutdown_background();
            })
            .await;
    });
    let report = report.lock().unwrap().take().unwrap();
    assert_balanced(&report);
    assert_eq!(report.cancelled(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_task_left_running_sees_its_token_fire() {
    #[serverless_handler(on_error = log)]
    async fn handler() {
        let (out, token) = tokio::sync::oneshot::channel();
        spawn_tracked!(async {
            let _ = out.send(tethered::Scope::current().cancellation_token());
            Err::<(), _>("fails")
        });
        let token = token.await.unwrap();
        let fires = tokio::time::timeout(ms(10), token.cancelled());
        fires.await.expect("it fires");
    }

    handler().await;
}
