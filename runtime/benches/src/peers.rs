//! What does less: each starts `tasks` tasks and waits for them.

use std::hint::black_box;

use futures_buffered::FuturesUnorderedBounded;
use futures_util::{FutureExt, StreamExt, future, stream::FuturesUnordered};
use tethered::JoinError;
use tokio::{runtime::Handle, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use vercel_runtime::awaiter::Awaiter;

use crate::work::Work;

/// `tokio::spawn` and its handles.
pub(crate) async fn bare<W: Work>(tasks: usize) {
    let handles: Vec<_> = (0..tasks).map(|_| tokio::spawn(W::future())).collect();
    for handle in handles {
        let _ = handle.await;
    }
}

/// `tokio::task::JoinSet`.
pub(crate) async fn join_set<W: Work>(tasks: usize) {
    let mut set = JoinSet::new();
    for _ in 0..tasks {
        set.spawn(W::future());
    }
    while set.join_next().await.is_some() {}
}

/// `tokio_util::task::TaskTracker`, which keeps no outcomes.
pub(crate) async fn task_tracker<W: Work>(tasks: usize) {
    let tracker = TaskTracker::new();
    for _ in 0..tasks {
        tracker.spawn(W::future());
    }
    tracker.close();
    tracker.wait().await;
}

/// The same, where each task may be cancelled.
pub(crate) async fn cancellable<W: Work>(tasks: usize) {
    let (tracker, token) = (TaskTracker::new(), CancellationToken::new());
    for _ in 0..tasks {
        tracker.spawn(token.clone().run_until_cancelled_owned(W::future()));
    }
    tracker.close();
    tracker.wait().await;
}

/// The tasks of `vercel_runtime`'s `wait_until`.
pub(crate) async fn vercel<W: Work>(tasks: usize) {
    let awaiter = Awaiter::new();
    for _ in 0..tasks {
        awaiter.wait_until(W::future());
    }
    awaiter.awaiting().await;
}

/// `futures::stream::FuturesUnordered` of boxed futures: no tasks of tokio's.
pub(crate) async fn unordered<W: Work>(tasks: usize) {
    let mut futures: FuturesUnordered<_> = (0..tasks).map(|_| W::future().boxed()).collect();
    while futures.next().await.is_some() {}
}

/// The same of `futures_buffered`.
pub(crate) async fn buffered<W: Work>(tasks: usize) {
    let mut futures: FuturesUnorderedBounded<_> = (0..tasks).map(|_| W::future().boxed()).collect();
    while futures.next().await.is_some() {}
}

/// `futures::future::try_join_all` over the handles of `tokio::spawn`.
pub(crate) async fn try_join_all<W: Work>(tasks: usize) {
    let handles = (0..tasks).map(|_| tokio::spawn(W::future()));
    let _ = future::try_join_all(handles).await;
}

/// `moro::async_scope!`.
pub(crate) async fn moro<W: Work>(tasks: usize) {
    moro::async_scope!(|scope| {
        for _ in 0..tasks {
            scope.spawn(W::future());
        }
    })
    .await;
}

/// Calls of an `async fn` that does nothing.
pub(crate) async fn calls(calls: usize) {
    for call in 0..calls {
        let _ = black_box(call_one(black_box(call)).await);
    }
}

#[expect(clippy::unused_async, reason = "as a handler without tasks is")]
pub(crate) async fn call_one(call: usize) -> Result<usize, JoinError> {
    Ok(call)
}

/// Look-ups of the current runtime.
pub(crate) async fn lookups(times: usize) {
    for _ in 0..times {
        black_box(Handle::current());
    }
}

/// A `JoinSet` whose last task fails while the others wait.
pub(crate) async fn cancel(tasks: usize) {
    let mut set = JoinSet::new();
    for _ in 1..tasks {
        set.spawn(future::pending());
    }
    set.spawn(async { Err::<(), _>("failed") });
    while let Some(ended) = set.join_next().await {
        if let Ok(Err(_)) = ended {
            set.abort_all();
        }
    }
}

/// A `TaskTracker` each of whose tasks starts one more.
pub(crate) async fn nested(tasks: usize) {
    let tracker = TaskTracker::new();
    for _ in 0..tasks / 2 {
        let inner = tracker.clone();
        tracker.spawn(async move {
            inner.spawn(async {});
        });
    }
    tracker.close();
    tracker.wait().await;
}
