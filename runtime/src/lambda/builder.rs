//! What has a default, and may be set otherwise.

use std::{fmt, fmt::Debug, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_core::Stream;
use lambda_runtime::{
    Diagnostic, Error, IntoFunctionResponse, LambdaEvent, Runtime, Service, layers::TracingLayer,
};
use serde::{Deserialize, Serialize};

use super::{
    handler::Handler,
    hooks::OnDrained,
    layer::InvocationLayer,
    lifecycle::Lifecycle,
    shutdown,
    workers::{self, Overlaps},
};
use crate::{KeepAlive, TaskError, scope::Hook};

/// How a function runs on Lambda, where it is to be other than by default.
///
/// ```no_run
/// # use std::time::Duration;
/// # use lambda_runtime::{Error, LambdaEvent, service_fn};
/// # use serde_json::Value;
/// # async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> { Ok(event.payload) }
/// # async fn flush() {}
/// # #[tokio::main] async fn main() -> Result<(), Error> {
/// tethered::lambda::builder()
///     .margin(Duration::from_millis(250))
///     .on_drained(async || flush().await)
///     .run(service_fn(handler))
///     .await
/// # }
/// ```
#[must_use = "a builder does nothing until it runs something"]
pub struct Builder {
    margin: Duration,
    grace: Option<Duration>,
    keep_alive: Option<KeepAlive>,
    shutdown: Option<Duration>,
    overlap: u32,
    drain_cap: Option<Duration>,
    on_error: Option<Hook>,
    on_drained: OnDrained,
}

/// A builder's settings, shared by all that runs.
pub(super) struct Settings {
    pub(super) margin: Duration,
    pub(super) grace: Option<Duration>,
    pub(super) keep_alive: Option<KeepAlive>,
    pub(super) shutdown: Option<Duration>,
    pub(super) workers: Option<Box<dyn Overlaps>>,
    pub(super) on_error: Option<Hook>,
    pub(super) on_drained: OnDrained,
    pub(super) lifecycle: Arc<Lifecycle>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            margin: Duration::from_millis(100),
            grace: None,
            keep_alive: None,
            shutdown: Some(shutdown::BUDGET),
            overlap: 100,
            drain_cap: None,
            on_error: None,
            on_drained: OnDrained::default(),
        }
    }

    /// How long before Lambda's deadline the tasks are told to stop, and a late handler begins to
    /// answer: 100 ms by default.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// How long tasks that have been told may take to stop by themselves, before they are aborted:
    /// half the margin by default, two thirds of it at most.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// When keep-alive tasks are finished, whatever the event: by default it is told from the
    /// event's shape, as the [module's docs](super#triggers) say.
    pub fn keep_alive(mut self, mode: KeepAlive) -> Self {
        self.keep_alive = Some(mode);
        self
    }

    /// How long running work may go on after SIGTERM, before it is cancelled and aborted: 400 ms by
    /// default. Lambda kills the process 500 ms after SIGTERM.
    pub fn shutdown_budget(mut self, budget: Duration) -> Self {
        self.shutdown = Some(budget);
        self
    }

    /// Registers no extension and leaves SIGTERM to its default.
    pub fn without_shutdown(mut self) -> Self {
        self.shutdown = None;
        self
    }

    /// On Managed Instances: how many tasks of answered invocations, all together, may go on while
    /// their workers take the next events; 100 by default. They are counted when a worker is let
    /// go. Where there is no room, the drain holds its worker.
    pub fn overlap(mut self, tasks: u32) -> Self {
        self.overlap = tasks;
        self
    }

    /// On Managed Instances: how long after its answer a drain may hold its worker. Then its tasks
    /// are told to stop, and end as at the deadline, which is the only cap by default.
    pub fn drain_cap(mut self, cap: Duration) -> Self {
        self.drain_cap = Some(cap);
        self
    }

    /// Is called with every failure that has no other place to go, as it happens, beside the log.
    /// A panic in it is caught and logged.
    pub fn on_error(mut self, hook: impl Fn(&TaskError) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` when the tasks of an invocation have ended, and waits for it before the next
    /// event is asked for: the place to flush telemetry, since what it sends leaves before the
    /// freeze.
    ///
    /// It is stopped after its [timeout](Self::on_drained_timeout); that, and a panic in it, are
    /// logged. What it spawns is outside of any invocation. On Managed Instances hooks may run side
    /// by side.
    ///
    /// A closure that owns what it needs is written
    /// `move || { let exporter = exporter.clone(); async move { … } }`.
    pub fn on_drained<F>(mut self, hook: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.on_drained.set(hook);
        self
    }

    /// The least time between two runs of [`on_drained`](Self::on_drained), by the wall clock: zero
    /// by default, which is after each invocation. Where the last invocations had to do without,
    /// it runs at shutdown.
    pub fn on_drained_every(mut self, period: Duration) -> Self {
        self.on_drained.every = period;
        self
    }

    /// How long [`on_drained`](Self::on_drained) may take: 2 s by default, and never beyond 10 ms
    /// before Lambda's deadline.
    pub fn on_drained_timeout(mut self, timeout: Duration) -> Self {
        self.on_drained.timeout = timeout;
        self
    }

    /// With `workers`, several invocations may run at once.
    fn settings(self, workers: Option<Box<dyn Overlaps>>) -> Arc<Settings> {
        Arc::new(Settings {
            margin: self.margin,
            grace: self.grace,
            keep_alive: self.keep_alive,
            shutdown: self.shutdown,
            workers,
            on_error: self.on_error,
            on_drained: self.on_drained,
            lifecycle: Arc::default(),
        })
    }

    /// [`layer`](super::layer) with these settings, but for those of the shutdown, which is
    /// [`run`](Self::run)'s.
    #[must_use]
    pub fn layer(self) -> InvocationLayer {
        let workers = workers::from_env(self.overlap, self.drain_cap);
        InvocationLayer(self.settings(workers))
    }

    /// [`run`](super::run) with these settings.
    pub async fn run<A, F, R, B, S, D, E>(self, handler: F) -> Result<(), Error>
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
        let settings = self.settings(None);
        let runtime = Runtime::new(Handler::new(handler))
            .layer(InvocationLayer(Arc::clone(&settings)))
            // Outermost, so that what is logged while draining carries the request's id.
            .layer(TracingLayer::new());
        shutdown::run(settings, shutdown::serving(runtime.run())).await
    }

    /// [`run_concurrent`](super::run_concurrent) with these settings.
    pub async fn run_concurrent<A, F, R, B, S, D, E>(self, handler: F) -> Result<(), Error>
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
        let workers = workers::from_env(self.overlap, self.drain_cap);
        let settings = self.settings(workers);
        let runtime = Runtime::new(Handler::new(handler))
            .layer(InvocationLayer(Arc::clone(&settings)))
            .layer(TracingLayer::new());
        shutdown::run(settings, shutdown::serving(runtime.run_concurrent())).await
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("margin", &self.margin)
            .field("grace", &self.grace)
            .field("keep_alive", &self.keep_alive)
            .field("shutdown", &self.shutdown)
            .field("overlap", &self.overlap)
            .field("drain_cap", &self.drain_cap)
            .finish_non_exhaustive()
    }
}
