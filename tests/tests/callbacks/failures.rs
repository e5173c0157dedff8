//! A handler that fails, panics or hangs stops no other, nor its own later events.

use super::*;
use tethered::KeepAlive;
use tokio::time::timeout;

/// Fails, panics or completes, as the event says.
fn acts(journal: &Journal) -> impl AsyncCallbackHandler<&'static str> + use<> {
    let journal = journal.clone();
    move |event: Arc<&'static str>| {
        let journal = journal.clone();
        async move {
            sleep(ms(10)).await;
            assert!(*event != "panic", "the callback panics");
            if *event == "fail" {
                return Err("the callback fails");
            }
            journal.write(&format!("acts {event}"));
            Ok(())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_others_and_later_events_go_on() {
    #[serverless_handler]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        for event in ["fail", "panic", "end"] {
            callbacks.emit(event).await.unwrap();
        }
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        let inline = journal.clone();
        set.on_inline("inline", move |event: &&'static str| {
            inline.write(&format!("inline {event}"));
            assert!(*event != "panic", "the callback panics");
            if *event == "fail" {
                Err("the callback fails")
            } else {
                Ok(())
            }
        });
        set.on_async("acts", acts(&journal));
        let threaded = journal.clone();
        set.on_thread("thread", move |event: &&'static str| {
            threaded.write(&format!("thread {event}"));
            assert!(*event != "panic", "the callback panics");
            if *event == "fail" {
                Err("the callback fails")
            } else {
                Ok(())
            }
        });
        set.on_async("sees", slow(&journal, "sees", 20));
    });
    let (result, report, mut told) = invoke(handler(callbacks)).await;
    result.expect("they are logged");
    for who in ["inline", "thread", "sees"] {
        assert_eq!(seen(&journal, who), ["fail", "panic", "end"], "{who}");
    }
    assert_eq!(seen(&journal, "acts"), ["end"]);
    assert_eq!(
        (report.failed(), report.panicked(), report.completed()),
        (2, 2, 5)
    );
    told.sort_unstable();
    assert_eq!(
        told,
        ["acts", "acts", "inline", "inline", "thread", "thread"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_raised_failure_is_that_of_the_emit_which_waits() {
    let journal = Journal::new();
    let callbacks = blocking_set(|set| {
        set.on_inline("inline", |event: &&'static str| match *event {
            "fail" => Err("inline"),
            _ => Ok(()),
        })
        .raise();
        set.on_async("acts", acts(&journal)).raise();
        set.on_async("sees", slow(&journal, "sees", 100)).raise();
    });
    let ((), _, told) = invoke(async {
        let error = callbacks.emit("fail").await.unwrap_err();
        assert_eq!(journal.now(), 100, "all are done");
        let CallbackError::Raised(error) = error else {
            panic!("{error}");
        };
        let names: Vec<_> = error.iter().map(|error| error.name().to_owned()).collect();
        assert_eq!(names, ["inline", "acts"]);
        let place = error.first().location();
        assert!(place.file().ends_with("failures.rs"), "{place}");
        let text = error
            .into_errors()
            .remove(1)
            .into_source()
            .unwrap()
            .to_string();
        assert_eq!(text, "the callback fails");
        let error = callbacks.emit("panic").await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("acts (") && text.contains("the callback panics"),
            "{text}"
        );
        callbacks.emit("end").await.unwrap();
    })
    .await;
    assert_eq!(told, Vec::<String>::new(), "told once");
    assert_eq!(seen(&journal, "sees"), ["fail", "panic", "end"]);
}

#[tokio::test(start_paused = true)]
async fn in_the_background_it_is_that_of_the_flush_and_else_of_the_handler() {
    #[serverless_handler]
    async fn handler(callbacks: Set, flush: bool) -> Result<(), JoinError> {
        callbacks.emit("fail").await.unwrap();
        if flush {
            let error = callbacks.flush().await.unwrap_err();
            assert!(error.to_string().starts_with("acts ("), "{error}");
            callbacks.flush().await.expect("asked for once");
        }
        Ok(())
    }

    for flush in [true, false] {
        let callbacks = set(|set| {
            set.on_async("acts", acts(&Journal::new())).raise();
        });
        let (result, report, told) = invoke(handler(callbacks, flush)).await;
        let name = result
            .map_err(|error| error.first().name().to_owned())
            .err();
        assert_eq!(name.as_deref(), (!flush).then_some("acts"));
        assert_eq!((report.failed(), told), (1, vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_that_is_dropped_gives_the_failure_back() {
    #[serverless_handler]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        callbacks.emit("fail").await.unwrap();
        timeout(ms(1), callbacks.flush()).await.unwrap_err();
        Ok(())
    }

    let callbacks = set(|set| {
        set.on_async("acts", acts(&Journal::new())).raise();
    });
    let (result, ..) = invoke(handler(callbacks)).await;
    assert_eq!(result.unwrap_err().first().name(), "acts");
}

#[tokio::test(start_paused = true)]
async fn no_failure_of_a_task_stops_a_callback() {
    #[serverless_handler]
    async fn handler(callbacks: Set, journal: Journal) -> Result<(), JoinError> {
        callbacks.emit("fail").await.unwrap();
        callbacks.emit("end").await.unwrap();
        spawn_tracked!(name = "sibling", journal.clone().hang("sibling"));
        spawn_tracked!(name = "fails", async {
            sleep(ms(5)).await;
            Err::<(), _>("a task")
        });
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        set.on_async("acts", acts(&journal)).raise();
        set.on_async("sees", slow(&journal, "sees", 100)).raise();
    });
    let (result, report, _) = invoke(handler(callbacks, journal.clone())).await;
    let error = result.unwrap_err();
    let names: Vec<_> = error.iter().map(tethered::TaskError::name).collect();
    assert_eq!(names, ["fails", "acts"]);
    assert_eq!(seen(&journal, "sees"), ["fail", "end"]);
    assert_eq!(seen(&journal, "acts"), ["end"]);
    assert_eq!((report.cancelled(), report.failed()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_hang_is_ended_by_the_deadline_and_named() {
    #[serverless_handler(timeout = "1s")]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        callbacks.emit("event").await.unwrap();
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        let hangs = journal.clone();
        set.on_async("hangs", move |_: Arc<&'static str>| {
            hangs.clone().hang("hangs")
        });
        set.on_async("sees", slow(&journal, "sees", 100));
    });
    let (result, report, _) = invoke(handler(callbacks)).await;
    let error = result.unwrap_err();
    assert_eq!(error.iter().count(), 1);
    assert_eq!(error.first().kind(), TaskErrorKind::TimedOut);
    let text = error.to_string();
    assert!(
        text.starts_with("hangs (") && text.contains("timed out after 1.0s"),
        "{text}"
    );
    assert_eq!(
        journal.lines(),
        ["sees event at 100", "hangs stopped at 1050"]
    );
    assert_eq!((report.timed_out(), report.completed()), (1, 1));
}

#[tokio::test]
async fn so_is_one_on_a_thread_with_the_events_behind_it() {
    #[serverless_handler]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        for event in ["first", "second"] {
            callbacks.emit(event).await.unwrap();
        }
        Ok(())
    }

    let (end, ended) = std::sync::mpsc::channel::<()>();
    let ended = Mutex::new(ended);
    let callbacks = set(|set| {
        set.on_thread("hangs", move |_: &&'static str| {
            let _ = ended.lock().unwrap().recv();
        });
    });
    let deadline = SystemTime::now() + ms(400);
    let (result, report, _) =
        invoke_as(Invocation::new().deadline(deadline), handler(callbacks)).await;
    let error = result.unwrap_err();
    assert!(error.iter().all(|error| error.name() == "hangs"), "{error}");
    assert_eq!((error.unfinished().count(), report.timed_out()), (2, 2));
    drop(end);
}

#[tokio::test(start_paused = true)]
async fn a_hang_takes_no_room_from_others() {
    #[serverless_handler(max_concurrent = 1, timeout = "1s")]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        callbacks.emit("event").await.unwrap();
        spawn_tracked!(async {}).await.unwrap();
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        set.on_async("hangs", |_: Arc<&'static str>| pending::<()>());
        set.on_async("sees", slow(&journal, "sees", 100));
    });
    handler(callbacks).await.unwrap_err();
    assert_eq!(journal.lines(), ["sees event at 100"]);
}

#[tokio::test(start_paused = true)]
async fn nor_does_it_wait_for_room() {
    #[serverless_handler(max_concurrent = 1)]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        spawn_tracked!(sleep(ms(500)));
        callbacks.emit("event").await.unwrap();
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        set.on_async("sees", slow(&journal, "sees", 100));
    });
    handler(callbacks).await.unwrap();
    assert_eq!(journal.lines(), ["sees event at 100"]);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledged_trigger_does_not_fail_for_a_logged_callback() {
    #[serverless_handler]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        tethered::wait_until!(async move { callbacks.emit("fail").await });
        Ok(())
    }

    for (raise, failed) in [(false, false), (true, true)] {
        let callbacks = set(|set| {
            let acts = set.on_async("acts", acts(&Journal::new()));
            if raise {
                acts.raise()
            } else {
                acts.log()
            };
        });
        let host = Invocation::new().keep_alive(KeepAlive::JoinAndFail);
        let (result, report, _) = invoke_as(host, handler(callbacks)).await;
        assert_eq!((result.is_err(), report.failed()), (failed, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn those_of_a_dropped_handler_are_finished() {
    #[serverless_handler]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        callbacks.emit("start").await.unwrap();
        callbacks.emit("end").await.unwrap();
        pending().await
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        set.on_async("sees", slow(&journal, "sees", 100));
    });
    let ((), report, _) = invoke(async {
        timeout(ms(10), handler(callbacks)).await.unwrap_err();
    })
    .await;
    assert_eq!(journal.lines(), ["sees start at 100", "sees end at 200"]);
    assert_eq!(report.completed(), 2);
}

#[tokio::test(start_paused = true)]
async fn nor_does_a_failure_around_it_stop_them() {
    #[serverless_handler]
    async fn inner(callbacks: Set) -> Result<(), JoinError> {
        callbacks.emit("event").await.unwrap();
        pending().await
    }

    #[serverless_handler]
    async fn outer(callbacks: Set) -> Result<(), JoinError> {
        timeout(ms(10), inner(callbacks)).await.unwrap_err();
        spawn_tracked!(name = "fails", async { Err::<(), _>("a task") });
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        set.on_async("sees", slow(&journal, "sees", 100));
    });
    let (result, ..) = invoke(outer(callbacks)).await;
    assert_eq!(result.unwrap_err().first().name(), "fails");
    assert_eq!(journal.lines(), ["sees event at 100"]);
}

#[tokio::test]
async fn after_the_invocation_an_event_is_refused_and_nothing_waits_for_it() {
    let journal = Journal::new();
    let callbacks = blocking_set(|set| {
        set.on_async("sees", slow(&journal, "sees", 10));
        set.on_async("raises", slow(&journal, "raises", 10)).raise();
    });
    let (sender, late) = tokio::sync::oneshot::channel();
    let ((), _, told) = invoke(async {
        let set = callbacks.clone();
        tethered::spawn_blocking_tracked!(name = "outlives", timeout = ms(10), move || {
            thread::sleep(ms(200));
            let emitted = tokio::runtime::Handle::current().block_on(set.emit("late"));
            let _ = sender.send(emitted.map_err(|error| error.to_string()));
        });
    })
    .await;
    assert_eq!(told, ["outlives"]);
    let error = late.await.unwrap().unwrap_err();
    assert!(
        error.starts_with("raises (") && error.contains("cancelled"),
        "{error}"
    );
    assert_eq!(journal.lines(), Vec::<String>::new());
}
