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
//! Handlers of `lambda_http` run with `run_http` and `run_http_streaming`, behind the feature
//! `lambda-http`; on Managed Instances with [`run_concurrent`]; and whoever builds a
//! [`Runtime`](lambda_runtime::Runtime) takes [`layer`]. What has a default is set with
//! [`builder`]. [From an internal extension](migration) shows a function before and after.
//!
//! # What happens when
//! Lambda freezes the process once the function asks for its next event. `lambda_runtime` POSTs the
//! response and then GETs `/next`; the drain stands between the two.
//!
//! | event | `spawn_tracked!` | `wait_until!` | `after_response!` |
//! |---|---|---|---|
//! | the handler returns a response | joined first, then POST /response | goes on, done before GET /next | starts after the POST, done before GET /next |
//! | a response is streamed | joined before its first byte; what the stream starts is keep-alive | goes on, with the stream | starts when the POST has ended |
//! | the handler returns an error | joined, then POST /error; failures of tasks are logged | as above | as above |
//! | the handler panics | joined, then POST /error | as above | as above |
//! | a task fails | the others are cancelled (`try_join_all`), POST /error | logged, never the response | logged, never the response |
//! | the event is [acknowledged](#triggers) by its answer | joined | joined, a failure is the invocation's | starts after the body, joined likewise |
//! | the POST is rejected (4xx, 5xx) | done before | done before GET /next | done before GET /next; `lambda_runtime` logs the status |
//! | the POST fails, GET /next fails or is no event | done before | done within the shutdown budget | the same; then `run` returns the error, and one line says why |
//! | the deadline less the margin | told, after the grace aborted, POST /error names each and the body | told, aborted, given up, logged | the same |
//! | a deadline header that is none (zero, 1970, centuries ahead) | 15 minutes are assumed, and one line says so | the same | the same |
//! | a deadline that has passed | the body is not polled, POST /error says so | – | – |
//! | SIGTERM, idle | – | – | –; exit code 0 at once |
//! | SIGTERM, at work | may end within the budget (400 ms), then told, aborted, named; exit code 0 | the same | the same |
//! | freeze, thaw | never between its start and its end | never | never |
//! | [SnapStart](#snapstart): restore | there are none | there are none | there are none |
//! | Managed Instances: the next event of the worker | done before | may overlap, up to [a number](Builder::overlap) | may overlap likewise |
//! | SIGKILL, out of memory, a panic [that aborts](#panics) | lost | lost | lost |
//!
//! A blocking closure (`spawn_blocking_tracked!`) is a tracked task that cannot be aborted: at the
//! deadline and at shutdown it is named, and not waited for.
//!
//! A handler without the attribute is served as well: what it has tracked is joined before its
//! answer. Only the attribute ends a body at the deadline.
//!
//! # The deadline
//! It comes from `Lambda-Runtime-Deadline-Ms`, read by the wall clock once, when the event arrives,
//! and kept by the monotonic clock from there on. No moment of the monotonic clock is kept from one
//! invocation to the next: a freeze, or a restore from a snapshot, makes it mean something else.
//! With the defaults tasks are told 100 ms before the deadline, aborted at 50 ms, given up at 25 ms.
//!
//! # Triggers
//! Where an answer acknowledges the event, answering first would acknowledge work that is not done.
//! So keep-alive tasks are joined before the answer and their failure fails the invocation
//! ([`KeepAlive::JoinAndFail`](crate::KeepAlive::JoinAndFail)) for events of SQS, SNS, S3, DynamoDB,
//! Kinesis, Kafka, MQ, DocumentDB, EventBridge and its pipes and rules, and CloudWatch Logs, which
//! are told by their shape. Requests (API Gateway, function URLs, load balancers, CloudFront) and
//! direct invocations answer first. Two are indistinguishable from a direct invocation and answer
//! first too: `InvocationType=Event`, and a payload of one's own making (EventBridge Scheduler,
//! input transformers). [`Builder::keep_alive`] overrides it for all events of a function.
//!
//! For a batch whose records fail one by one there is [`partial_batch`].
//!
//! # Shutdown
//! Lambda sends SIGTERM to functions with an extension, so `run` registers one without events: one
//! POST and one GET at start. Where that fails, one line says so and the function runs on without.
//! On SIGTERM no more work is taken, what runs has the budget, and the process exits with 0.
//!
//! # Panics
//! What is said of panics here and elsewhere (a panicking task ends as `Panicked` and its siblings go
//! on, a panicking handler has its tasks joined and is answered with an error, a panicking hook is
//! logged) holds where panics unwind, which is Rust's default. With `panic = "abort"` the process
//! ends at the first one, and all that was tracked with it.
//!
//! **`cargo lambda build --release` builds with `panic = "abort"`** unless the profile says otherwise
//! (seen with cargo-lambda 1.9.2; `CARGO_PROFILE_RELEASE_PANIC` in the environment is overwritten).
//! So say it in the workspace's `Cargo.toml`:
//!
//! ```toml
//! [profile.release]
//! panic = "unwind"
//! ```
//!
//! # SnapStart
//! Lambda offers it to [container images] whose runtime calls `GET /restore/next`, the base image of
//! `provided.al2023` included. `lambda_runtime` does that before its first `GET /next`, so
//! [`run`] does. No invocation is open and no task is tracked when the snapshot is taken, deadlines
//! are [computed anew](#the-deadline) for each event, and the extension is registered before it.
//! Whether Lambda sends SIGTERM to an environment that was restored is not documented, and nothing of
//! this was tried on AWS. For resources of one's own there is
//! [`Runtime::register_snapstart_resource`](lambda_runtime::Runtime::register_snapstart_resource),
//! for those who build the runtime themselves with [`layer`].
//!
//! [container images]: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-custom.html
//!
//! # Limits
//! The response of a stream whose client has gone away ends with its next chunk, at the latest at
//! the deadline. With `run_concurrent`, an API that refuses connections is asked again and again by
//! `lambda_runtime` itself. The future of [`run`] is not `Send`: it is awaited in `main`.

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

#[doc = include_str!("../../docs/lambda-migration.md")]
pub mod migration {}

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
/// ```no_run
/// use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
/// # use serde_json::Value;
/// # async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> { Ok(event.payload) }
/// # #[tokio::main] async fn main() -> Result<(), Error> {
/// let runtime = Runtime::new(service_fn(handler)).layer(tethered::lambda::layer());
/// runtime.run().await
/// # }
/// ```
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
