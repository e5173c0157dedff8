//! Which thread, and how long.

use super::*;

const STEP: Duration = Duration::from_millis(200);

/// Three handlers of 200 ms each, on threads.
fn three_on_threads() -> Callbacks<&'static str> {
    let mut callbacks = Callbacks::new().unwrap();
    for name in ["a", "b", "c"] {
        callbacks.on_thread(name, |_: &&'static str| thread::sleep(STEP));
    }
    callbacks
}

#[tokio::test(start_paused = true)]
async fn in_the_background_an_emit_returns_at_once_and_is_joined_when_the_slowest_ends() {
    #[serverless_handler]
    async fn handler(callbacks: Set, journal: Journal) -> Result<(), JoinError> {
        callbacks.emit("event").await.unwrap();
        journal.write("emitted");
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        for name in ["a", "b", "c"] {
            set.on_async(name, slow(&journal, name, 200));
        }
    });
    let (result, report, _) = invoke(handler(callbacks, journal.clone())).await;
    result.unwrap();
    assert_eq!(report.completed(), 3);
    let lines = [
        "emitted at 0",
        "a event at 200",
        "b event at 200",
        "c event at 200",
    ];
    assert_eq!(journal.lines(), lines);
}

#[tokio::test(start_paused = true)]
async fn in_blocking_mode_it_returns_when_all_are_done_side_by_side() {
    let journal = Journal::new();
    let callbacks = blocking_set(|set| {
        for name in ["a", "b", "c"] {
            set.on_async(name, slow(&journal, name, 200));
        }
    });
    invoke(async {
        callbacks.emit("event").await.unwrap();
        assert_eq!((journal.lines().len(), journal.now()), (3, 200));
    })
    .await;
}

#[tokio::test]
async fn threads_are_parallel() {
    let callbacks = three_on_threads().background(false);
    let started = Instant::now();
    invoke(async { callbacks.emit("event").await.unwrap() }).await;
    let elapsed = started.elapsed();
    assert!((STEP..2 * STEP).contains(&elapsed), "{elapsed:?}");
}

#[tokio::test]
async fn an_emit_to_threads_in_the_background_takes_less_than_a_millisecond() {
    let callbacks = three_on_threads().background(true);
    let started = Instant::now();
    let (emits, ..) = invoke(async {
        // The shortest of some: the machine may have had something else to do.
        let emits = (0..3).map(|_| {
            let started = Instant::now();
            drop(callbacks.emit("event"));
            started.elapsed()
        });
        emits.collect::<Vec<_>>()
    })
    .await;
    assert!(emits.iter().min() < Some(&ms(1)), "{emits:?}");
    assert!(started.elapsed() >= 3 * STEP, "each handles one at a time");
}

#[tokio::test]
async fn inline_handlers_take_their_time_one_after_the_other() {
    let mut callbacks = Callbacks::new().unwrap();
    for name in ["a", "b", "c"] {
        callbacks.on_inline(name, |_: &&'static str| thread::sleep(STEP));
    }
    let started = Instant::now();
    drop(callbacks.emit("event"));
    assert!(started.elapsed() >= 3 * STEP);
}

#[tokio::test]
async fn each_model_has_its_thread() {
    let threads = Arc::new(Mutex::new(Vec::new()));
    let note = |model: &'static str| {
        let threads = threads.clone();
        move || {
            threads
                .lock()
                .unwrap()
                .push((model, thread::current().id()));
        }
    };
    let (inline, on_async, on_thread) = (note("inline"), note("async"), note("thread"));
    let callbacks = blocking_set(|set| {
        set.on_inline("inline", move |_: &&'static str| inline());
        set.on_async("async", move |_: Arc<&'static str>| {
            let note = on_async.clone();
            async move { note() }
        });
        set.on_thread("thread", move |_: &&'static str| on_thread());
    });
    invoke(async { callbacks.emit("event").await.unwrap() }).await;
    let here = thread::current().id();
    for (model, thread) in &*threads.lock().unwrap() {
        // The runtime of the test has one thread.
        assert_eq!(*thread == here, *model != "thread", "{model}");
    }
    assert_eq!(threads.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_be_a_type_and_the_event_is_shared() {
    struct Event(Mutex<Vec<&'static str>>);

    struct Handler(&'static str);
    impl tethered::callbacks::CallbackHandler<Event> for Handler {
        fn handle(&self, event: &Event) -> Result<(), BoxError> {
            event.0.lock().unwrap().push(self.0);
            Ok(())
        }
    }
    impl AsyncCallbackHandler<Event> for Handler {
        async fn handle(self: Arc<Self>, event: Arc<Event>) -> Result<(), BoxError> {
            event.0.lock().unwrap().push(self.0);
            let mut all = event.0.lock().unwrap().clone();
            all.sort_unstable();
            (all == ["async", "inline", "thread"])
                .then_some(())
                .ok_or_else(|| "not shared".into())
        }
    }

    let mut callbacks = Callbacks::new().unwrap().background(false);
    callbacks.on_thread("thread", Handler("thread")).raise();
    callbacks.on_inline("inline", Handler("inline")).raise();
    let (result, ..) = invoke(async {
        callbacks.on_async("async", |event: Arc<Event>| async move {
            sleep(ms(100)).await;
            Arc::new(Handler("async")).handle(event).await
        });
        callbacks.emit(Event(Mutex::default())).await
    })
    .await;
    result.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_handler_does_not_see_what_it_ignores() {
    let journal = Journal::new();
    let callbacks = blocking_set(|set| {
        let inline = journal.clone();
        set.on_inline("inline", move |event: &&'static str| {
            inline.write(&format!("inline {event}"));
        })
        .ignore(|event| *event == "token");
        set.on_async("async", slow(&journal, "async", 1))
            .ignore(|event| event.starts_with('t'));
        set.on_async("panics", slow(&journal, "panics", 1))
            .ignore(|_| panic!("in the filter"));
    });
    let ((), report, _) = invoke(async {
        for event in ["start", "token", "end"] {
            callbacks.emit(event).await.unwrap();
        }
    })
    .await;
    assert_eq!(seen(&journal, "inline"), ["start", "end"]);
    assert_eq!(seen(&journal, "async"), ["start", "end"]);
    assert_eq!(seen(&journal, "panics"), ["start", "token", "end"]);
    assert_eq!(report.spawned(), 5, "what is ignored costs no task");
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_handler_holds_the_invocation_and_not_the_response() {
    #[serverless_handler(timeout = "1s")]
    async fn handler(callbacks: Set) -> Result<(), JoinError> {
        callbacks.emit("start").await.unwrap();
        callbacks.emit("end").await.unwrap();
        Ok(())
    }

    let journal = Journal::new();
    let callbacks = set(|set| {
        set.on_async("tracer", slow(&journal, "tracer", 2_000))
            .keep_alive();
        set.on_async("fails", |_: Arc<&'static str>| async {
            Err::<(), _>("fails")
        })
        .raise()
        .keep_alive();
    });
    let (result, report, told) = invoke(async {
        let result = handler(callbacks).await;
        journal.write("answered");
        result
    })
    .await;
    result.expect("it never changes the response");
    let lines = [
        "answered at 0",
        "tracer start at 2000",
        "tracer end at 4000",
    ];
    assert_eq!(journal.lines(), lines);
    assert_eq!((report.failed(), told), (2, vec!["fails".to_owned(); 2]));
}
