//! Work that goes well.

use tethered::{TaskOutcome, after_response, drain, serverless_handler, spawn_tracked, wait_until};
use worker::{Context, Response, Result};

use crate::Recorder;

#[serverless_handler(host = ctx)]
pub(crate) async fn answer_first(ctx: Context, recorder: Recorder) -> Result<Response> {
    wait_until!(recorder.record_after(1000, "done"));
    Response::ok("answered")
}

#[serverless_handler(host = ctx)]
pub(crate) async fn awaited(ctx: Context, recorder: Recorder) -> Result<Response> {
    spawn_tracked!(recorder.record_after(1000, "done"));
    Response::ok("answered")
}

#[serverless_handler(host = ctx)]
pub(crate) async fn thousand(ctx: Context, recorder: Recorder) -> Result<Response> {
    for _ in 0..1000 {
        wait_until!(recorder.clone().record_after(500, "done"));
    }
    Response::ok("answered")
}

#[serverless_handler(host = ctx)]
pub(crate) async fn nested(ctx: Context, recorder: Recorder) -> Result<Response> {
    wait_until!(async move {
        wait_until!(recorder.clone().record_after(100, "kept"));
        spawn_tracked!(recorder.clone().record_after(100, "tracked"));
        recorder.record("outer").await
    });
    Response::ok("answered")
}

/// Its client goes away while it waits.
#[serverless_handler(host = ctx)]
pub(crate) async fn gone(ctx: Context, recorder: Recorder) -> Result<Response> {
    spawn_tracked!(recorder.clone().record_after(500, "tracked"));
    wait_until!(recorder.clone().record_after(1000, "kept"));
    recorder.clone().record("started").await?;
    recorder.record_after(500, "body").await?;
    Response::ok("answered to nobody")
}

#[serverless_handler(host = ctx)]
pub(crate) async fn after(ctx: Context, recorder: Recorder) -> Result<Response> {
    after_response!(recorder.clone().record("after"));
    recorder.record_after(50, "body").await?;
    Response::ok("answered")
}

/// Outside of any handler: a task of the root scope, which the request waits for.
pub(crate) async fn drained(recorder: Recorder) -> Result<Response> {
    spawn_tracked!(recorder.record_after(100, "done"));
    let report = drain().await.map_err(|error| error.to_string())?;
    Response::ok(format!("{} ended", report.count(TaskOutcome::Completed)))
}
