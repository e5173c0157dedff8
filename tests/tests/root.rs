//! The root scope: what is started outside of any invocation, or left over by one. The process has
//! one, so these tests have a process of their own and run one at a time.

use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Instant, SystemTime},
};

use tethered::{
    Invocation, JoinError, Scope, after_response, drain, scope, serverless_handler, spawn_tracked,
    wait_until,
};
use tethered_tests::journal::{Error, Journal, invoke, ms};
use tethered_tests::platform::{Platform, take_drain};
use tokio::time::{sleep, timeout};

static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(start_paused = true)]
async fn without_a_scope_around_the_root_scope_takes_them() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        spawn_tracked!(journal.clone().work("tracked", 100));
        after_response!(journal.clone().work("after", 50));
        pending().await
    }

    let _alone = ALONE.lock().await;
    let journal = Journal::new();
    timeout(ms(10), handler(journal.clone())).await.unwrap_err();
    assert_eq!(Scope::root().len(), 2);
    drain().await.unwrap();
    assert_eq!(journal.lines(), ["after at 60", "tracked at 100"]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_invocation_moves_its_tasks_to_the_root_scope() {
    let _alone = ALONE.lock().await;
    let journal = Journal::new();
    let work = journal.clone();
    let invocation = Invocation::new().run(async move {
        wait_until!(work.work("keep-alive", 100));
        pending::<()>().await;
    });
    timeout(ms(10), invocation).await.unwrap_err();
    drain().await.unwrap();
    assert_eq!(journal.lines(), ["keep-alive at 100"]);
}

#[tokio::test(start_paused = true)]
async fn dropped_while_it_joins_keep_alive_tasks_it_loses_none() {
    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        wait_until!(journal.clone().work("keep-alive", 100));
        Ok(())
    }

    let _alone = ALONE.lock().await;
    let journal = Journal::new();
    timeout(ms(10), handler(journal.clone())).await.unwrap_err();
    assert_eq!(Scope::root().len(), 1);
    drain().await.unwrap();
    assert_eq!(journal.lines(), ["keep-alive at 100"]);
}

#[tokio::test(start_paused = true)]
async fn drain_inside_an_invocation_is_an_error_at_once() {
    #[serverless_handler]
    async fn handler() -> Result<(), Error> {
        let error = drain().await.unwrap_err();
        assert!(error.to_string().contains("would wait for itself"));
        spawn_tracked!(async {
            drain().await.map(drop).unwrap_err();
        });
        wait_until!(async {
            drain().await.map(drop).unwrap_err();
        });
        Ok(())
    }

    let _alone = ALONE.lock().await;
    let ((), report, _) = invoke(async { handler().await.unwrap() }).await;
    assert_eq!(report.completed(), 2);
    scope(async |_| drain().await.unwrap_err()).await.unwrap();
    // A task of the root scope, too.
    spawn_tracked!(async {
        drain().await.map(drop).unwrap_err();
    })
    .await
    .unwrap();
    drain().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_drain_leaves_its_tasks_to_the_root_scope() {
    #[serverless_handler(host = platform)]
    async fn handler(platform: Platform, journal: Journal) -> Result<(), JoinError> {
        drop(platform);
        spawn_tracked!(journal.clone().work("tracked", 100));
        wait_until!(journal.clone().work("keep-alive", 300));
        after_response!(journal.clone().work("after", 50));
        Ok(())
    }

    let _alone = ALONE.lock().await;
    for drop_early in [true, false] {
        let platform = Platform::default();
        let drains = platform.drains.clone();
        let journal = Journal::new();
        let mut handling = Box::pin(handler(platform, journal.clone()));
        if drop_early {
            timeout(ms(1), &mut handling).await.unwrap_err();
            drop(take_drain(&drains));
        }
        handling.await.unwrap();
        if !drop_early {
            drop(take_drain(&drains));
        }
        assert_eq!(journal.lines(), ["tracked at 100"]);
        drain().await.unwrap();
        assert_eq!(journal.lines()[1..], ["after at 150", "keep-alive at 300"]);
    }
}

#[tokio::test(start_paused = true)]
async fn outside_of_any_invocation_the_root_scope_has_them() {
    let _alone = ALONE.lock().await;
    let journal = Journal::new();
    spawn_tracked!(journal.clone().work("root", 100));
    after_response!(journal.clone().work("no response to wait for", 50));
    wait_until!(async { Err::<(), _>("logged") });
    let report = drain().await.unwrap();
    assert_eq!(
        journal.lines(),
        ["no response to wait for at 50", "root at 100"]
    );
    assert!(report.completed() >= 2 && report.failed() >= 1);
}

#[tokio::test(start_paused = true)]
async fn a_report_counts_from_the_last_drain_on() {
    let _alone = ALONE.lock().await;
    drain().await.unwrap();
    spawn_tracked!(async {});
    assert_eq!(drain().await.unwrap().spawned(), 1);
    assert_eq!(drain().await.unwrap().spawned(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_report_is_balanced_and_all_together_miss_none() {
    let _alone = ALONE.lock().await;
    drain().await.unwrap();
    let spawning = tokio::spawn(async {
        let started = Instant::now();
        let mut spawned = 0;
        while started.elapsed() < ms(500) {
            spawn_tracked!(async {});
            spawned += 1;
            tokio::task::yield_now().await;
        }
        spawned
    });
    let mut counted = 0;
    loop {
        let last = spawning.is_finished();
        let report = drain().await.unwrap();
        assert_eq!(report.spawned(), report.completed());
        counted += report.spawned();
        if last {
            break;
        }
    }
    assert_eq!(spawning.await.unwrap(), counted);
}

#[tokio::test(start_paused = true)]
async fn an_error_may_start_a_task_when_it_is_dropped() {
    #[derive(Debug)]
    struct SpawnsWhenDropped;
    impl std::fmt::Display for SpawnsWhenDropped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("fails")
        }
    }
    impl std::error::Error for SpawnsWhenDropped {}
    impl Drop for SpawnsWhenDropped {
        fn drop(&mut self) {
            spawn_tracked!(async {});
        }
    }

    let _alone = ALONE.lock().await;
    drain().await.unwrap();
    let fails = spawn_tracked!(async { Err::<(), _>(SpawnsWhenDropped) });
    sleep(ms(10)).await;
    drop(fails);
    let report = drain().await.unwrap();
    assert_eq!((report.failed(), report.completed()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_moved_up_keeps_its_deadline() {
    #[serverless_handler(timeout = "1s")]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        spawn_tracked!(journal.hang("tracked"));
        pending().await
    }

    let _alone = ALONE.lock().await;
    let journal = Journal::new();
    timeout(ms(10), handler(journal.clone())).await.unwrap_err();
    timeout(ms(60_000), drain())
        .await
        .expect("it ends")
        .unwrap();
    assert_eq!(journal.lines(), ["tracked stopped at 1050"]);

    // The host's.
    let journal = Journal::new();
    let hangs = journal.clone();
    let host = Invocation::new().deadline(SystemTime::now() + ms(10_000));
    let invocation = host.run(async move {
        wait_until!(hangs.hang("keep-alive"));
        pending::<()>().await;
    });
    timeout(ms(10), invocation).await.unwrap_err();
    timeout(ms(60_000), drain())
        .await
        .expect("it ends")
        .unwrap();
    assert_eq!(journal.lines().len(), 1, "it was stopped");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_when_it_is_dropped_loses_no_task() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }

    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        after_response!(journal.work("after", 10));
        let _bomb = Bomb;
        pending().await
    }

    let _alone = ALONE.lock().await;
    let journal = Journal::new();
    let mut handling = Box::pin(handler(journal.clone()));
    timeout(ms(10), &mut handling).await.unwrap_err();
    catch_unwind(AssertUnwindSafe(|| drop(handling))).unwrap_err();
    timeout(ms(60_000), drain())
        .await
        .expect("it ends")
        .unwrap();
    assert_eq!(journal.lines(), ["after at 20"]);
}

#[tokio::test(start_paused = true)]
async fn abort_holds_until_the_keep_alive_tasks_are_joined() {
    #[serverless_handler(on_drop = abort)]
    async fn handler(journal: Journal) -> Result<(), JoinError> {
        wait_until!(journal.clone().hang("keep-alive"));
        spawn_tracked!(journal.clone().work("tracked", 100));
        after_response!(journal.clone().work("after", 1_000));
        Ok(())
    }

    async fn dropped_after(millis: u64) -> Vec<String> {
        let journal = Journal::new();
        let handling = handler(journal.clone());
        timeout(ms(millis), handling).await.unwrap_err();
        drain().await.unwrap();
        let mut lines = journal.lines();
        lines.sort_unstable();
        lines
    }

    let _alone = ALONE.lock().await;
    assert_eq!(
        dropped_after(10).await,
        ["keep-alive stopped at 10", "tracked stopped at 10"]
    );
    assert_eq!(
        dropped_after(150).await,
        [
            "after stopped at 150",
            "keep-alive stopped at 150",
            "tracked at 100"
        ]
    );
}
