//! One worker with each way in which work can go on, go wrong, or be given up: what the end-to-end
//! run asks for, by path. `/ROUTE/RUN` records its side effects as `RUN/EFFECT`.

#[cfg(feature = "blocking")]
mod blocking;
mod events;
mod failures;
mod leaks;
mod limits;
mod object;
mod tasks;

use std::time::Duration;

use worker::{Context, Delay, Env, Fetch, Request, Response, Result, event};

/// Where the side effects of one run are written down, outside of the worker.
#[derive(Clone)]
pub(crate) struct Recorder(String);

impl Recorder {
    pub(crate) fn new(env: &Env, run: &str) -> Result<Self> {
        Ok(Self(format!("{}/{run}", env.var("RECORDER")?)))
    }

    pub(crate) async fn record(self, effect: &'static str) -> Result<()> {
        let url = format!("{}/{effect}", self.0).parse()?;
        Fetch::Url(url).send().await?;
        Ok(())
    }

    pub(crate) async fn record_after(self, milliseconds: u64, effect: &'static str) -> Result<()> {
        wait(milliseconds).await;
        self.record(effect).await
    }
}

pub(crate) async fn wait(milliseconds: u64) {
    Delay::from(Duration::from_millis(milliseconds)).await;
}

#[event(fetch, respond_with_errors)]
async fn fetch(req: Request, env: Env, ctx: Context) -> Result<Response> {
    let path = req.path();
    let mut parts = path.split('/').skip(1);
    let (route, run) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let recorder = Recorder::new(&env, run)?;
    match route {
        "answer-first" => tasks::answer_first(ctx, recorder).await,
        "awaited" => tasks::awaited(ctx, recorder).await,
        "thousand" => tasks::thousand(ctx, recorder).await,
        "nested" => tasks::nested(ctx, recorder).await,
        "gone" => tasks::gone(ctx, recorder).await,
        "after-response" => tasks::after(ctx, recorder).await,
        "at-once" => tasks::at_once(ctx).await,
        "timers" => tasks::timers(),
        "drained" => tasks::drained(recorder).await,
        "rejected" => failures::rejected(ctx, recorder).await,
        "handler-error" => failures::handler_error(ctx, recorder).await,
        "failed-task" => failures::failed_task(ctx, recorder).await,
        "join-all" => failures::all(ctx, recorder).await,
        "logged" => Response::ok(failures::logged(ctx, recorder).await),
        "panicking" => failures::panicking(ctx, recorder).await,
        "timeout" => limits::timeout(ctx, recorder).await,
        "moved-up" => limits::moved_up(ctx).await,
        "max-concurrent" => limits::max_concurrent(ctx, recorder).await,
        "budget" => limits::budget(ctx, recorder).await,
        "whole-limit" => limits::whole_limit(ctx, recorder).await,
        "report" => limits::report(recorder).await,
        "leak" => leaks::leak(ctx, recorder).await,
        "leaked" => leaks::leaked(ctx, recorder).await,
        "object" => {
            let objects = env.durable_object("OBJECT")?;
            let object = objects.id_from_name("one")?;
            object.get_stub()?.fetch_with_request(req).await
        }
        _ => Response::error("no such route", 404),
    }
}
