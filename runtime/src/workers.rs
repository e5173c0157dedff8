//! Cloudflare Workers, on [`worker`].
//!
//! A handler says which of its arguments is the platform's context; the two attributes may stand in
//! either order.
//!
//! ```no_run
//! use tethered::{serverless_handler, spawn_tracked, wait_until};
//! use worker::{Context, Env, Request, Response, Result, event};
//!
//! # async fn count(_: String) -> Result<()> { Ok(()) }
//! # async fn measure(_: String) -> Result<()> { Ok(()) }
//! #[event(fetch)]
//! #[serverless_handler(host = ctx)]
//! async fn fetch(req: Request, env: Env, ctx: Context) -> Result<Response> {
//!     spawn_tracked!(count(req.path()));      // done before the answer
//!     wait_until!(measure(req.path()));       // goes on after it
//!     Response::ok("hello")
//! }
//! # fn main() {}
//! ```
//!
//! # What each event does with its tasks
//! | event | `host` | keep-alive tasks | a failure |
//! |---|---|---|---|
//! | `fetch`, `email`, `connect` | `ctx` | go on after the response, for up to [30 s](LIMIT) | of theirs: a line on the console with the task's name; never the response's |
//! | `queue` | [`acknowledged(&ctx)`](acknowledged) | joined | is the handler's `Err`: the batch is retried |
//! | `scheduled` | `ctx` | joined | fails the event, whatever the handler returns |
//! | of a Durable Object | `self.state` | go on after the response, while the object lives | as in `fetch` |
//!
//! Tracked tasks (`spawn_tracked!`) are joined before the handler returns, in all of them.
//! `after_response!` starts when the attributed function has returned its value: nothing there sees
//! the response being sent.
//!
//! The glue of `worker` drops what `scheduled` returns, with a warning where that is a `Result`. One
//! that returns nothing says `on_error = log`, and its event fails all the same:
//!
//! ```no_run
//! # use tethered::{serverless_handler, spawn_tracked};
//! # use worker::{Env, Result, ScheduleContext, ScheduledEvent, event};
//! # async fn clean_up(_: Env) -> Result<()> { Ok(()) }
//! #[event(scheduled)]
//! #[serverless_handler(host = ctx, on_error = log)]
//! async fn scheduled(_event: ScheduledEvent, env: Env, ctx: ScheduleContext) {
//!     spawn_tracked!(clean_up(env));
//! }
//! # fn main() {}
//! ```
//!
//! Where the client goes away, the platform ends the handler's work unless something was given to
//! `waitUntil`. That happens here before the body runs, so handler and tasks go on to their end, for
//! 30 s, which the platform then counts from the disconnect, unseen by the handler.
//!
//! # Limits
//! - **Panics.** With `panic = "abort"`, the default, a panic anywhere resets the instance: every
//!   request in it loses its tasks, and no account is kept. Built with `-Cpanic=unwind`
//!   (`worker-build --panic-unwind`), a panicking task ends as `Panicked` and all others go on.
//! - `worker`'s glue for `queue` turns an `Err` into a panic, which is how the event fails. Under
//!   `panic = "abort"` that resets the instance.
//! - A [`JoinError`]'s text is only sent to the client under `#[event(fetch, respond_with_errors)]`.
//!   It is always written to the console.
//! - A task that was started outside of any handler is in the [root scope](crate::Scope::root),
//!   which nothing drains: the platform drops it with the request in which it was started.
//! - A scope or a handle that is kept from a finished request takes no tasks in another one, and
//!   is an error there.
//! - There are no threads, so `spawn_blocking_tracked!` does not compile; on `wasm32`, tasks need
//!   not be `Send`.
//! - Under `#[event(..)]` the body is called `fetch_fetch_glue` in errors, as the event macro renames
//!   it before; in the other order, `fetch`.

use std::{
    marker::PhantomData,
    time::{Duration, SystemTime},
};

use worker::wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use worker::{
    Context, Error, ScheduleContext, State,
    js_sys::{self, Function, Promise, Undefined},
    wasm_bindgen,
};

use crate::{Drain, Host, JoinError, KeepAlive, Verdict, rt};

/// How long the platform lets `waitUntil` go on after the response: 30 s.
///
/// Keep-alive tasks are told to stop 100 ms before that, aborted 50 ms later, and named.
/// Source: Cloudflare's documentation of `ctx.waitUntil`.
pub const LIMIT: Duration = Duration::from_secs(30);

/// How long the platform lets a cron or queue event go on: 15 minutes, by its documentation.
const TRIGGER_LIMIT: Duration = Duration::from_secs(15 * 60);

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    /// `ctx.waitUntil` of the running event, by which a promise that rejects can be handed over.
    #[wasm_bindgen(js_name = waitUntil)]
    fn wait_until(promise: &Promise);
}

impl Host for Context {
    fn deadline(&self) -> Option<SystemTime> {
        None
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        keep_alive(self, drain.within(LIMIT));
        Ok(())
    }
}

fn keep_alive(context: &Context, drain: Drain) {
    let (drained, settle) = promise();
    let context = context.as_ref();
    context.wait_until(&drained).expect("it takes a promise");
    drain.at_response(|drain| {
        rt::spawn_detached(async {
            drain.await;
            settle.with(Ok(()));
        });
    });
}

/// A promise, and what settles it. Made as by `future_to_promise`, whose glue a worker has anyway.
fn promise() -> (Promise, Settle) {
    let mut settle = None;
    let promise = Promise::new_typed(&mut |resolve, reject| {
        settle = Some(Settle { resolve, reject });
    });
    (promise, settle.expect("it is called at once"))
}

struct Settle {
    resolve: Function<fn(JsValue) -> Undefined>,
    reject: Function<fn(JsValue) -> Undefined>,
}

impl Settle {
    fn with(self, result: Result<(), JsValue>) {
        let (settle, value) = match result {
            Ok(()) => (self.resolve, JsValue::UNDEFINED),
            Err(error) => (self.reject, error),
        };
        // Neither throws.
        let _ = settle.call(&JsValue::UNDEFINED, (&value,));
    }
}

/// For handlers of a Durable Object: `#[serverless_handler(host = self.state)]`.
impl Host for State {
    fn deadline(&self) -> Option<SystemTime> {
        None
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        self.wait_until(drain);
        Ok(())
    }
}

/// The glue of `worker` drops what a `scheduled` handler returns, so a failed one would look
/// successful: here its failure rejects a promise of the event.
impl Host for ScheduleContext {
    fn deadline(&self) -> Option<SystemTime> {
        ACKNOWLEDGED.deadline()
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        ACKNOWLEDGED.keep_alive(drain)
    }

    fn keep_alive_mode(&self) -> KeepAlive {
        ACKNOWLEDGED.keep_alive_mode()
    }

    fn verdict(&self, verdict: Verdict) {
        let (told, settle) = promise();
        wait_until(&told);
        rt::spawn_detached(async {
            settle.with(verdict.await.map_err(|text| {
                rt::print_error(&format!("tethered: {text}"));
                js_sys::Error::new(&text).into()
            }));
        });
    }
}

/// The host of a `queue` handler: an answer acknowledges the batch, so keep-alive tasks are joined
/// before it, and a failure of theirs is the handler's.
///
/// ```no_run
/// # use tethered::{serverless_handler, wait_until};
/// # use worker::{Context, Env, Result};
/// # struct MessageBatch<T>(T); // of the feature `queue`
/// # async fn record(_: MessageBatch<String>) -> Result<()> { Ok(()) }
/// #[serverless_handler(host = tethered::workers::acknowledged(&ctx))]
/// async fn queue(batch: MessageBatch<String>, env: Env, ctx: Context) -> Result<()> {
///     wait_until!(record(batch));
///     Ok(())
/// }
/// ```
#[must_use]
pub fn acknowledged(_context: &Context) -> Acknowledged<'_> {
    ACKNOWLEDGED
}

/// See [`acknowledged`]. It is what a cron is, too.
#[derive(Debug)]
pub struct Acknowledged<'a>(PhantomData<&'a Context>);

const ACKNOWLEDGED: Acknowledged<'static> = Acknowledged(PhantomData);

impl Host for Acknowledged<'_> {
    fn deadline(&self) -> Option<SystemTime> {
        rt::system_now().checked_add(TRIGGER_LIMIT)
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        Err(drain)
    }

    fn keep_alive_mode(&self) -> KeepAlive {
        KeepAlive::JoinAndFail
    }
}

/// The host of a handler whose keep-alive tasks get less than the platform's [limit](LIMIT):
/// `#[serverless_handler(host = tethered::workers::within(&ctx, Duration::from_secs(5)))]`.
///
/// The time runs from when the handler has returned its value. 100 ms before its end the tasks are
/// told to stop, 50 ms later they are dropped, and named on the console; the response is not
/// changed. It does not bound what the handler joins.
#[must_use]
pub fn within(context: &Context, budget: Duration) -> Within<'_> {
    Within { context, budget }
}

/// See [`within`].
#[derive(Debug)]
pub struct Within<'a> {
    context: &'a Context,
    budget: Duration,
}

impl Host for Within<'_> {
    fn deadline(&self) -> Option<SystemTime> {
        None
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        keep_alive(self.context, drain.within(self.budget));
        Ok(())
    }
}

impl From<JoinError> for Error {
    fn from(error: JoinError) -> Self {
        Self::RustError(error.to_string())
    }
}
