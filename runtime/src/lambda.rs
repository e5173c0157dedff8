//! AWS Lambda, on [`lambda_runtime`].
//!
//! A function changes by one word: `lambda_runtime::run` becomes [`tethered::lambda::run`](run).
//!
//! ```no_run
//! use lambda_runtime::{Error, LambdaEvent, service_fn};
//! use serde_json::Value;
//! use tethered::{serverless_handler, spawn_tracked, wait_until};
//!
//! # async fn count(_: &str) -> Result<(), Error> { Ok(()) }
//! # async fn measure(_: Value) -> Result<(), Error> { Ok(()) }
//! #[serverless_handler]
//! async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> {
//!     spawn_tracked!(count("orders"));                // done before the answer
//!     wait_until!(measure(event.payload.clone()));    // done before the freeze
//!     Ok(event.payload)
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     tethered::lambda::run(service_fn(handler)).await
//! }
//! ```
//!
//! # What happens when
//! Lambda freezes the process once the function asks for its next event. The runtime of a function
//! POSTs its response and then GETs `/next`; the drain stands between the two, so keep-alive tasks
//! are done before the freeze while the caller has its answer. The same holds after an error, a
//! panic, and a POST that failed. No extension is registered.
//!
//! The deadline is that of the invocation (`Lambda-Runtime-Deadline-Ms`) less 100 ms: a handler
//! that is late answers with an error that names what was unfinished, where plain Lambda would
//! kill it.
//!
//! # Limits
//! On Lambda Managed Instances give [`layer`] to a [`Runtime`] and run it with its
//! `run_concurrent`. The body of a streamed response is polled outside of the handler, so what is
//! spawned in it is not tracked.

use std::{
    fmt::Debug,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_core::Stream;
use lambda_runtime::{
    Diagnostic, Error, IntoFunctionResponse, LambdaEvent, LambdaInvocation, Runtime, Service,
    layers::TracingLayer, tower::Layer,
};
use serde::{Deserialize, Serialize};

use crate::{Drain, Host, Invocation, JoinError, invocation::Running};

/// Runs `handler` on Lambda as `lambda_runtime::run` does, with its tracing layer, and drains each
/// invocation between the POST of its response and the GET of the next event.
///
/// # Errors
/// Those of `lambda_runtime::run`: the function cannot speak with Lambda.
///
/// # Panics
/// As `lambda_runtime::run`, where the environment variables of Lambda are missing. A panic of
/// the handler is answered with an error and ends nothing.
pub async fn run<A, F, R, B, S, D, E>(handler: F) -> Result<(), Error>
where
    F: Service<LambdaEvent<A>, Response = R>,
    F::Future: Future<Output = Result<R, F::Error>>,
    F::Error: Into<Diagnostic> + Debug,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    Runtime::new(handler)
        .layer(layer())
        // Outermost, so that what is logged while draining carries the request's id.
        .layer(TracingLayer::new())
        .run()
        .await
}

/// The layer that opens an invocation around each event, for those who build
/// [`Runtime`] themselves.
///
/// Give it to [`Runtime::layer`] after all others but those that only observe: what is inside ends
/// when the response has been sent.
#[must_use]
pub fn layer() -> InvocationLayer {
    InvocationLayer(())
}

/// See [`layer`].
#[derive(Clone, Copy, Debug)]
pub struct InvocationLayer(());

impl<S> Layer<S> for InvocationLayer {
    type Service = InvocationService<S>;

    fn layer(&self, inner: S) -> InvocationService<S> {
        InvocationService { inner }
    }
}

/// What [`layer`] makes of a service: the same, each call in an invocation of its own.
#[derive(Clone, Copy, Debug)]
pub struct InvocationService<S> {
    inner: S,
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for InvocationService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Running<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, event: LambdaInvocation) -> Running<S::Future> {
        let mut invocation = Invocation::new();
        if let Some(deadline) = deadline(&event.context) {
            invocation = invocation.deadline(deadline);
        }
        invocation.open().run(|| self.inner.call(event))
    }
}

/// The deadline of the header, which is in milliseconds since the epoch; without one it is 0.
fn deadline(context: &lambda_runtime::Context) -> Option<SystemTime> {
    let since_epoch = Duration::from_millis(context.deadline);
    (!since_epoch.is_zero())
        .then(|| SystemTime::UNIX_EPOCH.checked_add(since_epoch))
        .flatten()
}

/// For `#[serverless_handler(host = event.context)]` under `lambda_runtime::run`: its deadline.
///
/// Only the layer sees when the response has been sent, so keep-alive tasks are joined before the
/// handler returns; under [`run`], which has opened the invocation already, they are not.
impl Host for lambda_runtime::Context {
    fn deadline(&self) -> Option<SystemTime> {
        deadline(self)
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        Err(drain)
    }
}

impl From<JoinError> for Diagnostic {
    fn from(error: JoinError) -> Self {
        Self {
            error_type: std::any::type_name::<JoinError>().into(),
            error_message: error.to_string(),
        }
    }
}
