//! What tracking costs in allocations: nothing where nothing is tracked, and one for each task,
//! which is the runtime's own.

use std::convert::Infallible;

use allocation_counter::measure;
use tethered::{Invocation, JoinError, serverless_handler, spawn_tracked};
use tokio::runtime::{Builder, Runtime};

const TASKS: u64 = 1_000;

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime")
}

/// How often `handler` allocates, once what the process allocates for ever is there.
fn allocations<T>(mut handler: impl AsyncFnMut() -> T) -> u64 {
    runtime().block_on(async {
        handler().await;
        let mut running = std::pin::pin!(handler());
        let mut count = 0;
        std::future::poll_fn(|cx| {
            let mut polled = std::task::Poll::Pending;
            count += measure(|| polled = running.as_mut().poll(cx)).count_total;
            polled.map(drop)
        })
        .await;
        count
    })
}

#[serverless_handler]
async fn answers() -> Result<u32, JoinError> {
    tokio::task::yield_now().await;
    Ok(1)
}

#[serverless_handler(timeout = "5s")]
async fn answers_in_time() -> Result<u32, JoinError> {
    tokio::task::yield_now().await;
    Ok(1)
}

#[serverless_handler]
async fn echoes<T: Clone>(value: &T) -> Result<T, JoinError> {
    tokio::task::yield_now().await;
    Ok(value.clone())
}

/// An error that is no allocation of its own.
struct Refused;

impl From<JoinError> for Refused {
    fn from(_: JoinError) -> Self {
        Self
    }
}

#[serverless_handler]
async fn refuses() -> Result<Infallible, Refused> {
    tokio::task::yield_now().await;
    Err(Refused)
}

#[serverless_handler(on_error = log, on_drop = abort, join = join_all, max_concurrent = 4)]
async fn counts() -> u32 {
    tokio::task::yield_now().await;
    1
}

#[test]
fn a_handler_that_tracks_nothing_allocates_nothing() {
    assert_eq!(allocations(answers), 0);
    assert_eq!(allocations(answers_in_time), 0, "with a timeout");
    assert_eq!(allocations(async || echoes(&1).await), 0, "generic");
    assert_eq!(allocations(refuses), 0, "with an error");
    assert_eq!(allocations(counts), 0, "with every other option");
}

#[test]
fn nor_inside_an_invocation_that_is_open() {
    let opened = allocations(async || Invocation::new().run(async {}).await);
    let answered = allocations(async || Invocation::new().run(answers()).await);
    assert_eq!(answered, opened);
    let in_time = allocations(async || Invocation::new().run(answers_in_time()).await);
    assert_eq!(in_time, opened, "with a timeout");
}

#[serverless_handler]
async fn tracks() -> Result<(), JoinError> {
    for _ in 0..TASKS {
        spawn_tracked!(async {});
    }
    Ok(())
}

#[test]
fn a_tracked_task_is_one_allocation() {
    let bare = allocations(async || {
        let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(async {})).collect();
        for task in tasks {
            task.await.expect("it does not panic");
        }
    });
    let tracked = allocations(tracks);
    println!("{TASKS} tasks: {bare} allocations bare, {tracked} tracked");
    // The scope, its join, and what keeps the tasks, which grows by doubling.
    let growth = 16 + u64::from(TASKS.ilog2());
    assert!(
        tracked <= TASKS + growth,
        "{tracked} allocations for {TASKS} tasks"
    );
    assert!(bare >= TASKS, "the count sees the runtime's allocations");
}
