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

mod batch;
mod builder;
mod deadline;
mod extension;
mod handler;
mod hooks;
#[cfg(feature = "lambda-http")]
mod http;
mod layer;
mod lifecycle;
mod shutdown;
mod streaming;
mod triggers;
mod workers;

use std::fmt::Debug;

use bytes::Bytes;
use futures_core::Stream;
use lambda_runtime::{Diagnostic, Error, IntoFunctionResponse, LambdaEvent, Service};
use serde::{Deserialize, Serialize};

pub use self::{
    batch::{BatchItemFailure, BatchResponse, partial_batch},
    builder::Builder,
    layer::{InvocationLayer, InvocationService},
};

/// Runs `handler` on Lambda as `lambda_runtime::run` does, with its tracing layer, and drains each
/// invocation between the POST of its response and the GET of the next event.
///
/// On SIGTERM the process exits with 0, and code after `run` is not reached: what is to happen at
/// the end belongs in [`on_drained`](Builder::on_drained).
///
/// # Errors
/// Those of `lambda_runtime::run`: the function cannot speak with Lambda. What is still tracked has
/// had the shutdown budget to end by then.
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
    builder().run(handler).await
}

/// [`run`] on Lambda Managed Instances, as `lambda_runtime::run_concurrent`: where
/// `AWS_LAMBDA_MAX_CONCURRENCY` is above 1, so many events are served at once, each in an
/// invocation of its own.
///
/// # Errors
/// As [`run`], when no worker is left.
///
/// # Panics
/// As [`run`].
pub async fn run_concurrent<A, F, R, B, S, D, E>(handler: F) -> Result<(), Error>
where
    F: Service<LambdaEvent<A>, Response = R> + Clone + Send + 'static,
    F::Future: Future<Output = Result<R, F::Error>> + Send + 'static,
    F::Error: Into<Diagnostic> + Debug + Send + 'static,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: IntoFunctionResponse<B, S> + Send + 'static,
    B: Serialize + Send + 'static,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send + 'static,
    E: Into<Error> + Send + Debug + 'static,
{
    builder().run_concurrent(handler).await
}

/// [`run`] for a handler of `lambda_http`, as `lambda_http::run`.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// As [`run`].
#[cfg(feature = "lambda-http")]
pub async fn run_http<'a, R, S, E>(handler: S) -> Result<(), Error>
where
    S: Service<lambda_http::Request, Response = R, Error = E>,
    S::Future: Send + 'a,
    R: lambda_http::IntoResponse,
    E: Debug + Into<Diagnostic>,
{
    builder().run_http(handler).await
}

/// [`run`] for a handler of `lambda_http` whose response is streamed, as
/// `lambda_http::run_with_streaming_response`.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// As [`run`].
#[cfg(feature = "lambda-http")]
pub async fn run_http_streaming<'a, S, B, E>(handler: S) -> Result<(), Error>
where
    S: Service<lambda_http::Request, Response = lambda_http::Response<B>, Error = E>,
    S::Future: Send + 'a,
    E: Debug + Into<Diagnostic>,
    B: http_body::Body + Unpin + Send + 'static,
    B::Data: Into<Bytes> + Send,
    B::Error: Into<Error> + Send + Debug,
{
    builder().run_http_streaming(handler).await
}

/// [`run`] and the others with settings other than the defaults.
pub fn builder() -> Builder {
    Builder::new()
}

/// The layer that opens an invocation around each event, for those who build
/// [`Runtime`](lambda_runtime::Runtime) themselves.
///
/// Give it to [`Runtime::layer`](lambda_runtime::Runtime::layer) after all others but those that
/// only observe: what is inside ends when the response has been sent.
///
/// It does not see the handler itself, nor the process: streamed responses, tasks of a handler
/// without the attribute, and SIGTERM are up to who builds the runtime.
#[must_use]
pub fn layer() -> InvocationLayer {
    builder().layer()
}
