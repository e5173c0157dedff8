//! A worker without Tethered: what a floating task comes to.

use std::time::Duration;

use wasm_bindgen_futures::spawn_local;
use worker::{Context, Delay, Env, Fetch, Request, Response, Result, event};

async fn record_later(url: String) -> Result<()> {
    Delay::from(Duration::from_secs(1)).await;
    Fetch::Url(url.parse()?).send().await?;
    Ok(())
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, _ctx: Context) -> Result<Response> {
    if let Some(run) = request.path().strip_prefix("/floating/") {
        let url = format!("{}/{run}/done", env.var("RECORDER")?);
        spawn_local(async { drop(record_later(url).await) });
    }
    Response::ok("nothing")
}
