//! Handles that are awaited, kept, or handed on.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    future::Future,
    mem,
    panic::resume_unwind,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use futures::future::join_all;
use tethered::no_detach;
use tokio::{
    runtime::{Builder, Handle},
    sync::{mpsc, oneshot},
    task::{JoinError, JoinHandle, spawn_blocking},
    time::timeout,
};

use super::support::{Result, SOON, check, fetch, parse, store, work};

/// Awaited in the statement that starts it.
#[no_detach]
pub async fn awaited_at_once() -> Result<u64> {
    tokio::spawn(work()).await?;
    let _ = tokio::spawn(work()).await;
    tokio::spawn(fetch(1)).await?
}

/// Awaited after other work, whose failure comes last.
#[no_detach]
pub async fn awaited_later() -> Result<u64> {
    let handle = tokio::spawn(work());
    let other = fetch(1).await;
    handle.await?;
    other
}

/// Both are awaited before either is looked at.
#[no_detach]
pub async fn two_before_a_question_mark() -> Result {
    let a = tokio::spawn(work());
    let b = tokio::spawn(work());
    let (a, b) = (a.await, b.await);
    a?;
    b?;
    Ok(())
}

/// One after the other.
#[no_detach]
pub async fn one_after_the_other() -> Result {
    let a = tokio::spawn(store(1));
    a.await??;
    let b = tokio::spawn(store(2));
    b.await??;
    Ok(())
}

/// The spawned work needs a value that may fail to come.
#[no_detach]
pub async fn question_mark_in_the_arguments() -> Result {
    let handle = tokio::spawn(store(fetch(1).await?));
    handle.await?
}

/// Collected into a vector that is awaited item by item.
#[no_detach]
pub async fn vector() -> usize {
    let handles: Vec<_> = (0..3).map(|id| tokio::spawn(fetch(id))).collect();
    let mut failed = 0;
    for handle in handles {
        if handle.await.is_err() {
            failed += 1;
        }
    }
    failed
}

/// A vector is made before a `?` and filled after it.
#[no_detach]
pub async fn vector_before_a_question_mark(ids: &[u64]) -> Result<Vec<Result<(), JoinError>>> {
    let mut handles = Vec::new();
    check(!ids.is_empty())?;
    for _ in ids {
        handles.push(tokio::spawn(work()));
    }
    Ok(join_all(handles).await)
}

/// The same with room made for it.
#[no_detach]
pub async fn vector_with_capacity(ids: Vec<u64>) -> Result {
    let mut handles: Vec<JoinHandle<Result>> = Vec::with_capacity(ids.len());
    let first = ids.first().copied().ok_or("empty")?;
    handles.push(tokio::spawn(store(first)));
    handles.extend(ids.into_iter().map(|id| tokio::spawn(store(id))));
    for result in join_all(handles).await {
        result??;
    }
    Ok(())
}

/// By reference, drained, and popped.
#[no_detach]
pub async fn every_way_out_of_a_vector() {
    let mut handles = vec![
        tokio::spawn(work()),
        tokio::spawn(work()),
        tokio::spawn(work()),
    ];
    if let Some(handle) = handles.pop() {
        let _ = handle.await;
    }
    for handle in &mut handles {
        let _ = handle.await;
    }
    for handle in handles.drain(..) {
        handle.abort();
    }
}

/// In a map, joined later.
#[no_detach]
pub async fn map(ids: &[u64]) -> HashMap<u64, bool> {
    let mut handles = HashMap::new();
    for &id in ids {
        handles.insert(id, tokio::spawn(fetch(id)));
    }
    let mut done = HashMap::new();
    for (id, handle) in handles {
        done.insert(id, matches!(handle.await, Ok(Ok(_))));
    }
    done
}

/// In a map under an entry that is awaited in place.
#[no_detach]
pub async fn entry(id: u64) -> Result {
    let mut handles = BTreeMap::new();
    let handle = handles.entry(id).or_insert_with(|| tokio::spawn(work()));
    handle.await?;
    Ok(())
}

/// The oldest is awaited first.
#[no_detach]
pub async fn queue(ids: Vec<u64>) {
    let mut running = VecDeque::new();
    for id in ids {
        running.push_back(tokio::spawn(store(id)));
        if running.len() > 2 && await_one(running.pop_front()).await {
            continue;
        }
    }
    while let Some(handle) = running.pop_front() {
        let _ = handle.await;
    }
}

#[no_detach]
async fn await_one(handle: Option<JoinHandle<Result>>) -> bool {
    match handle {
        Some(handle) => handle.await.is_ok(),
        None => false,
    }
}

/// Sent to whoever joins it.
#[no_detach]
pub async fn channel(joiner: mpsc::Sender<JoinHandle<()>>) -> Result {
    joiner.send(tokio::spawn(work())).await?;
    Ok(())
}

/// Sent over channels whose errors hold the handle.
#[no_detach]
pub fn channels(
    joiner: oneshot::Sender<JoinHandle<()>>,
    other: &std::sync::mpsc::Sender<JoinHandle<()>>,
) {
    let handle = tokio::spawn(work());
    let _ = joiner.send(handle);
    let handle = tokio::spawn(work());
    other.send(handle).ok();
}

/// The other end.
#[no_detach]
pub async fn joiner(mut handles: mpsc::Receiver<JoinHandle<()>>) {
    while let Some(handle) = handles.recv().await {
        if let Err(error) = handle.await {
            eprintln!("{error}");
        }
    }
}

/// Returned.
#[no_detach]
pub fn returned() -> JoinHandle<()> {
    tokio::spawn(work())
}

/// Returned by a name, beside its stop.
#[no_detach]
pub fn returned_in_a_tuple() -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel();
    let handle = tokio::spawn(async move {
        let _ = stopped.await;
    });
    (stop, handle)
}

/// Returned in a result.
#[no_detach]
pub async fn returned_in_a_result() -> Result<JoinHandle<()>> {
    check(true)?;
    Ok(tokio::spawn(work()))
}

/// Returned early, or not at all.
#[no_detach]
pub fn returned_in_an_option(wanted: bool) -> Option<JoinHandle<()>> {
    if wanted {
        return Some(tokio::spawn(work()));
    }
    None
}

/// Returned in a vector.
#[no_detach]
pub fn returned_in_a_vector(count: usize) -> Vec<JoinHandle<()>> {
    (0..count).map(|_| tokio::spawn(work())).collect()
}

/// None at first.
#[no_detach]
pub async fn option_that_starts_empty(wanted: bool) -> Result {
    let mut pending: Option<JoinHandle<()>> = None;
    fetch(1).await?;
    if wanted {
        pending = Some(tokio::spawn(work()));
    }
    if let Some(handle) = pending {
        handle.await?;
    }
    Ok(())
}

/// The last is awaited before the next is started.
#[no_detach]
pub async fn option_in_a_loop(ids: &[u64]) -> Result {
    let mut running = None;
    for &id in ids {
        if let Some(handle) = running.take() {
            let handle: JoinHandle<Result> = handle;
            handle.await??;
        }
        running = Some(tokio::spawn(store(id)));
    }
    match running {
        Some(handle) => handle.await?,
        None => Ok(()),
    }
}

/// The old one is taken out when the new one goes in.
#[no_detach]
pub async fn replaced() -> Result {
    let mut handle = tokio::spawn(work());
    let old = mem::replace(&mut handle, tokio::spawn(work()));
    let (old, new) = tokio::join!(old, handle);
    old?;
    new?;
    Ok(())
}

/// A supervisor that starts it again when it ends.
#[no_detach]
pub async fn restarted() {
    let mut handle = tokio::spawn(work());
    for _ in 0..3 {
        let _ = (&mut handle).await;
        handle = tokio::spawn(work());
    }
    let _ = handle.await;
}

/// Shared.
#[no_detach]
pub fn shared() -> Arc<JoinHandle<()>> {
    let handle = Arc::new(tokio::spawn(work()));
    let other = Arc::clone(&handle);
    let _ = other.is_finished();
    handle
}

/// An argument by reference.
#[no_detach]
pub async fn borrowed(handle: &mut JoinHandle<()>) -> Result {
    fetch(1).await?;
    handle.await?;
    Ok(())
}

/// A reference that is passed on.
#[no_detach]
pub async fn borrowed_by_a_helper() -> Result {
    let mut handle = tokio::spawn(work());
    borrowed(&mut handle).await
}

/// Stopped on purpose.
#[no_detach]
pub async fn stopped() -> Result {
    let handle = tokio::spawn(work());
    handle.abort();
    fetch(1).await?;
    Ok(())
}

/// Stopped, then awaited.
#[no_detach]
pub async fn stopped_and_awaited() {
    let handle = tokio::spawn(work());
    handle.abort();
    let _ = handle.await;
}

/// All are stopped.
#[no_detach]
pub fn all_stopped() {
    let handles = [tokio::spawn(work()), tokio::spawn(work())];
    handles.iter().for_each(JoinHandle::abort);
}

/// Asked, then awaited.
#[no_detach]
pub async fn asked() -> bool {
    let handle = tokio::spawn(work());
    let early = handle.is_finished();
    let _ = handle.await;
    early
}

/// An array is taken apart.
#[no_detach]
pub async fn array() -> Result {
    let [a, b] = [tokio::spawn(work()), tokio::spawn(work())];
    let (a, b) = tokio::join!(a, b);
    a.and(b)?;
    Ok(())
}

/// A tuple is taken apart.
#[no_detach]
pub async fn tuple() -> Result {
    let (a, b) = (tokio::spawn(work()), tokio::spawn(fetch(1)));
    let (a, b) = futures::join!(a, b);
    a?;
    b??;
    Ok(())
}

/// A struct that is taken apart.
pub struct Worker {
    handle: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

/// Kept in a field.
#[no_detach]
pub fn in_a_struct() -> Worker {
    let (stop, handle) = returned_in_a_tuple();
    Worker { handle, stop }
}

/// The field is awaited.
#[no_detach]
pub async fn out_of_a_struct() -> Result {
    let worker = Worker {
        handle: tokio::spawn(work()),
        stop: oneshot::channel().0,
    };
    let Worker { handle, stop } = worker;
    let _ = stop.send(());
    handle.await?;
    Ok(())
}

/// The field is awaited in place.
#[no_detach]
pub async fn in_its_place() -> Result {
    let worker = in_a_struct();
    drop(worker.stop);
    worker.handle.await?;
    Ok(())
}

/// A service that joins its own tasks.
#[derive(Default)]
pub struct Service {
    main: Option<JoinHandle<()>>,
    others: Vec<JoinHandle<()>>,
    shared: Mutex<Vec<JoinHandle<()>>>,
}

#[no_detach]
impl Service {
    /// Starts.
    pub fn start(&mut self) {
        self.main = Some(tokio::spawn(work()));
        self.others.push(tokio::spawn(work()));
        self.shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(tokio::spawn(work()));
    }

    /// Ends.
    pub async fn stop(&mut self) -> Result {
        if let Some(main) = self.main.take() {
            main.await?;
        }
        for handle in mem::take(&mut self.others) {
            let _ = handle.await;
        }
        let shared = mem::take(&mut *self.shared.lock().unwrap_or_else(PoisonError::into_inner));
        join_all(shared).await;
        Ok(())
    }

    /// Started once.
    pub fn main(&mut self) -> &mut JoinHandle<()> {
        self.main.get_or_insert_with(|| tokio::spawn(work()))
    }
}

static TASKS: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());
static ONCE: OnceLock<JoinHandle<()>> = OnceLock::new();

/// Kept by the process.
#[no_detach]
pub fn in_statics() {
    TASKS.lock().unwrap().push(tokio::spawn(work()));
    let _ = ONCE.set(tokio::spawn(work()));
    ONCE.get_or_init(|| tokio::spawn(work()));
}

/// Chosen by an `if`, a `match`, a block and a loop.
#[no_detach]
pub async fn chosen(fast: bool) -> Result {
    let handle = if fast {
        tokio::spawn(work())
    } else {
        tokio::spawn(async {})
    };
    handle.await?;
    let handle = match fast {
        true => tokio::spawn(work()),
        false => return Ok(()),
    };
    handle.await?;
    let handle = {
        let id = 1;
        tokio::spawn(store(id))
    };
    handle.await??;
    let handle = loop {
        break tokio::spawn(work());
    };
    handle.await?;
    Ok(())
}

/// Declared first.
#[no_detach]
pub async fn deferred(fast: bool) -> Result {
    let handle;
    if fast {
        handle = tokio::spawn(work());
    } else {
        handle = tokio::spawn(async {});
    }
    handle.await?;
    let late: JoinHandle<Result>;
    late = tokio::spawn(store(1));
    late.await?
}

/// Every outcome has its arm.
#[no_detach]
pub async fn matched() -> u64 {
    match tokio::spawn(async { 1 }).await {
        Ok(value) => value,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Err(_) => 0,
    }
}

/// The outcome is taken apart.
#[no_detach]
pub async fn let_else() -> u64 {
    let handle = tokio::spawn(async { 1 });
    let Ok(value) = handle.await else {
        return 0;
    };
    value
}

/// Awaited by another future.
#[no_detach]
pub async fn moved_into_a_block() -> Result {
    let handle = tokio::spawn(work());
    let waiter = async move { handle.await };
    fetch(1).await.ok();
    waiter.await?;
    Ok(())
}

/// Awaited by another task.
#[no_detach]
pub async fn moved_into_a_task() -> Result {
    let inner = tokio::spawn(work());
    let outer = tokio::spawn(async move { inner.await });
    outer.await??;
    Ok(())
}

/// Consumed by a method chain.
#[no_detach]
pub async fn chained() -> Result<u64> {
    use futures::{FutureExt as _, TryFutureExt as _};
    let handle = tokio::spawn(parse("1".into()));
    let value = handle
        .map_err(|_| "join")
        .and_then(|value| async { value.map_err(|_| "parse") })
        .await?;
    tokio::spawn(work()).map(|_| ()).await;
    Ok(value)
}

/// With a time limit.
#[no_detach]
pub async fn within_a_time() -> Result {
    let handle = tokio::spawn(work());
    timeout(SOON, handle).await??;
    let mut handle = tokio::spawn(work());
    if timeout(SOON, &mut handle).await.is_err() {
        handle.abort();
    }
    Ok(())
}

/// Boxed.
#[no_detach]
pub async fn boxed() -> Result {
    let handle = Box::new(tokio::spawn(work()));
    handle.await?;
    let handle: Box<dyn Future<Output = Result<(), JoinError>> + Send + Unpin> =
        Box::new(tokio::spawn(work()));
    handle.await?;
    Ok(())
}

/// A closure that blocks.
#[no_detach]
pub async fn blocking(text: String) -> Result<u64> {
    let value = spawn_blocking(move || text.parse()).await??;
    Ok(value)
}

/// The runtime's own handle.
#[no_detach]
pub async fn runtime_handle(runtime: &Handle) -> Result {
    Handle::current().spawn(work()).await?;
    runtime.spawn(work()).await?;
    runtime.spawn_blocking(|| 1).await?;
    Ok(())
}

/// A runtime of one's own.
#[no_detach]
pub fn own_runtime() -> Result<u64> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.spawn(work());
    runtime.block_on(async { handle.await })?;
    let value = runtime.block_on(fetch(1))?;
    runtime.block_on(work());
    Ok(value)
}

/// Stopped by a message.
#[no_detach]
pub async fn stopped_by_a_message() -> Result<u64> {
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = tokio::spawn(async move {
        let _ = stopped.await;
    });
    let answer = fetch(1).await;
    let _ = stop.send(());
    worker.await?;
    answer
}

/// Passed to helpers.
#[no_detach]
pub async fn passed_on() -> Result {
    async fn wait(handle: Option<JoinHandle<()>>) -> Result {
        if let Some(handle) = handle {
            handle.await?;
        }
        Ok(())
    }
    fn keep(handle: JoinHandle<()>) -> Result<JoinHandle<()>> {
        Ok(handle)
    }
    let handle = tokio::spawn(work());
    wait(Some(handle)).await?;
    let handle = tokio::spawn(work());
    let handle = keep(handle)?;
    wait(handle.into()).await
}

/// A guard of one's own, alive at a `?`.
#[no_detach]
pub async fn own_guard() -> Result {
    struct Stop(JoinHandle<()>);
    impl Drop for Stop {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let _stop = Stop(tokio::spawn(work()));
    fetch(1).await?;
    Ok(())
}

/// A producer and a consumer.
#[no_detach]
pub async fn producer_and_consumer() -> Result<u64> {
    let (tx, mut rx) = mpsc::channel(4);
    let producer = tokio::spawn(async move {
        for id in 0..3_u64 {
            if tx.send(id).await.is_err() {
                break;
            }
        }
    });
    let mut sum = 0;
    while let Some(id) = rx.recv().await {
        sum += id;
    }
    producer.await?;
    Ok(sum)
}

/// Parallel maps.
#[no_detach]
pub async fn parallel_map(ids: Vec<u64>) -> Vec<u64> {
    let handles = ids
        .into_iter()
        .map(|id| tokio::spawn(async move { id * 2 }))
        .collect::<Vec<_>>();
    let mut out = Vec::with_capacity(handles.len());
    for handle in handles {
        out.push(handle.await.unwrap_or_default());
    }
    out
}
