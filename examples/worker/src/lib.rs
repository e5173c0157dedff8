//! A page that counts its visits. The count is done before the answer; what is only good to know
//! goes on after it; a cron event whose work fails is a failed event.

use std::time::Duration;

use tethered::{serverless_handler, spawn_tracked, wait_until};
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
#[serverless_handler(host = ctx)]
async fn fetch(_request: Request, env: Env, ctx: Context) -> Result<Response> {
    let recorder = env.var("RECORDER")?.to_string();
    spawn_tracked!(name = "count", record(recorder.clone(), "counted"));
    wait_until!(name = "measure", measure(recorder));
    Response::from_html("<h1>Hello</h1><p>You were counted, and are being measured.</p>")
}

#[event(scheduled)]
#[serverless_handler(host = ctx, on_error = log)]
async fn scheduled(_event: ScheduledEvent, env: Env, ctx: ScheduleContext) {
    spawn_tracked!(name = "clean up", async move {
        let recorder = env.var("RECORDER")?.to_string();
        record(recorder, "cleaned-up").await
    });
}
