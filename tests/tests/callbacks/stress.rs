//! Many emitters on many threads, with panics and aborts between.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

const EMITTERS: usize = 8;
const EVENTS: usize = 500;

struct Numbered {
    emitter: usize,
    number: usize,
}

/// Fails if an emitter's events come out of order; what it saw.
#[derive(Default)]
struct Watcher([AtomicUsize; EMITTERS]);

impl Watcher {
    fn see(&self, event: &Numbered) {
        let before = self.0[event.emitter].swap(event.number, Ordering::SeqCst);
        assert_eq!(before + 1, event.number, "of emitter {}", event.emitter);
    }
}

async fn emit_all(callbacks: Arc<Callbacks<Numbered>>) -> Result<(), TaskError> {
    let emitting = (0..EMITTERS).map(|emitter| {
        let callbacks = callbacks.clone();
        spawn_tracked!(async move {
            for number in 1..=EVENTS {
                callbacks.emit(Numbered { emitter, number }).await?;
                if number % 100 == emitter {
                    callbacks.flush().await?;
                }
            }
            Ok::<(), CallbackError>(())
        })
    });
    for task in emitting.collect::<Vec<_>>() {
        task.await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_handler_sees_each_emitters_events_in_order() {
    let watchers: [Arc<Watcher>; 3] = Default::default();
    let mut callbacks = Callbacks::new().unwrap().background(true);
    let [first, second, third] = watchers.clone();
    callbacks
        .on_async("yields", move |event: Arc<Numbered>| {
            let watcher = first.clone();
            async move {
                if event.number.is_multiple_of(7) {
                    tokio::task::yield_now().await;
                }
                watcher.see(&event);
            }
        })
        .raise();
    callbacks
        .on_async("panics", move |event: Arc<Numbered>| {
            second.see(&event);
            async move { assert!(!event.number.is_multiple_of(100), "it panics") }
        })
        .log();
    callbacks
        .on_thread("thread", move |event: &Numbered| third.see(event))
        .raise();
    let callbacks = Arc::new(callbacks);
    let (result, report, _) = invoke(emit_all(callbacks.clone())).await;
    result.unwrap();
    for watcher in &watchers {
        for seen in &watcher.0 {
            assert_eq!(seen.load(Ordering::SeqCst), EVENTS);
        }
    }
    let deliveries = (EMITTERS * EVENTS) as u64;
    assert_eq!(report.spawned(), 3 * deliveries + EMITTERS as u64);
    assert_eq!(report.panicked(), deliveries / 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deadline_amid_them_leaves_none_without_an_outcome() {
    #[serverless_handler(timeout = "30ms")]
    async fn handler(callbacks: Arc<Callbacks<Numbered>>) -> Result<(), BoxError> {
        // Its emitters may be stopped a moment before it is: they fail, then.
        emit_all(callbacks).await?;
        Ok(())
    }

    for _ in 0..5 {
        let mut callbacks = Callbacks::new().unwrap().background(true);
        callbacks.on_async("slow", |_: Arc<Numbered>| sleep(ms(1)));
        callbacks.on_thread("thread", |_: &Numbered| thread::sleep(ms(1)));
        callbacks.on_async("hangs", |_: Arc<Numbered>| pending::<()>());
        // Which asserts that the report is balanced.
        let (result, report, _) = invoke(handler(Arc::new(callbacks))).await;
        result.unwrap_err();
        assert!(report.timed_out() > 0);
    }
}
