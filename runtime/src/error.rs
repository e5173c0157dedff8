//! What the ends of tasks look like to who waits for them.

use std::{any::Any, borrow::Cow, error::Error, fmt, panic::Location, time::Duration};

use crate::{
    caught::Payload,
    outcome::{BoxError, TaskOutcome},
    site::Site,
};

/// How a task that did not complete ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskErrorKind {
    /// It returned an error.
    Failed,
    /// It panicked.
    Panicked,
    /// It was stopped, or was started in a scope that is closed.
    Cancelled,
    /// A deadline or its own `timeout` came first.
    TimedOut,
}

impl TaskErrorKind {
    pub(crate) const fn outcome(self) -> TaskOutcome {
        match self {
            Self::Failed => TaskOutcome::Failed,
            Self::Panicked => TaskOutcome::Panicked,
            Self::Cancelled => TaskOutcome::Cancelled,
            Self::TimedOut => TaskOutcome::TimedOut,
        }
    }
}

impl fmt::Display for TaskErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed out",
        })
    }
}

/// Why a task did not complete, as far as there is more to say than its kind.
pub(crate) enum Cause {
    Error(BoxError),
    Panic(Payload),
    None,
}

/// A tracked task that did not complete: which, where it was started, how it ended, and why.
///
/// Displays as `name (file:line:column): kind after elapsed: source`, in seconds or milliseconds.
pub struct TaskError(Box<Inner>);

struct Inner {
    kind: TaskErrorKind,
    name: Cow<'static, str>,
    location: &'static Location<'static>,
    elapsed: Duration,
    cause: Cause,
}

impl TaskError {
    pub(crate) fn new(
        kind: TaskErrorKind,
        name: Cow<'static, str>,
        location: &'static Location<'static>,
        elapsed: Duration,
        cause: Cause,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            name,
            location,
            elapsed,
            cause,
        }))
    }

    /// A handler's body that had not returned when the deadline came.
    pub(crate) fn unfinished(site: &Site, elapsed: Duration) -> Self {
        Self::new(
            TaskErrorKind::TimedOut,
            Cow::Borrowed(site.text()),
            site.location(),
            elapsed,
            Cause::None,
        )
    }

    /// The same without its cause, for a second reader: a cause has one owner.
    pub(crate) fn summary(&self) -> Self {
        let inner = &*self.0;
        Self::new(
            inner.kind,
            inner.name.clone(),
            inner.location,
            inner.elapsed,
            Cause::None,
        )
    }

    /// How the task ended.
    #[must_use]
    pub fn kind(&self) -> TaskErrorKind {
        self.0.kind
    }

    /// The task's name: given with `name = …`, else the text of its expression.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where the task was started.
    #[must_use]
    pub fn location(&self) -> &Location<'static> {
        self.0.location
    }

    /// The time from the task's start (for one that never started, from its being handed over) to
    /// its end. The clock is read once for all tasks that one poll starts: code that computes for
    /// long between two of them, and awaits nothing, makes the later one look older by that.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// The error that the task returned, if it [failed](TaskErrorKind::Failed).
    #[must_use]
    pub fn into_source(self) -> Option<BoxError> {
        match self.0.cause {
            Cause::Error(error) => Some(error),
            Cause::Panic(_) | Cause::None => None,
        }
    }

    /// The error that the task returned, if it is an `E`; else `self` as it was.
    pub fn downcast<E: Error + 'static>(mut self) -> Result<E, Self> {
        match std::mem::replace(&mut self.0.cause, Cause::None) {
            Cause::Error(error) => match error.downcast::<E>() {
                Ok(error) => Ok(*error),
                Err(error) => {
                    self.0.cause = Cause::Error(error);
                    Err(self)
                }
            },
            cause => {
                self.0.cause = cause;
                Err(self)
            }
        }
    }

    /// The payload of the panic, if the task [panicked](TaskErrorKind::Panicked), for
    /// [`std::panic::resume_unwind`].
    #[must_use]
    pub fn into_panic(self) -> Option<Box<dyn Any + Send>> {
        match self.0.cause {
            Cause::Panic(payload) => Some(payload.into_inner()),
            Cause::Error(_) | Cause::None => None,
        }
    }

    /// What comes after the last colon of the `Display` form.
    pub(crate) fn detail(&self) -> Option<String> {
        match &self.0.cause {
            Cause::Error(error) => Some(error.to_string()),
            Cause::Panic(payload) => payload.text(),
            Cause::None => None,
        }
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        // Not by the `Debug` of `Duration`, which is a kilobyte of code.
        let nanos = inner.elapsed.subsec_nanos();
        let (whole, tenths, unit) = match inner.elapsed.as_secs() {
            0 => (nanos / 1_000_000, nanos / 100_000 % 10, "ms"),
            seconds => {
                let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
                (seconds, nanos / 100_000_000, "s")
            }
        };
        write!(
            f,
            "{} ({}): {} after {whole}.{tenths}{unit}",
            inner.name, inner.location, inner.kind
        )?;
        match self.detail() {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskError")
            .field("kind", &self.kind())
            .field("name", &self.name())
            .field("location", &format_args!("{}", self.location()))
            .field("elapsed", &self.elapsed())
            .field("detail", &self.detail())
            .finish()
    }
}

impl Error for TaskError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.cause {
            Cause::Error(error) => Some(&**error),
            Cause::Panic(_) | Cause::None => None,
        }
    }
}

/// A scope whose drain has ended takes no more tasks: the future comes back.
pub struct ScopeClosed<F>(pub F);

impl<F> fmt::Debug for ScopeClosed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScopeClosed")
    }
}

impl<F> fmt::Display for ScopeClosed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scope is closed: its invocation has ended")
    }
}

impl<F> Error for ScopeClosed<F> {}

/// [`drain`](crate::drain) was called from inside an invocation, which would wait for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainError(pub(crate) ());

impl fmt::Display for DrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "`drain()` was called inside an invocation and would wait for itself: \
             call it where no handler or tracked task is running, such as at the end of `main`",
        )
    }
}

impl Error for DrainError {}
