//! The invocation around each event.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};

use lambda_runtime::{LambdaInvocation, Service, tower::Layer};
use pin_project_lite::pin_project;

use super::{builder::Settings, deadline::deadline, lifecycle::Open, triggers, workers::Hold};
use crate::{Invocation, Scope, drain::Drain, invocation::Running};

/// How long before the platform's deadline the hook is stopped.
const LAST: Duration = Duration::from_millis(10);

/// The layer that opens an invocation around each event: see [`layer`](super::layer).
#[derive(Clone)]
pub struct InvocationLayer(pub(super) Arc<Settings>);

impl<S> Layer<S> for InvocationLayer {
    type Service = InvocationService<S>;

    fn layer(&self, inner: S) -> InvocationService<S> {
        InvocationService {
            inner,
            settings: Arc::clone(&self.0),
        }
    }
}

/// What [`layer`](super::layer) makes of a service: the same, each call in an invocation of its
/// own.
#[derive(Clone)]
pub struct InvocationService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for InvocationService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Serving<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, event: LambdaInvocation) -> Serving<S::Future> {
        let rest = Rest::new(&self.settings, &event);
        let invocation = self.settings.invocation(&event);
        Serving {
            running: invocation.open().run(|| self.inner.call(event)),
            output: None,
            rest,
        }
    }
}

impl Settings {
    fn invocation(&self, event: &LambdaInvocation) -> Invocation {
        let keep_alive = self
            .keep_alive
            .unwrap_or_else(|| triggers::keep_alive(&event.body));
        let mut invocation = Invocation::new()
            .deadline(deadline(&event.context))
            .margin(self.margin)
            .keep_alive(keep_alive);
        if let Some(grace) = self.grace {
            invocation = invocation.grace(grace);
        }
        invocation.on_error.clone_from(&self.on_error);
        invocation
    }
}

pin_project! {
    /// An event that is being served: its answer, its drain, the hook.
    #[allow(missing_debug_implementations, reason = "it is not nameable from outside")]
    pub struct Serving<F: Future> {
        #[pin]
        running: Running<F>,
        output: Option<F::Output>,
        rest: Rest,
    }
}

impl<F: Future> Future for Serving<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if this.output.is_none() {
            let mut polled = this.running.as_mut().poll(cx);
            if polled.is_pending()
                && this.running.is_answered()
                && this.rest.may_leave(this.running.scope(), cx)
                && let Some(drain) = this.running.as_mut().detach()
            {
                this.rest.leave(drain);
                polled = this.running.as_mut().poll(cx);
            }
            *this.output = Some(ready!(polled));
        }
        ready!(this.rest.poll(this.running.scope(), cx));
        Poll::Ready(this.output.take().expect("polled after completion"))
    }
}

/// What comes after the answer and does not depend on it.
struct Rest {
    settings: Arc<Settings>,
    /// Until the invocation is over, or its work goes on without the worker.
    open: Option<Open>,
    hold: Option<Hold>,
    hook: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Rest {
    fn new(settings: &Arc<Settings>, event: &LambdaInvocation) -> Self {
        Self {
            settings: Arc::clone(settings),
            open: Some(settings.lifecycle.open(&event.context.request_id)),
            hold: None,
            hook: None,
        }
    }

    /// Whether the tasks of `scope` may go on without the worker.
    fn may_leave(&mut self, scope: &Scope, cx: &mut Context<'_>) -> bool {
        let Some(workers) = &self.settings.workers else {
            return false;
        };
        let hold = self.hold.get_or_insert_with(|| workers.hold(scope));
        let Poll::Ready(permit) = hold.as_mut().poll(cx) else {
            return false;
        };
        if let Some(open) = &mut self.open {
            open.permit = permit;
        }
        true
    }

    /// Lets `drain`, and the hook after it, go on in the background.
    fn leave(&mut self, drain: Drain) {
        let (settings, open) = (Arc::clone(&self.settings), self.open.take());
        if let Some(workers) = &self.settings.workers {
            workers.go_on(drain, settings, open);
        }
    }

    fn poll(&mut self, scope: &Scope, cx: &mut Context<'_>) -> Poll<()> {
        if self.open.is_some() {
            if self.hook.is_none() && self.settings.on_drained.take_turn(SystemTime::now()) {
                let deadline = scope.0.plan.host_deadline;
                let left = self.settings.margin.saturating_sub(LAST);
                self.hook = self
                    .settings
                    .on_drained
                    .run(deadline.map(|told| told.at + left));
            }
            if let Some(hook) = &mut self.hook {
                ready!(hook.as_mut().poll(cx));
            }
            self.open = None;
        }
        // No more work is taken: whoever shuts down ends the loop that waits here.
        if self.settings.lifecycle.is_stopping() {
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl fmt::Debug for InvocationLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvocationLayer").finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for InvocationService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvocationService").finish_non_exhaustive()
    }
}
