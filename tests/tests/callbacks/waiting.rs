//! Who waits, for what, and where it is an error.

use super::*;
use tethered::{scope, wait_until};
use tokio::{runtime::Handle, time::timeout};

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_its_set_and_await_all_for_every_set() {
    let journal = Journal::new();
    let fast = set(|set| {
        set.on_async("fast", slow(&journal, "fast", 100));
    });
    let slow = set(|set| {
        set.on_async("slow", slow(&journal, "slow", 500));
    });
    invoke(async {
        fast.flush().await.expect("nothing was emitted");
        slow.emit("event").await.unwrap();
        fast.emit("event").await.unwrap();
        fast.flush().await.unwrap();
        assert_eq!(journal.now(), 100);
        await_all_callbacks().await.unwrap();
        assert_eq!(journal.now(), 500);
        await_all_callbacks().await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_what_was_emitted_before_it() {
    let journal = Journal::new();
    let callbacks = set(|set| {
        set.on_async("slow", slow(&journal, "slow", 100));
    });
    invoke(async {
        callbacks.emit("before").await.unwrap();
        let emits = async {
            sleep(ms(50)).await;
            callbacks.emit("after").await.unwrap();
        };
        let flush = async {
            callbacks.flush().await.unwrap();
            assert_eq!(journal.now(), 100);
        };
        tokio::join!(emits, flush);
    })
    .await;
    assert_eq!(seen(&journal, "slow"), ["before", "after"]);
}

#[tokio::test(start_paused = true)]
async fn what_callbacks_emit_through_another_set_is_awaited_too() {
    let journal = Journal::new();
    let inner = set(|set| {
        set.on_async("inner", slow(&journal, "inner", 100));
    });
    let outer = set(|set| {
        set.on_async("outer", move |_: Arc<&'static str>| {
            let inner = inner.clone();
            async move {
                sleep(ms(100)).await;
                inner.emit("event").await.unwrap();
            }
        });
    });
    invoke(async {
        outer.emit("event").await.unwrap();
        await_all_callbacks().await.unwrap();
        assert_eq!(journal.lines(), ["inner event at 200"]);
    })
    .await;
}

/// An error at once, also from `await_all_callbacks`.
async fn assert_inside(callbacks: &Callbacks<&'static str>) {
    let at_once = async {
        let flushed = callbacks.flush().await.unwrap_err();
        assert!(matches!(flushed, CallbackError::InsideCallback));
        let text = flushed.to_string();
        assert!(text.contains("would wait for itself"), "{text}");
        let awaited = await_all_callbacks().await.unwrap_err();
        assert!(matches!(awaited, CallbackError::InsideCallback));
    };
    timeout(ms(0), at_once).await.expect("at once");
}

#[tokio::test(start_paused = true)]
async fn inside_a_callback_waiting_is_an_error_at_once() {
    #[serverless_handler]
    async fn called(inside: Set) -> Result<(), JoinError> {
        assert_inside(&inside).await;
        spawn_tracked!(async move { assert_inside(&inside).await });
        Ok(())
    }

    let nothing = set(|_| ());
    let inside = nothing.clone();
    let callbacks = set(|set| {
        let asynchronous = inside.clone();
        set.on_async("async", move |_: Arc<&'static str>| {
            let inside = asynchronous.clone();
            async move {
                assert_inside(&inside).await;
                called(inside.clone()).await.unwrap();
                let (again, later) = (inside.clone(), inside.clone());
                wait_until!(async move { assert_inside(&later).await });
                spawn_tracked!(async move {
                    assert_inside(&again).await;
                    scope(async |_| assert_inside(&again).await).await.unwrap();
                    spawn_tracked!(async move { assert_inside(&again).await });
                });
            }
        })
        .raise();
        let threaded = inside.clone();
        set.on_thread("thread", move |_: &&'static str| {
            let inside = threaded.clone();
            Handle::current().block_on(async {
                assert_inside(&inside).await;
                called(inside.clone()).await.unwrap();
                spawn_tracked!(async move { assert_inside(&inside).await });
            });
        })
        .raise();
        set.on_inline("inline", move |_: &&'static str| {
            let inside = inside.clone();
            futures::executor::block_on(assert_inside(&inside));
            spawn_tracked!(async move { assert_inside(&inside).await });
        })
        .raise();
    });
    let ((), report, told) = invoke(async {
        callbacks.emit("event").await.unwrap();
        callbacks.flush().await.unwrap();
    })
    .await;
    assert_eq!(report.spawned(), report.completed(), "{told:?}");
    assert!(report.spawned() >= 9, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn inside_a_callback_an_emit_never_waits() {
    let journal = Journal::new();
    let inner = blocking_set(|set| {
        set.on_async("inner", slow(&journal, "inner", 100));
    });
    let outer_journal = journal.clone();
    let outer = blocking_set(|set| {
        set.on_async("outer", move |event: Arc<&'static str>| {
            let (inner, journal) = (inner.clone(), outer_journal.clone());
            async move {
                inner.emit(*event).await.unwrap();
                journal.write("outer");
            }
        });
    });
    invoke(async { outer.emit("event").await.unwrap() }).await;
    assert_eq!(journal.lines(), ["outer at 0", "inner event at 100"]);
}

#[tokio::test(start_paused = true)]
async fn a_flush_in_a_tracked_task_ends_whatever_the_limit() {
    #[serverless_handler(max_concurrent = 1)]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        spawn_tracked!(async move {
            callbacks.emit("event").await.unwrap();
            callbacks.flush().await
        });
        Ok(())
    }

    let callbacks = set(|set| {
        set.on_async("slow", slow(&Journal::new(), "slow", 100));
    });
    timeout(ms(60_000), handler(callbacks))
        .await
        .expect("it ends")
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_flush_is_bounded_by_the_deadline() {
    #[serverless_handler(timeout = "1s", on_error = log)]
    async fn handler(callbacks: Set, journal: Journal) -> String {
        callbacks.emit("event").await.unwrap();
        let flushed = callbacks.flush().await;
        journal.write("flushed");
        flushed.unwrap_err().to_string()
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        set.on_async("hangs", |_: Arc<&'static str>| pending::<()>())
            .raise();
    });
    let text = handler(callbacks, journal.clone()).await;
    assert!(
        text.starts_with("hangs (") && text.contains("timed out"),
        "{text}"
    );
    assert_eq!(journal.lines(), ["flushed at 1050"]);
}

#[tokio::test(start_paused = true)]
async fn two_may_wait_at_once_and_one_gets_the_failure() {
    let callbacks = set(|set| {
        set.on_async("fails", |_: Arc<&'static str>| async {
            sleep(ms(100)).await;
            Err::<(), _>("fails")
        })
        .raise();
    });
    invoke(async {
        callbacks.emit("event").await.unwrap();
        let (first, second) = tokio::join!(callbacks.flush(), callbacks.flush());
        assert_eq!((first.is_err(), second.is_err()), (true, false));
    })
    .await;
}
