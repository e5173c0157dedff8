//! What handles events, and how it is run.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{deliver::Start, label::Label};
use crate::{
    caught::attempt,
    outcome::{BoxError, Outcome},
    tracked::Tracked,
};

/// Handles events of type `E` on a thread that may block: on the caller's for
/// [`on_inline`](super::Callbacks::on_inline), on another for
/// [`on_thread`](super::Callbacks::on_thread).
///
/// Every `Fn(&E)` whose output is an [`Outcome`] is one; a closure says its argument's type.
///
/// ```
/// use tethered::{BoxError, callbacks::{CallbackHandler, Callbacks}};
///
/// struct Archive { directory: std::path::PathBuf }
///
/// impl CallbackHandler<String> for Archive {
///     fn handle(&self, event: &String) -> Result<(), BoxError> {
///         Ok(std::fs::write(self.directory.join("last"), event)?)
///     }
/// }
///
/// let mut callbacks = Callbacks::new()?;
/// callbacks.on_thread("archive", Archive { directory: std::env::temp_dir() });
/// callbacks.on_inline("print", |event: &String| println!("{event}"));
/// # Ok::<(), tethered::callbacks::VariableError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle events of type `{E}`",
    label = "must be a `Fn(&{E})` or implement `CallbackHandler<{E}>`",
    note = "a closure says its argument's type: write `|event: &{E}| …`, and return `()` or a `Result`"
)]
pub trait CallbackHandler<E>: Send + Sync + 'static {
    /// Handles one event. It may block the thread it is on.
    fn handle(&self, event: &E) -> Result<(), BoxError>;
}

#[diagnostic::do_not_recommend]
impl<E, F, O> CallbackHandler<E> for F
where
    F: Fn(&E) -> O + Send + Sync + 'static,
    O: Outcome,
{
    fn handle(&self, event: &E) -> Result<(), BoxError> {
        self(event).into_outcome().map(drop)
    }
}

/// Handles events of type `E` without blocking, for [`on_async`](super::Callbacks::on_async).
///
/// Every `Fn(Arc<E>)` that returns a future whose output is an [`Outcome`] is one; a closure says
/// its argument's type.
///
/// ```
/// use std::sync::Arc;
/// use tethered::{BoxError, callbacks::{AsyncCallbackHandler, Callbacks}};
///
/// struct Tracer { project: String }
///
/// impl AsyncCallbackHandler<String> for Tracer {
///     async fn handle(self: Arc<Self>, event: Arc<String>) -> Result<(), BoxError> {
///         println!("{}: {event}", self.project);
///         Ok(())
///     }
/// }
///
/// let mut callbacks = Callbacks::new()?;
/// callbacks.on_async("tracer", Tracer { project: "shop".into() });
/// callbacks.on_async("print", |event: Arc<String>| async move { println!("{event}") });
/// # Ok::<(), tethered::callbacks::VariableError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle events of type `{E}` asynchronously",
    label = "must be a `Fn(Arc<{E}>)` that returns a future, or implement `AsyncCallbackHandler<{E}>`",
    note = "a closure says its argument's type: write `|event: Arc<{E}>| async move {{ … }}`"
)]
pub trait AsyncCallbackHandler<E>: Send + Sync + 'static {
    /// Handles one event.
    fn handle(self: Arc<Self>, event: Arc<E>) -> impl Future<Output = Result<(), BoxError>> + Send;
}

#[diagnostic::do_not_recommend]
impl<E, F, Fut> AsyncCallbackHandler<E> for F
where
    E: Send + Sync + 'static,
    F: Fn(Arc<E>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Outcome> + Send + 'static,
{
    fn handle(self: Arc<Self>, event: Arc<E>) -> impl Future<Output = Result<(), BoxError>> + Send {
        Handled {
            future: self(event),
        }
    }
}

pin_project! {
    /// By hand, since an `async` block would hold the future twice.
    struct Handled<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future<Output: Outcome>> Future for Handled<F> {
    type Output = Result<(), BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handled = self.project().future.poll(cx);
        handled.map(|output| output.into_outcome().map(drop))
    }
}

pub(super) enum Model<E> {
    Inline(Box<dyn CallbackHandler<E>>),
    Tracked(Box<Deliver<E>>),
}

/// Starts a tracked task; the handle, where somebody may want the failure.
type Deliver<E> = dyn Fn(Start<'_>, Arc<E>) -> Option<Tracked<()>> + Send + Sync;

type Filter<E> = dyn Fn(&E) -> bool + Send + Sync;

/// A handler in its set, for its policies.
pub struct Handler<E> {
    pub(super) label: Label,
    pub(super) raise: bool,
    pub(super) keep_alive: bool,
    ignore: Option<Box<Filter<E>>>,
    pub(super) model: Model<E>,
}

impl<E> Handler<E> {
    pub(super) fn new(label: Label, model: Model<E>) -> Self {
        Self {
            label,
            raise: false,
            keep_alive: false,
            ignore: None,
            model,
        }
    }

    /// Its failure is the caller's: an error of the [`emit`](super::Callbacks::emit) or
    /// [`flush`](super::Callbacks::flush) that waits for it. Where none does, it is the error of
    /// the `#[serverless_handler]`, as that of any tracked task, but that it cancels none.
    pub fn raise(&mut self) -> &mut Self {
        self.raise = true;
        self
    }

    /// Its failure goes to the log, the report and the host's error hook. The default.
    pub fn log(&mut self) -> &mut Self {
        self.raise = false;
        self
    }

    /// Its tasks are keep-alive tasks, as those of [`wait_until!`](crate::wait_until): they hold the
    /// invocation, not the response, and have the host's deadline. With [`raise`](Self::raise),
    /// only an emit or flush that waits is told. An inline handler has no tasks.
    pub fn keep_alive(&mut self) -> &mut Self {
        self.keep_alive = true;
        self
    }

    /// It does not see the events for which `ignores` is true.
    ///
    /// The filter runs on the caller. One that panics ignores nothing.
    pub fn ignore(&mut self, ignores: impl Fn(&E) -> bool + Send + Sync + 'static) -> &mut Self {
        self.ignore = Some(Box::new(ignores));
        self
    }

    pub(super) fn ignores(&self, event: &E) -> bool {
        let Some(ignore) = &self.ignore else {
            return false;
        };
        attempt(|| ignore(event)).unwrap_or(false)
    }
}

impl<E> fmt::Debug for Handler<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler")
            .field("name", &self.label.name)
            .field("location", &format_args!("{}", self.label.location))
            .field("raise", &self.raise)
            .finish_non_exhaustive()
    }
}
