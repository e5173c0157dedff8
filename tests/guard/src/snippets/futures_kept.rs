//! Futures and streams that are driven, in other words than `.await`.

use std::{
    cell::RefCell,
    collections::HashMap,
    future::{Future, IntoFuture, poll_fn, ready},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use futures::{
    FutureExt as _, SinkExt as _, StreamExt as _, TryFutureExt as _, TryStreamExt as _,
    channel::mpsc,
    future::{self, BoxFuture, OptionFuture, Shared, abortable},
    pin_mut, sink,
    stream::{self, BoxStream, FuturesOrdered, FuturesUnordered},
};
use tethered::no_detach;
use tokio::sync::Notify;

use super::support::{Error, Result, SOON, audit, check, fetch, store, work};

/// Polled by hand.
#[no_detach]
pub async fn polled_by_hand() -> Result<u64> {
    let mut fut = std::pin::pin!(fetch(1));
    poll_fn(|cx| fut.as_mut().poll(cx)).await
}

/// Polled once, then dropped on purpose.
#[no_detach]
pub async fn polled_once() -> bool {
    let mut fut = Box::pin(work());
    let pending = futures::poll!(&mut fut).is_pending();
    let _ = work().now_or_never();
    pending
}

/// Polled without a runtime.
#[no_detach]
pub fn polled_outside() -> Poll<()> {
    let fut = work();
    pin_mut!(fut);
    fut.poll(&mut Context::from_waker(Waker::noop()))
}

/// Pinned by the macro that declares it, too.
#[no_detach]
pub async fn pinned_where_declared() {
    tokio::pin! {
        let fut = work();
    }
    (&mut fut).await;
    fut.set(work());
    fut.await;
}

/// Boxed, in one type or another.
#[no_detach]
pub async fn boxed(fast: bool) -> Result<u64> {
    let fut: Pin<Box<dyn Future<Output = Result<u64>> + Send>> = if fast {
        Box::pin(ready(Ok(1)))
    } else {
        Box::pin(fetch(1))
    };
    let other: BoxFuture<'_, Result<u64>> = fetch(2).boxed();
    Ok(fut.await? + other.await?)
}

/// Named and alive at a `?`: it has not been started.
#[no_detach]
pub async fn named_and_alive_at_a_question_mark(ok: bool) -> Result<u64> {
    let fut = fetch(1);
    check(ok)?;
    fut.await
}

/// Waiting begins before the question is asked.
#[no_detach]
pub async fn notified(notify: &Notify, is_ready: impl Fn() -> bool) {
    loop {
        let notified = notify.notified();
        if is_ready() {
            return;
        }
        notified.await;
    }
}

/// All at once, and what came of them.
#[no_detach]
pub async fn join_all() -> Result<Vec<u64>> {
    let futs = (0..3).map(fetch);
    let mut values = future::try_join_all(futs).await?;
    let mut futs = Vec::new();
    for id in 0..3 {
        futs.push(fetch(id));
    }
    for value in future::join_all(futs).await {
        values.push(value?);
    }
    Ok(values)
}

/// A vector of futures, one after the other.
#[no_detach]
pub async fn vector() -> Result {
    let futs: Vec<_> = (0..3).map(store).collect();
    for fut in futs {
        fut.await?;
    }
    let mut boxed: Vec<BoxFuture<'static, ()>> = vec![work().boxed()];
    boxed.push(Box::pin(async {}));
    while let Some(fut) = boxed.pop() {
        fut.await;
    }
    Ok(())
}

/// A map of futures.
#[no_detach]
pub async fn map() {
    let mut futs = HashMap::new();
    futs.insert("a", work());
    for (name, fut) in futs {
        audit(name).await;
        fut.await;
    }
}

/// As they come.
#[no_detach]
pub async fn unordered() -> Result {
    let mut futs = FuturesUnordered::new();
    for id in 0..3 {
        futs.push(fetch(id));
    }
    while let Some(value) = futs.next().await {
        value?;
    }
    Ok(())
}

/// Collected, then collected again.
#[no_detach]
pub async fn unordered_collected() -> Result<Vec<u64>> {
    let futs: FuturesUnordered<_> = (0..3).map(fetch).collect();
    (0..3)
        .map(fetch)
        .collect::<FuturesOrdered<_>>()
        .collect::<Vec<_>>()
        .await;
    futs.try_collect().await
}

/// Of tasks.
#[no_detach]
pub async fn unordered_tasks() -> usize {
    let mut tasks = (0..3)
        .map(|id| tokio::spawn(fetch(id)))
        .collect::<FuturesUnordered<_>>();
    let mut failed = 0;
    while let Some(result) = tasks.next().await {
        if !matches!(result, Ok(Ok(_))) {
            failed += 1;
        }
    }
    failed
}

/// Never more than four.
#[no_detach]
pub async fn buffered(ids: Vec<u64>) -> Result<u64> {
    stream::iter(ids.clone())
        .map(fetch)
        .buffer_unordered(4)
        .for_each(|_| async {})
        .await;
    stream::iter(ids.clone())
        .for_each_concurrent(4, |id| store(id).map(drop))
        .await;
    stream::iter(ids.clone().into_iter().map(Ok::<_, Error>))
        .try_for_each_concurrent(4, store)
        .await?;
    let mut values = stream::iter(ids).map(fetch).buffered(2);
    let mut sum = 0;
    while let Some(value) = values.try_next().await? {
        sum += value;
    }
    Ok(sum)
}

/// Adapters of streams.
#[no_detach]
pub async fn adapters() -> Vec<u64> {
    let mut numbers = stream::iter(0..9_u64);
    let first = numbers.by_ref().take(2).collect::<Vec<_>>().await;
    let _ = numbers.next().await;
    let mut rest: BoxStream<'_, u64> = numbers
        .filter(|n| ready(n % 2 == 0))
        .then(|n| async move { n + 1 })
        .boxed();
    let mut all = first;
    while let Some(n) = rest.next().await {
        all.push(n);
    }
    all
}

/// Adapters of futures.
#[no_detach]
pub async fn future_adapters() -> Result<u64> {
    work().map(|()| 1).await;
    fetch(1)
        .and_then(store)
        .inspect_err(|error| println!("{error}"))
        .await?;
    let doubled = fetch(2).map_ok(|n| n * 2);
    doubled.unwrap_or_else(|_| 0).then(fetch).await
}

/// A stream that is written as code.
#[no_detach]
pub async fn unfolded() -> u64 {
    let mut countdown = Box::pin(stream::unfold(3, |n| async move {
        if n == 0 { None } else { Some((n, n - 1)) }
    }));
    let mut sum = 0;
    while let Some(n) = countdown.next().await {
        sum += n;
    }
    sum
}

/// A stream by a macro with a keyword of its own.
#[no_detach]
pub async fn yielded() -> Vec<u64> {
    let numbers = async_stream::stream! {
        for n in 0..3 {
            work().await;
            yield n;
        }
    };
    numbers.collect().await
}

/// The macro that knows `?`.
#[no_detach]
pub fn yielded_results() -> impl stream::Stream<Item = Result<u64>> {
    async_stream::try_stream! {
        for id in 0..3 {
            let value = fetch(id).await?;
            yield value;
        }
    }
}

/// Sinks.
#[no_detach]
pub async fn sinks() -> Result {
    let (mut tx, rx) = mpsc::channel(4);
    tx.send(1).await?;
    tx.feed(2).await?;
    tx.flush().await?;
    let _ = tx.try_send(3);
    tx.close().await?;
    rx.map(Ok).forward(sink::drain()).await?;
    let mut sum = 0;
    let add = sink::unfold(&mut sum, |sum, n: u64| async move {
        *sum += n;
        Ok::<_, Error>(sum)
    });
    let mut add = Box::pin(add);
    add.send(4).await?;
    drop(add);
    Ok(())
}

/// A future for many.
#[no_detach]
pub async fn shared() -> usize {
    let shared: Shared<BoxFuture<'static, usize>> = async { 1 }.boxed().shared();
    let other = shared.clone();
    let first = shared.clone().await;
    first + other.await
}

/// Awaited only where it is there.
#[no_detach]
pub async fn maybe(id: Option<u64>) -> Result {
    if let Some(value) = OptionFuture::from(id.map(fetch)).await {
        value?;
    }
    if let Some(fut) = id.map(store) {
        fut.await?;
    }
    Ok(())
}

/// May be stopped.
#[no_detach]
pub async fn may_be_stopped() -> bool {
    let (fut, handle) = abortable(work());
    handle.abort();
    fut.await.is_err()
}

/// A panic is caught.
#[no_detach]
pub async fn caught() -> bool {
    let caught = std::panic::AssertUnwindSafe(work()).catch_unwind().await;
    let _ = std::panic::catch_unwind(|| 1);
    caught.is_err()
}

/// A future of one's own, and a request that becomes one.
#[no_detach]
pub async fn own_types() -> u64 {
    struct Ready(u64);
    impl Future for Ready {
        type Output = u64;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u64> {
            Poll::Ready(self.0)
        }
    }
    #[derive(Default)]
    struct Request(u64);
    impl Request {
        fn header(mut self, n: u64) -> Self {
            self.0 += n;
            self
        }
    }
    impl IntoFuture for Request {
        type Output = u64;
        type IntoFuture = Ready;
        fn into_future(self) -> Ready {
            Ready(self.0)
        }
    }
    let request = Request::default();
    let request = request.header(1);
    let other = Request(2).into_future();
    request.await + other.await
}

/// Blocks of their own, inside each other.
#[no_detach]
pub async fn nested_blocks() -> Result<u64> {
    let text = String::from("text");
    let outer = async {
        let inner = async move { audit(&text).await };
        let len = inner.await;
        check(len > 0)?;
        Ok::<_, Error>(len as u64)
    };
    async { outer.await }.await
}

/// A block that others drive.
#[no_detach]
pub async fn given_away() -> Result {
    async fn run(fut: impl Future<Output = u64>) -> Result {
        store(fut.await).await
    }
    run(async move { 1 }).await?;
    run(async { fetch(1).await.unwrap_or(0) }).await?;
    tokio::time::timeout(SOON, run(ready(1))).await??;
    Ok(())
}

/// Blocks on it.
#[no_detach]
pub fn blocked_on() -> Result<u64> {
    futures::executor::block_on(work());
    let value = futures::executor::block_on(async {
        work().await;
        fetch(1).await
    });
    let pool = futures::executor::LocalPool::new().run_until(fetch(2));
    Ok(value? + pool?)
}

/// A value for the task it runs in.
#[no_detach]
pub async fn task_local() -> u64 {
    tokio::task_local! {
        static ID: u64;
    }
    thread_local! {
        static COUNT: RefCell<u64> = const { RefCell::new(0) };
    }
    COUNT.with_borrow_mut(|count| *count += 1);
    ID.scope(1, async { ID.with(|id| *id) }).await
}

/// One half of a future runs in a task, the other is its value.
#[no_detach]
pub async fn remote() -> Result<u64> {
    let (remote, value) = fetch(1).remote_handle();
    tokio::spawn(remote).await?;
    value.await
}

/// Boxed recursion.
#[no_detach]
pub fn recursive(depth: u8) -> BoxFuture<'static, u64> {
    async move {
        if depth == 0 {
            return 0;
        }
        recursive(depth - 1).await + 1
    }
    .boxed()
}

/// Recursion where it is called.
#[no_detach]
pub async fn recursive_where_called(depth: u8) -> Result<u64> {
    match depth {
        0 => Ok(0),
        _ => {
            let below = Box::pin(recursive_where_called(depth - 1)).await?;
            Ok(below + 1)
        }
    }
}
