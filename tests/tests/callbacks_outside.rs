//! Callbacks outside of any invocation, and waiting for those of the whole process: in a process of
//! their own, one at a time.

use std::sync::Arc;

use tethered::{Callbacks, await_all_callbacks, callbacks::CallbackError, drain};
use tethered_tests::journal::{Journal, invoke, ms};
use tokio::time::sleep;

static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// One handler with `raise`, which takes as long as the event says and fails if that is odd.
fn callbacks(journal: &Journal) -> Callbacks<u64> {
    let journal = journal.clone();
    let mut callbacks = Callbacks::new().unwrap().background(true);
    callbacks
        .on_async("takes", move |millis: Arc<u64>| {
            let journal = journal.clone();
            async move {
                sleep(ms(*millis)).await;
                journal.write(&millis.to_string());
                millis.is_multiple_of(2).then_some(()).ok_or("odd")
            }
        })
        .raise();
    callbacks
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_what_was_emitted_outside_and_await_all_for_the_whole_process() {
    let _alone = ALONE.lock().await;
    let journal = Journal::new();
    let callbacks = callbacks(&journal);
    callbacks.emit(101).await.unwrap();
    let inside = invoke(async {
        callbacks.emit(501).await.unwrap();
        callbacks.emit(0).await.unwrap();
    });
    let outside = async {
        // The invocation has emitted.
        sleep(ms(1)).await;
        let error = callbacks.flush().await.unwrap_err();
        assert!(matches!(error, CallbackError::Raised(_)), "{error}");
        assert_eq!(journal.now(), 101);
        await_all_callbacks()
            .await
            .expect("the failure of an invocation is its own");
        assert_eq!(journal.lines(), ["101 at 101", "501 at 501", "0 at 501"]);
    };
    let (((), report, told), ()) = tokio::join!(inside, outside);
    assert_eq!((report.failed(), report.completed()), (1, 1));
    // No handler returned it.
    assert_eq!(told, ["takes"]);
    drain().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_them() {
    let _alone = ALONE.lock().await;
    let journal = Journal::new();
    let callbacks = callbacks(&journal);
    for _ in 0..100 {
        callbacks.emit(2).await.unwrap();
    }
    let report = drain().await.unwrap();
    assert_eq!((report.completed(), journal.now()), (100, 200));
    callbacks.flush().await.unwrap();
}
