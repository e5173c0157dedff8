use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::*;
use tethered::{
    Scope, TaskErrorKind, serverless_handler, spawn_blocking_tracked, spawn_tracked, wait_until,
};

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

#[tokio::test]
async fn nor_are_the_tasks_of_a_handler_that_such_code_calls() {
    static RAN: AtomicBool = AtomicBool::new(false);

    #[serverless_handler]
    async fn late() -> Result<TaskErrorKind, Error> {
        let task = wait_until!(async { RAN.store(true, Ordering::SeqCst) });
        Ok(task.await.unwrap_err().kind())
    }

    #[serverless_handler(on_error = log)]
    async fn handler(
        go_on: std::sync::mpsc::Receiver<()>,
        out: tokio::sync::oneshot::Sender<TaskErrorKind>,
    ) {
        let runtime = tokio::runtime::Handle::current();
        spawn_blocking_tracked!(timeout = ms(20), move || {
            let _ = go_on.recv();
            let _ = out.send(runtime.block_on(late()).unwrap());
        });
    }

    let (go_on, goes_on) = std::sync::mpsc::channel();
    let (out, kind) = tokio::sync::oneshot::channel();
    handler(goes_on, out).await;
    go_on.send(()).unwrap();
    assert_eq!(kind.await.unwrap(), TaskErrorKind::Cancelled);
    assert!(!RAN.load(Ordering::SeqCst));
}
