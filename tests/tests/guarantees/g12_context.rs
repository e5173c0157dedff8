use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use tethered::{Scope, serverless_handler, spawn_blocking_tracked, spawn_tracked};
use tracing::{Instrument, Span, Subscriber, span::Id};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};

tokio::task_local! {
    static LOCAL: u32;
}

/// Counts how often the span is entered on another thread than the test's.
struct ElsewhereLayer(std::thread::ThreadId, Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for ElsewhereLayer {
    fn on_enter(&self, _: &Id, _: LayerContext<'_, S>) {
        if std::thread::current().id() != self.0 {
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn a_task_has_the_span_and_the_scope_of_its_start_and_nothing_else() {
    #[serverless_handler]
    async fn handler() -> Result<(), Error> {
        let span = Span::current().id();
        assert!(span.is_some());
        let inside = span.clone();
        let nested = spawn_tracked!(async move {
            tokio::task::yield_now().await;
            assert_eq!(Span::current().id(), inside);
            assert!(LOCAL.try_with(|_| ()).is_err());
            tethered::Value(Scope::current().len())
        });
        assert_eq!(nested.await?, 1);
        assert_eq!(Span::current().id(), span);
        spawn_blocking_tracked!(|| ());
        Ok(())
    }

    let elsewhere = Arc::new(AtomicUsize::new(0));
    let layer = ElsewhereLayer(std::thread::current().id(), elsewhere.clone());
    let subscriber = tracing_subscriber::registry().with(layer);
    let _default = tracing::subscriber::set_default(subscriber);
    let span = tracing::info_span!("invocation");
    LOCAL.scope(1, handler()).instrument(span).await.unwrap();
    assert_eq!(elsewhere.load(Ordering::SeqCst), 1, "the closure's");
}

#[tokio::test(start_paused = true)]
async fn it_is_dropped_in_its_scope_too() {
    struct SpawnsWhenDropped(Journal);
    impl Drop for SpawnsWhenDropped {
        fn drop(&mut self) {
            spawn_tracked!(self.0.clone().work("from drop", 10));
        }
    }

    #[serverless_handler]
    async fn handler(journal: Journal) -> Result<(), Error> {
        let guard = SpawnsWhenDropped(journal);
        let task = spawn_tracked!(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        tokio::task::yield_now().await;
        task.abort();
        Ok(())
    }

    let journal = Journal::new();
    let (result, report, _) = invoke(handler(journal.clone())).await;
    result.unwrap();
    assert_eq!(journal.lines(), ["from drop at 10"]);
    assert_eq!(report.spawned(), 2);
}
