//! What LangChain.js (core 1.4) and `langchain_core` (1.7) do with callbacks, by their public
//! behaviour and tests, and what becomes of it here.

use super::*;

/// What a chain tells its handlers.
#[derive(Debug)]
enum Event {
    ChainStart,
    LlmNewToken,
    ChainEnd,
}

/// A runnable with callbacks.
async fn invoke_chain(callbacks: &Callbacks<Event>) -> Result<(), CallbackError> {
    callbacks.emit(Event::ChainStart).await?;
    callbacks.emit(Event::LlmNewToken).await?;
    callbacks.emit(Event::ChainEnd).await
}

fn handle_chain_end(journal: &Journal, millis: u64) -> impl AsyncCallbackHandler<Event> + use<> {
    let journal = journal.clone();
    move |event: Arc<Event>| {
        let journal = journal.clone();
        async move {
            if matches!(*event, Event::ChainEnd) {
                sleep(ms(millis)).await;
            }
            journal.write(&format!("{event:?}"));
        }
    }
}

/// JS: "callbacks run in the background by default, `awaitAllCallbacks` waits for them".
#[tokio::test(start_paused = true)]
async fn background_invoke_returns_at_once_and_await_all_callbacks_waits() {
    let journal = Journal::new();
    let mut callbacks = Callbacks::new().unwrap();
    callbacks.on_async("tracer", handle_chain_end(&journal, 2_000));
    invoke(async {
        invoke_chain(&callbacks).await.unwrap();
        assert_eq!(journal.now(), 0);
        await_all_callbacks().await.unwrap();
        assert_eq!(journal.now(), 2_000);
    })
    .await;
}

/// JS: "with `LANGCHAIN_CALLBACKS_BACKGROUND=false`, `invoke` waits".
#[tokio::test(start_paused = true)]
async fn blocking_invoke_waits() {
    let journal = Journal::new();
    let mut callbacks = Callbacks::new().unwrap().background(false);
    callbacks.on_async("tracer", handle_chain_end(&journal, 2_000));
    invoke(async {
        invoke_chain(&callbacks).await.unwrap();
        assert_eq!(journal.now(), 2_000);
    })
    .await;
}

/// JS: the process exits after `invoke`, and what was in the background is lost. Not here.
#[tokio::test(start_paused = true)]
async fn shutdown_loses_nothing() {
    #[serverless_handler]
    async fn handler(callbacks: Arc<Callbacks<Event>>) -> Result<(), JoinError> {
        invoke_chain(&callbacks).await.unwrap();
        Ok(())
    }

    let journal = Journal::new();
    let mut callbacks = Callbacks::new().unwrap();
    callbacks.on_async("tracer", handle_chain_end(&journal, 2_000));
    handler(Arc::new(callbacks)).await.unwrap();
    let lines = ["ChainStart at 0", "LlmNewToken at 0", "ChainEnd at 2000"];
    assert_eq!(journal.lines(), lines);
}

/// JS: handlers of 300, 100 and 200 ms share one queue, and take 630 ms. Side by side here.
#[tokio::test(start_paused = true)]
async fn handlers_run_side_by_side() {
    let journal = Journal::new();
    let mut callbacks = Callbacks::new().unwrap();
    for (name, millis) in [("a", 300), ("b", 100), ("c", 200)] {
        callbacks.on_async(name, handle_chain_end(&journal, millis));
    }
    invoke(async { invoke_chain(&callbacks).await.unwrap() }).await;
    assert_eq!(journal.now(), 300);
}

/// JS: waiting inside a callback never ends. An error here.
#[tokio::test(start_paused = true)]
async fn awaiting_inside_a_callback_does_not_deadlock() {
    let mut callbacks = Callbacks::new().unwrap().background(false);
    callbacks
        .on_async("waits", |_: Arc<Event>| async {
            await_all_callbacks().await
        })
        .raise();
    let error = invoke(async { callbacks.emit(Event::ChainEnd).await })
        .await
        .0
        .unwrap_err();
    assert!(
        error.to_string().contains("would wait for itself"),
        "{error}"
    );
}

/// Python: with `raise_error` false, an error is logged and the chain goes on; with true, it is the
/// caller's. Either way the siblings see the event, and nobody is left running when it returns.
#[tokio::test(start_paused = true)]
async fn an_error_is_logged_or_with_raise_the_callers() {
    for raise in [false, true] {
        let journal = Journal::new();
        let mut callbacks = Callbacks::new().unwrap().background(false);
        let fails = callbacks.on_async("fails", |_: Arc<Event>| async { Err::<(), _>("handler") });
        if raise {
            fails.raise();
        }
        callbacks.on_async("sibling", handle_chain_end(&journal, 200));
        let (result, _, told) = invoke(async {
            let result = callbacks.emit(Event::ChainEnd).await;
            assert_eq!(journal.lines(), ["ChainEnd at 200"]);
            result
        })
        .await;
        assert_eq!((result.is_err(), told.len()), (raise, usize::from(!raise)));
    }
}

/// Python: a strict async handler called from a synchronous path swallows its error. Here the
/// error of an emit that nobody awaits is the handler's.
#[tokio::test(start_paused = true)]
async fn from_synchronous_code_no_error_is_swallowed() {
    fn synchronous(callbacks: &Callbacks<Event>) {
        drop(callbacks.emit(Event::ChainEnd));
    }

    #[serverless_handler]
    async fn handler(callbacks: Arc<Callbacks<Event>>) -> Result<(), JoinError> {
        synchronous(&callbacks);
        Ok(())
    }

    for background in [true, false] {
        let mut callbacks = Callbacks::new().unwrap().background(background);
        callbacks
            .on_async("strict", |_: Arc<Event>| async {
                Err::<(), _>("swallowed")
            })
            .raise();
        let error = handler(Arc::new(callbacks)).await.unwrap_err();
        assert_eq!(error.first().name(), "strict");
    }
}

/// Python: with inline and background handlers mixed, the background one misses the start event.
#[tokio::test(start_paused = true)]
async fn mixed_handlers_all_see_every_event() {
    let journals = [Journal::new(), Journal::new(), Journal::new()];
    let mut callbacks = Callbacks::new().unwrap();
    let [inline, on_async, on_thread] = journals.clone();
    callbacks.on_async("async", handle_chain_end(&on_async, 10));
    callbacks.on_inline("inline", move |event: &Event| {
        inline.write(&format!("{event:?}"));
    });
    callbacks.on_thread("thread", move |event: &Event| {
        on_thread.write(&format!("{event:?}"));
    });
    invoke(async { invoke_chain(&callbacks).await.unwrap() }).await;
    for journal in &journals {
        let lines = journal.lines();
        let what = lines.iter().map(|line| line.split(' ').next().unwrap());
        assert!(
            what.eq(["ChainStart", "LlmNewToken", "ChainEnd"]),
            "{lines:?}"
        );
    }
}

/// Python: `ignore_llm` and its like.
#[tokio::test(start_paused = true)]
async fn a_handler_ignores_kinds_of_events() {
    let journal = Journal::new();
    let mut callbacks = Callbacks::new().unwrap();
    callbacks
        .on_async("tracer", handle_chain_end(&journal, 0))
        .ignore(|event| matches!(event, Event::LlmNewToken));
    invoke(async { invoke_chain(&callbacks).await.unwrap() }).await;
    assert_eq!(journal.lines(), ["ChainStart at 0", "ChainEnd at 0"]);
}
