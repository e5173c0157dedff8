//! An ordered set of handlers.

use std::{borrow::Cow, fmt, sync::Arc};

use super::{
    deliver::Start,
    error::CallbackError,
    handler::{AsyncCallbackHandler, CallbackHandler, Handler, Model},
    here::Here,
    inline,
    label::Label,
    ledger::{Lanes, SetId},
    variable::{self, VariableError},
    wait::{self, Emit},
};

/// An ordered set of handlers for events of type `E`, each with an execution model and a policy.
///
/// It is `Sync`: keep it in an [`Arc`] or a `static`, and emit from anywhere. What is emitted
/// belongs to the invocation in which it is emitted.
pub struct Callbacks<E> {
    handlers: Vec<Arc<Handler<E>>>,
    background: bool,
    id: SetId,
}

impl<E: Send + Sync + 'static> Callbacks<E> {
    /// A set without handlers. Whether it works in the background is read here, once, from the
    /// environment variable `TETHERED_CALLBACKS_BACKGROUND`: `true`, `1` or `yes` (the default),
    /// or `false`, `0` or `no`, in any case.
    ///
    /// # Errors
    /// [`VariableError`], which names the variable, if it is set to anything else.
    pub fn new() -> Result<Self, VariableError> {
        Ok(Self {
            handlers: Vec::new(),
            background: variable::background()?,
            id: SetId::default(),
        })
    }

    /// Whether an [`emit`](Self::emit) returns while its handlers run. It goes before the
    /// environment.
    #[must_use]
    pub fn background(mut self, background: bool) -> Self {
        self.background = background;
        self
    }

    /// Adds a handler that runs on the caller, before [`emit`](Self::emit) returns, in the order in
    /// which such handlers were added. The caller stands still meanwhile, and no deadline ends it.
    ///
    /// Its name and the place of this call are in every error of it.
    #[track_caller]
    pub fn on_inline(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        handler: impl CallbackHandler<E>,
    ) -> &mut Handler<E> {
        self.add(name.into(), Model::Inline(Box::new(handler)))
    }

    /// Adds a handler that runs as a tracked task, side by side with the caller and with other
    /// handlers.
    #[track_caller]
    pub fn on_async(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        handler: impl AsyncCallbackHandler<E>,
    ) -> &mut Handler<E> {
        self.add(name.into(), Model::asynchronous(handler))
    }

    /// Adds a handler that runs as a tracked task on a blocking thread, in parallel.
    ///
    /// One that has begun cannot be stopped: at the deadline, or where an `on_drop = abort` stops
    /// its task, it is named and not waited for, and its later end is ignored. It can ask
    /// [`Scope::current().cancellation_token()`](crate::Scope::cancellation_token).
    #[track_caller]
    pub fn on_thread(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        handler: impl CallbackHandler<E>,
    ) -> &mut Handler<E> {
        self.add(name.into(), Model::threaded(handler))
    }

    #[track_caller]
    fn add(&mut self, name: Cow<'static, str>, model: Model<E>) -> &mut Handler<E> {
        let handler = Handler::new(Label::new(name), model);
        self.handlers.push(Arc::new(handler));
        let last = self.handlers.last_mut().and_then(Arc::get_mut);
        last.expect("nobody else has it yet")
    }

    /// Gives `event` to every handler that does not ignore it.
    ///
    /// When this returns, inline handlers have run and the others are tracked by the invocation;
    /// nothing depends on the returned future being awaited. In the background it is ready at
    /// once. In blocking mode it ends when all handlers have ended, and what they have emitted
    /// meanwhile too; but inside a callback it never waits, since it would wait for itself.
    ///
    /// Code that is not `async`, such as a handler on a thread, drops it: `drop(callbacks.emit(…))`.
    ///
    /// # Errors
    /// [`CallbackError::Raised`] with the failures, panics included, of handlers with
    /// [`raise`](Handler::raise): of inline ones, and in blocking mode of all. Every handler has
    /// seen the event nevertheless. An event that its invocation is too late for is `Cancelled`,
    /// with a warning.
    ///
    /// # Panics
    /// Outside of a tokio runtime, if a handler is to run as a task.
    #[inline]
    pub fn emit(&self, event: E) -> Emit {
        if self.handlers.is_empty() {
            return Emit::nothing();
        }
        self.deliver(&Arc::new(event))
    }

    fn deliver(&self, event: &Arc<E>) -> Emit {
        let here = Here::find();
        let waits = !self.background && !here.inside;
        let mut handles = Vec::new();
        let is_tracked = |handler: &Arc<Handler<E>>| matches!(handler.model, Model::Tracked(_));
        let lanes = if self.handlers.iter().any(is_tracked) {
            let invocation = here.scope.invocation();
            let ledger = &invocation.0.callbacks;
            ledger.open(&self.id, self.handlers.len(), invocation)
        } else {
            Lanes::default()
        };
        for (handler, lane) in self.handlers.iter().zip(&*lanes) {
            let Model::Tracked(start) = &handler.model else {
                continue;
            };
            if handler.ignores(event) {
                continue;
            }
            let delivery = Start {
                here: &here,
                place: lane.take(here.inside),
                label: &handler.label,
                raise: handler.raise,
                keep_alive: handler.keep_alive,
            };
            match start(delivery, Arc::clone(event)) {
                Some(handle) if waits => handles.push(handle),
                Some(handle) => lane.raised.keep(handle),
                None => {}
            }
        }
        let failures = inline::run(&self.handlers, event, &here.scope);
        if waits && !lanes.is_empty() {
            Emit::waiting(&here, &lanes, handles, failures)
        } else {
            Emit::done(failures)
        }
    }

    /// Waits until what this invocation has emitted so far through this set has been handled, and
    /// what its handlers have emitted meanwhile. It never waits for another invocation's; outside
    /// of any, it waits for what was emitted there.
    ///
    /// It is bounded by the deadlines of the tasks: what hangs is ended by them.
    ///
    /// # Errors
    /// [`CallbackError::InsideCallback`], at once, from inside a callback: from a handler, what it
    /// calls, and the tracked tasks and handlers that it starts. (From a task that it detaches with
    /// `tokio::spawn` it is not seen, as no scope is.) [`CallbackError::Raised`] with the failures
    /// of handlers with [`raise`](Handler::raise) that nobody has asked for yet, those of each
    /// handler in the order of their events.
    ///
    /// # Cancel safety
    /// Cancel safe: failures that it has not returned go back to the handler's join.
    pub async fn flush(&self) -> Result<(), CallbackError> {
        wait::flush(&self.id).await
    }
}

impl<E> fmt::Debug for Callbacks<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks")
            .field("handlers", &self.handlers)
            .field("background", &self.background)
            .finish_non_exhaustive()
    }
}
