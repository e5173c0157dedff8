//! Work that takes too long, and how much of it there may be.

use std::{
    cell::Cell,
    future::{pending, poll_fn},
    rc::Rc,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use tethered::{
    Invocation, Report, Scope, TaskOutcome, serverless_handler, spawn_tracked, wait_until,
};
use worker::{Context, Response, Result};

use crate::{Recorder, failures::fail, wait};

/// The slow task is told, and still writes that down in its grace period.
#[serverless_handler(host = ctx, timeout = "100ms")]
pub(crate) async fn timeout(ctx: Context, recorder: Recorder) -> Result<Response> {
    spawn_tracked!(name = "slow", async move {
        Scope::current().cancellation_token().cancelled().await;
        recorder.record("told").await?;
        wait(10_000).await;
        Ok::<_, worker::Error>(())
    });
    Response::ok("answered")
}

/// A handler inside is dropped, and its task moves up here with its deadline, which the body waits
/// for.
#[serverless_handler(host = ctx)]
pub(crate) async fn moved_up(ctx: Context) -> Result<Response> {
    #[serverless_handler(timeout = "100ms", on_error = log)]
    async fn inner(task: Rc<()>) {
        spawn_tracked!(name = "moved up", async move {
            wait(10_000).await;
            drop(task);
        });
        pending::<()>().await;
    }

    let task = Rc::new(());
    let mut inner = Box::pin(inner(task.clone()));
    poll_fn(|cx| Poll::Ready(inner.as_mut().poll(cx).is_ready())).await;
    drop(inner);
    are_dropped(&task).await;
    Response::ok("its time was over")
}

#[serverless_handler(host = ctx, max_concurrent = 2)]
pub(crate) async fn max_concurrent(ctx: Context, recorder: Recorder) -> Result<Response> {
    // No task is `Send` here.
    let (running, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let (running, most) = (running.clone(), most.clone());
        let recorder = recorder.clone();
        tasks.push(spawn_tracked!(async move {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            recorder.record_after(20, "done").await?;
            running.set(running.get() - 1);
            Ok::<_, worker::Error>(())
        }));
    }
    drop(tasks);
    are_dropped(&most).await;
    Response::ok(format!("at most {} at once", most.get()))
}

/// Waits until all others are.
async fn are_dropped<T>(last: &Rc<T>) {
    while Rc::strong_count(last) > 1 {
        wait(5).await;
    }
}

/// The host's budget is over before the second task is.
#[serverless_handler(host = tethered::workers::within(&ctx, Duration::from_millis(600)))]
pub(crate) async fn budget(ctx: Context, recorder: Recorder) -> Result<Response> {
    keep_alive(recorder, 200);
    Response::ok("answered")
}

/// The same with the platform's limit.
#[serverless_handler(host = ctx)]
pub(crate) async fn whole_limit(ctx: Context, recorder: Recorder) -> Result<Response> {
    keep_alive(recorder, 29_500);
    Response::ok("answered")
}

/// Two tasks. The second one is told, and still writes that down in its grace period.
fn keep_alive(recorder: Recorder, in_time: u64) {
    wait_until!(recorder.clone().record_after(in_time, "in time"));
    wait_until!(name = "too long", async move {
        Scope::current().cancellation_token().cancelled().await;
        recorder.clone().record("told").await?;
        recorder.record_after(1500, "too late").await
    });
}

/// An account of one task of each outcome that does not need unwinding.
pub(crate) async fn report(recorder: Recorder) -> Result<Response> {
    #[serverless_handler(join = join_all, on_error = log)]
    async fn body(recorder: Recorder) {
        spawn_tracked!(recorder.clone().record("done"));
        spawn_tracked!(fail(recorder, "on purpose"));
        spawn_tracked!(timeout = Duration::from_millis(20), wait(10_000));
        spawn_tracked!(wait(10_000)).abort();
    }

    let told: Arc<Mutex<Option<Report>>> = Arc::default();
    let teller = told.clone();
    let invocation = Invocation::new().on_report(move |report| {
        *teller.lock().unwrap() = Some(report);
    });
    invocation.run(body(recorder)).await;
    let report = told.lock().unwrap().take().expect("told at the end");
    let mut rows: Vec<_> = report
        .tasks()
        .map(|row| format!("{:?}", row.outcome()))
        .collect();
    rows.sort();
    let counts = [
        TaskOutcome::Completed,
        TaskOutcome::Failed,
        TaskOutcome::Cancelled,
        TaskOutcome::TimedOut,
    ]
    .map(|outcome| report.count(outcome));
    Response::ok(format!(
        "{} = {counts:?} {}",
        report.spawned(),
        rows.join(" ")
    ))
}
