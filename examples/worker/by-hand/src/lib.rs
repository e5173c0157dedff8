//! The example's worker without Tethered, for its size. Failures are dropped, as `ctx.wait_until`
//! takes no `Result`.

use std::time::Duration;

use worker::{Context, Delay, Env, Fetch, Request, Response, Result, ScheduleContext};
use worker::{ScheduledEvent, event};

/// Tells the recorder, which runs outside of the worker.
async fn record(recorder: String, what: &'static str) -> Result<()> {
    let url = format!("{recorder}/{what}").parse()?;
    Fetch::Url(url).send().await?;
    Ok(())
}

async fn measure(recorder: String) -> Result<()> {
    Delay::from(Duration::from_secs(1)).await;
    record(recorder, "measured").await
}

#[event(fetch)]
async fn fetch(_request: Request, env: Env, ctx: Context) -> Result<Response> {
    let recorder = env.var("RECORDER")?.to_string();
    let recorder_of_the_measure = recorder.clone();
    ctx.wait_until(async { drop(measure(recorder_of_the_measure).await) });
    record(recorder, "counted").await?;
    Response::from_html("<h1>Hello</h1><p>You were counted, and are being measured.</p>")
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, ctx: ScheduleContext) {
    if let Ok(recorder) = env.var("RECORDER") {
        let recorder = recorder.to_string();
        ctx.wait_until(async { drop(record(recorder, "cleaned-up").await) });
    }
}
