//! Work that goes well.

use std::sync::atomic::{AtomicU32, Ordering};

use tethered::{TaskOutcome, after_response, drain, serverless_handler, spawn_tracked, wait_until};
use worker::{
    Context, Response, Result,
    wasm_bindgen::{self, prelude::wasm_bindgen},
};

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

#[wasm_bindgen(inline_js = "
    let timers = 0;
    const set = globalThis.setTimeout;
    globalThis.setTimeout = (...call) => { timers++; return set(...call); };
    export const count_timers = () => timers;
")]
extern "C" {
    fn count_timers() -> u32;
}

/// The timers that had been set when [`at_once`] was called last.
static BEFORE: AtomicU32 = AtomicU32::new(0);

/// It ends in its first turn, so there is nothing to hold to a deadline.
#[serverless_handler(host = ctx)]
pub(crate) async fn at_once(ctx: Context) -> Result<Response> {
    BEFORE.store(count_timers(), Ordering::Relaxed);
    wait_until!(async {});
    Response::ok("answered")
}

pub(crate) fn timers() -> Result<Response> {
    let set = count_timers() - BEFORE.load(Ordering::Relaxed);
    Response::ok(format!("{set} timers"))
}
