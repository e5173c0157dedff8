//! What the latency of answers is measured with: one module, whose routes differ in nothing but in
//! what they leave for after the answer.

use std::time::Duration;

use tethered::{serverless_handler, wait_until};
use worker::{Context, Delay, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, _env: Env, ctx: Context) -> Result<Response> {
    match &*request.path() {
        "/nothing" => Response::ok("answered"),
        "/by-hand" => {
            ctx.wait_until(pause());
            Response::ok("answered")
        }
        "/wait-until" => tethered(ctx).await,
        _ => Response::error("no such route", 404),
    }
}

#[serverless_handler(host = ctx)]
async fn tethered(ctx: Context) -> Result<Response> {
    wait_until!(pause());
    Response::ok("answered")
}

async fn pause() {
    Delay::from(Duration::from_millis(10)).await;
}
