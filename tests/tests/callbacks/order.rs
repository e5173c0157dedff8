//! One handler sees its events in the order in which they were emitted.

use super::*;
use std::sync::OnceLock;
use tethered::scope;

#[tokio::test(start_paused = true)]
async fn a_slow_start_comes_before_a_fast_end_and_other_handlers_do_not_wait() {
    let journal = Journal::new();
    let callbacks = set(|set| {
        let slow_start = journal.clone();
        set.on_async("slow", move |event: Arc<&'static str>| {
            let journal = slow_start.clone();
            async move {
                if *event == "start" {
                    sleep(ms(500)).await;
                }
                journal.write(&format!("slow {event}"));
            }
        });
        set.on_async("fast", slow(&journal, "fast", 1));
    });
    invoke(async {
        callbacks.emit("start").await.unwrap();
        callbacks.emit("end").await.unwrap();
    })
    .await;
    let lines = [
        "fast start at 1",
        "fast end at 2",
        "slow start at 500",
        "slow end at 500",
    ];
    assert_eq!(journal.lines(), lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_threads_too() {
    let journal = Journal::new();
    let callbacks = set(|set| {
        let threaded = journal.clone();
        set.on_thread("thread", move |event: &&'static str| {
            if *event == "start" {
                thread::sleep(ms(50));
            }
            threaded.write(&format!("thread {event}"));
        });
    });
    invoke(async {
        for event in ["start", "middle", "end"] {
            drop(callbacks.emit(event));
        }
    })
    .await;
    assert_eq!(seen(&journal, "thread"), ["start", "middle", "end"]);
}

#[tokio::test(start_paused = true)]
async fn in_the_scopes_of_an_invocation_too() {
    #[serverless_handler]
    async fn nested(callbacks: Set) -> Result<(), JoinError> {
        callbacks.emit("middle").await.unwrap();
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        set.on_async("slow", slow(&journal, "slow", 100));
    });
    invoke(async {
        callbacks.emit("start").await.unwrap();
        nested(callbacks.clone()).await.unwrap();
        callbacks.emit("end").await.unwrap();
    })
    .await;
    assert_eq!(seen(&journal, "slow"), ["start", "middle", "end"]);
}

#[tokio::test(start_paused = true)]
async fn invocations_do_not_wait_for_one_another() {
    let journal = Journal::new();
    let callbacks = set(|set| {
        let journal = journal.clone();
        set.on_async("either", move |event: Arc<&'static str>| {
            journal
                .clone()
                .work(*event, if *event == "slow" { 1_000 } else { 10 })
        });
    });
    let slow = invoke(async { callbacks.emit("slow").await.unwrap() });
    let fast = invoke(async {
        callbacks.emit("fast").await.unwrap();
        callbacks.flush().await.unwrap();
        journal.write("flushed");
        await_all_callbacks().await.unwrap();
    });
    tokio::join!(slow, fast);
    let lines = ["fast at 10", "flushed at 10", "slow at 1000"];
    assert_eq!(journal.lines(), lines);
}

/// A set that can be emitted to by its own handlers.
fn recursive(handlers: impl FnOnce(&mut Callbacks<&'static str>, Arc<OnceLock<Set>>)) -> Set {
    let own = Arc::new(OnceLock::new());
    let set = set(|set| handlers(set, own.clone()));
    assert!(own.set(set.clone()).is_ok());
    set
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_emit() {
    let journal = Journal::new();
    let callbacks = recursive(|set, own| {
        let (async_own, threaded_own) = (own.clone(), own);
        let async_journal = journal.clone();
        set.on_async("async", move |event: Arc<&'static str>| {
            let (own, journal) = (async_own.clone(), async_journal.clone());
            async move {
                if *event == "start" {
                    own.get().unwrap().emit("from async").await.unwrap();
                }
                journal.write(&format!("async {event}"));
            }
        });
        let threaded_journal = journal.clone();
        set.on_thread("thread", move |event: &&'static str| {
            if *event == "start" {
                drop(threaded_own.get().unwrap().emit("from a thread"));
            }
            threaded_journal.write(&format!("thread {event}"));
        });
    });
    let ((), report, _) = invoke(async {
        callbacks.emit("start").await.unwrap();
        callbacks.flush().await.unwrap();
        assert_eq!(
            journal.lines().len(),
            6,
            "what callbacks emit is flushed too"
        );
    })
    .await;
    assert_eq!(report.completed(), 6);
    for who in ["async", "thread"] {
        let mut seen = seen(&journal, who);
        assert_eq!(seen[0], "start");
        seen.sort_unstable();
        assert_eq!(seen, ["from a thread", "from async", "start"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_inline_handler_emits_is_seen_after_what_it_handles() {
    let journal = Journal::new();
    let callbacks = recursive(|set, own| {
        let first = journal.clone();
        set.on_inline("first", move |event: &&'static str| {
            if *event == "one" {
                drop(own.get().unwrap().emit("two"));
            }
            first.write(&format!("first {event}"));
        });
        let second = journal.clone();
        set.on_inline("second", move |event: &&'static str| {
            second.write(&format!("second {event}"));
        });
        set.on_async("async", slow(&journal, "async", 10));
    });
    invoke(async { callbacks.emit("one").await.unwrap() }).await;
    for who in ["first", "second", "async"] {
        assert_eq!(seen(&journal, who), ["one", "two"], "{who}");
    }
    // The round is over: the next event is seen at once.
    drop(callbacks.emit("three"));
    assert_eq!(seen(&journal, "second").last().unwrap(), "three");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_a_callback_calls_does_not_wait_for_the_callback() {
    #[serverless_handler]
    async fn inner(callbacks: Set) -> Result<(), JoinError> {
        callbacks.emit("from inside").await.unwrap();
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = recursive(|set, own| {
        let journal = journal.clone();
        set.on_async("calls", move |event: Arc<&'static str>| {
            let (own, journal) = (own.clone(), journal.clone());
            async move {
                if *event == "start" {
                    inner(own.get().unwrap().clone()).await.unwrap();
                    let scoped = scope(async |_| drop(own.get().unwrap().emit("from a scope")));
                    scoped.await.unwrap();
                }
                journal.write(&format!("calls {event}"));
            }
        });
    });
    let running = invoke(async { callbacks.emit("start").await.unwrap() });
    tokio::time::timeout(ms(60_000), running)
        .await
        .expect("it ends");
    assert_eq!(
        seen(&journal, "calls"),
        ["start", "from inside", "from a scope"]
    );
}
