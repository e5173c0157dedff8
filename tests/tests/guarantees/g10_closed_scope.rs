use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::*;
use tethered::{Scope, TaskErrorKind, serverless_handler, spawn_blocking_tracked, spawn_tracked};

#[tokio::test(start_paused = true)]
async fn it_gives_the_future_back() {
    #[serverless_handler]
    async fn handler() -> Result<Scope, Error> {
        spawn_tracked!(async {});
        Ok(Scope::current())
    }

    let scope = handler().await.unwrap();
    let future = async { tethered::Value(5) };
    let tethered::ScopeClosed(future) = scope.spawn(future).unwrap_err();
    assert_eq!(future.await, tethered::Value(5));
    assert!(scope.is_empty());
}

#[tokio::test(start_paused = true)]
async fn while_it_drains_it_takes_more() {
    let journal = Journal::new();
    let work = journal.clone();
    let ((), report, _) = invoke(async move {
        let scope = Scope::current();
        tokio::spawn(async move {
            sleep(ms(50)).await;
            scope.spawn(work.work("late", 100)).unwrap();
        });
        tethered::wait_until!(sleep(ms(60)));
    })
    .await;
    assert_eq!(journal.lines(), ["late at 150"]);
    assert_eq!(report.completed(), 2);
}

#[tokio::test]
async fn what_outlives_it_is_refused_and_never_adopted() {
    #[serverless_handler(timeout = "20ms")]
    async fn handler(
        go_on: Arc<AtomicBool>,
        refused: tokio::sync::oneshot::Sender<tethered::Tracked<()>>,
    ) -> Result<(), tethered::JoinError> {
        let runtime = tokio::runtime::Handle::current();
        spawn_blocking_tracked!(move || {
            while !go_on.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            let _entered = runtime.enter();
            let handle = spawn_tracked!(name = "too late", pending::<()>());
            let _ = refused.send(handle);
        });
        Ok(())
    }

    let go_on = Arc::new(AtomicBool::new(false));
    let (refused, handle) = tokio::sync::oneshot::channel();
    handler(go_on.clone(), refused).await.unwrap_err();
    // Another invocation is running when it comes.
    let (error, report, _) = invoke(async move {
        go_on.store(true, Ordering::SeqCst);
        handle.await.unwrap().await.unwrap_err()
    })
    .await;
    assert_eq!(error.kind(), TaskErrorKind::Cancelled);
    assert_eq!(error.name(), "too late");
    assert_eq!(report.spawned(), 0);
    assert!(!Scope::root().cancellation_token().is_cancelled());
}
