//! Acknowledged triggers. The name of the cron, and the body of a message, is `WHAT/RUN`.

#![expect(
    unused_must_use,
    reason = "the glue of `worker` drops the result of `scheduled`"
)]

use tethered::{serverless_handler, spawn_tracked, wait_until};
use worker::{Context, Env, Error, MessageBatch, Result, ScheduleContext, ScheduledEvent, event};

use crate::{Recorder, failures::fail};

fn work(env: &Env, wanted: &str) -> Result<()> {
    let (what, run) = wanted.split_once('/').unwrap_or((wanted, ""));
    let recorder = Recorder::new(env, run)?;
    spawn_tracked!(recorder.clone().record_after(50, "tracked"));
    wait_until!(recorder.clone().record_after(100, "kept"));
    match what {
        "task fails" => drop(spawn_tracked!(name = "tidy", fail(recorder, "disk full"))),
        "keep-alive fails" => drop(wait_until!(name = "tell", fail(recorder, "line busy"))),
        "handler fails" => return Err(Error::RustError("out of order".to_owned())),
        _ => {}
    }
    Ok(())
}

// The order of the two attributes is the other one here.
#[serverless_handler(host = ctx, join = join_all)]
#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, env: Env, ctx: ScheduleContext) -> Result<()> {
    work(&env, &event.cron())
}

#[event(queue)]
#[serverless_handler(host = tethered::workers::acknowledged(&ctx), join = join_all)]
async fn queue(batch: MessageBatch<String>, env: Env, ctx: Context) -> Result<()> {
    for message in batch.messages()? {
        work(&env, message.body())?;
    }
    Ok(())
}
