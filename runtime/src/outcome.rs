//! What a tracked task may return, and how tasks end.

use std::{convert::Infallible, error::Error};

use crate::rt::MaybeSend as Send;

/// An error of any kind, as it is boxed at the platform's edge.
pub type BoxError = Box<dyn Error + std::marker::Send + Sync>;

/// What a tracked future or closure may return: something whose failure cannot be overlooked.
///
/// It is implemented for `()`, [`Infallible`], `!`, `Result<T, E>` where `E` converts into a boxed
/// error, and [`Value<T>`](Value), which says that a value cannot fail. Nothing else is accepted,
/// since a value that nobody looks at may hide a failure.
#[diagnostic::on_unimplemented(
    message = "a tracked task returns `()`, a `Result` or a `Value`, and this one returns `{Self}`",
    label = "its value could hide a failure",
    note = "if it can fail, return `Result<_, E>` where `E: Into<Box<dyn Error + Send + Sync>>`",
    note = "if it cannot, return `tethered::Value(value)`, or end with `value;` to drop it"
)]
pub trait Outcome: Send + 'static {
    /// What an awaited [`Tracked`](crate::Tracked) yields when the task completes.
    type Value: Send + 'static;

    /// Splits success from failure.
    fn into_outcome(self) -> Result<Self::Value, BoxError>;
}

impl Outcome for () {
    type Value = ();

    fn into_outcome(self) -> Result<(), BoxError> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl Outcome for Infallible {
    type Value = Infallible;

    fn into_outcome(self) -> Result<Infallible, BoxError> {
        match self {}
    }
}

/// `!`, which stable Rust names only as the return type of a function pointer.
pub(crate) type Never = <fn() -> ! as Returns>::Output;

#[doc(hidden)]
pub trait Returns {
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}

#[diagnostic::do_not_recommend]
impl Outcome for Never {
    type Value = Self;

    fn into_outcome(self) -> Result<Self, BoxError> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> Outcome for Result<T, E>
where
    T: Send + 'static,
    E: Into<BoxError> + Send + 'static,
{
    type Value = T;

    fn into_outcome(self) -> Result<T, BoxError> {
        self.map_err(Into::into)
    }
}

/// A task's output that cannot fail.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), tethered::TaskError> {
/// use tethered::{Value, spawn_tracked};
///
/// # tethered::scope(async |_| {
/// let answer = spawn_tracked!(async { Value(42) });
/// assert_eq!(answer.await?, 42);
/// # Ok(()) }).await.unwrap()
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value<T>(pub T);

impl<T: Send + 'static> Outcome for Value<T> {
    type Value = T;

    fn into_outcome(self) -> Result<T, BoxError> {
        Ok(self.0)
    }
}

/// How a tracked task ended: each in exactly one of these ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskOutcome {
    /// It ran to its end and returned a success.
    Completed,
    /// It ran to its end and returned an error.
    Failed,
    /// It panicked.
    Panicked,
    /// It was stopped: by [`Tracked::abort`](crate::Tracked::abort), because a sibling failed
    /// under `try_join_all`, or because its runtime shut down.
    Cancelled,
    /// A deadline or its own `timeout` came first.
    TimedOut,
}

/// Which macro started a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskKind {
    /// [`spawn_tracked!`](crate::spawn_tracked), or [`Scope::spawn`](crate::Scope::spawn).
    Spawn,
    /// [`spawn_blocking_tracked!`](crate::spawn_blocking_tracked).
    Blocking,
    /// [`wait_until!`](crate::wait_until).
    WaitUntil,
    /// [`after_response!`](crate::after_response).
    AfterResponse,
}
