//! Work that fails.

use tethered::{serverless_handler, spawn_tracked, wait_until};
use worker::{Context, Error, Response, Result};

use crate::Recorder;

pub(crate) async fn fail(recorder: Recorder, why: &'static str) -> Result<()> {
    recorder.record("tried").await?;
    Err(Error::RustError(why.to_owned()))
}

#[serverless_handler(host = ctx)]
pub(crate) async fn rejected(ctx: Context, recorder: Recorder) -> Result<Response> {
    wait_until!(
        name = "send the mail",
        fail(recorder.clone(), "no such address")
    );
    wait_until!(recorder.record_after(100, "sibling"));
    Response::ok("answered")
}

#[serverless_handler(host = ctx)]
pub(crate) async fn handler_error(ctx: Context, recorder: Recorder) -> Result<Response> {
    spawn_tracked!(recorder.clone().record_after(20, "tracked"));
    wait_until!(recorder.record_after(100, "kept"));
    Err(Error::RustError("out of stock".to_owned()))
}

#[serverless_handler(host = ctx)]
pub(crate) async fn failed_task(ctx: Context, recorder: Recorder) -> Result<Response> {
    spawn_tracked!(name = "charge", fail(recorder.clone(), "card declined"));
    wait_until!(recorder.record_after(100, "kept"));
    Response::ok("answered")
}

#[serverless_handler(host = ctx, join = join_all)]
pub(crate) async fn all(ctx: Context, recorder: Recorder) -> Result<Response> {
    spawn_tracked!(name = "charge", fail(recorder.clone(), "card declined"));
    spawn_tracked!(name = "ship", fail(recorder.clone(), "no courier"));
    spawn_tracked!(recorder.record_after(100, "sibling"));
    Response::ok("answered")
}

#[serverless_handler(host = ctx, on_error = log)]
pub(crate) async fn logged(ctx: Context, recorder: Recorder) -> &'static str {
    spawn_tracked!(name = "count", fail(recorder, "counter is full"));
    "answered"
}

#[serverless_handler(host = ctx)]
pub(crate) async fn panicking(ctx: Context, recorder: Recorder) -> Result<Response> {
    wait_until!(name = "divide", async { panic!("by zero") });
    wait_until!(recorder.clone().record_after(100, "kept"));
    spawn_tracked!(recorder.record_after(20, "tracked"));
    Response::ok("answered")
}
