//! The root scope: what is started outside of any invocation, or left over by one. The process has
//! one, so these tests have a process of their own and run one at a time.

use std::future::pending;

use tethered::{
    Invocation, JoinError, Scope, after_response, drain, scope, serverless_handler, spawn_tracked,
    wait_until,
};
use tethered_tests::journal::{Error, Journal, invoke, ms};
use tethered_tests::platform::{Platform, take_drain};
use tokio::time::timeout;

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
