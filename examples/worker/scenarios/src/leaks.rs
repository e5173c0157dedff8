//! What a request keeps of another one that has finished.

use std::cell::RefCell;

use tethered::{Scope, Tracked, serverless_handler, spawn_tracked};
use worker::{Context, Response, Result};

use crate::{Recorder, failures::fail};

thread_local! {
    static KEPT: RefCell<Option<(Scope, Tracked<()>)>> = const { RefCell::new(None) };
}

#[serverless_handler(host = ctx, on_error = log)]
pub(crate) async fn leak(ctx: Context, recorder: Recorder) -> Result<Response> {
    let handle = spawn_tracked!(
        name = "of the first",
        fail(recorder, "in the first request")
    );
    KEPT.set(Some((Scope::current(), handle)));
    Response::ok("kept")
}

#[serverless_handler(host = ctx)]
pub(crate) async fn leaked(ctx: Context, recorder: Recorder) -> Result<Response> {
    let Some((scope, handle)) = KEPT.take() else {
        return Response::ok("nothing was kept");
    };
    let refused = match scope.spawn(recorder.record("adopted")) {
        Ok(_) => "adopted".to_owned(),
        Err(closed) => closed.to_string(),
    };
    let result = match handle.await {
        Ok(()) => "completed".to_owned(),
        Err(error) => error.to_string(),
    };
    Response::ok(format!("{refused}; {result}"))
}
