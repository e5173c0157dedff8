//! The one seam for platforms.

use std::{sync::Arc, time::SystemTime};

use crate::{Drain, Verdict};

/// The platform that calls a handler: it knows the deadline, and may be able to keep an invocation
/// alive after the response.
///
/// Give one to `#[serverless_handler(host = …)]`. Its methods are called once each, before the
/// handler's body, so that the body may consume the argument that is the host. Inside an
/// invocation that a host has already opened, only [`deadline`](Host::deadline) is asked.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no host",
    label = "the value of `host` must implement `tethered::Host`",
    note = "give the argument that is the platform's context, such as `host = event.context`"
)]
pub trait Host {
    /// When the platform kills the invocation, by its wall clock. `None`: it does not.
    ///
    /// The handler's own deadline is earlier by a margin (100 ms), in which its answer is sent.
    fn deadline(&self) -> Option<SystemTime>;

    /// Takes over the invocation's keep-alive tasks: the platform polls `drain` to its end, and
    /// does not end the invocation before.
    ///
    /// `Err` gives `drain` back: this host cannot, and the handler joins the tasks before it
    /// returns.
    fn keep_alive(&self, drain: Drain) -> Result<(), Drain>;

    /// When keep-alive tasks are finished. [`keep_alive`](Host::keep_alive) is only asked under
    /// [`KeepAlive::AnswerFirst`].
    fn keep_alive_mode(&self) -> KeepAlive {
        KeepAlive::AnswerFirst
    }

    /// Takes word of how the handler ends, for a platform that does not look at what a handler
    /// returns: also of failures that `on_error = log` keeps from its value. Only called under
    /// [`KeepAlive::JoinAndFail`], before the handler's body.
    fn verdict(&self, verdict: Verdict) {
        drop(verdict);
    }
}

/// When the keep-alive tasks of an invocation (`wait_until!`, `after_response!`) are finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeepAlive {
    /// After the response. Their failures go to the log, the report and the host's error hook.
    #[default]
    AnswerFirst,
    /// Before the handler returns, since this host cannot keep an invocation alive. Their failures
    /// go where they go under `AnswerFirst`.
    Join,
    /// Before the handler returns, and a failure is the handler's error: for acknowledged triggers
    /// (queues, cron), where an answer means that the work is done.
    JoinAndFail,
}

impl<H: Host + ?Sized> Host for &H {
    fn deadline(&self) -> Option<SystemTime> {
        (**self).deadline()
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        (**self).keep_alive(drain)
    }

    fn keep_alive_mode(&self) -> KeepAlive {
        (**self).keep_alive_mode()
    }

    fn verdict(&self, verdict: Verdict) {
        (**self).verdict(verdict);
    }
}

impl<H: Host + ?Sized> Host for Arc<H> {
    fn deadline(&self) -> Option<SystemTime> {
        (**self).deadline()
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        (**self).keep_alive(drain)
    }

    fn keep_alive_mode(&self) -> KeepAlive {
        (**self).keep_alive_mode()
    }

    fn verdict(&self, verdict: Verdict) {
        (**self).verdict(verdict);
    }
}
