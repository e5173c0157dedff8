//! One event on its way to one handler: a tracked task that waits for its turn.

use std::{
    future::pending,
    panic::resume_unwind,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tracing::Span;

use super::{
    handler::{AsyncCallbackHandler, CallbackHandler, Model},
    here::Here,
    label::Label,
    lane::Place,
};
use crate::{
    context::{self, enter_task},
    error::{Cause, TaskErrorKind},
    log,
    outcome::{BoxError, Outcome, TaskKind},
    reserve::Reserved,
    rt,
    site::Site,
    slot::Facts,
    task::Task,
    tracked::{Refused, Tracked},
};

/// A delivery that has its place.
pub(super) struct Start<'a> {
    pub(super) here: &'a Here,
    pub(super) place: Place,
    pub(super) label: &'a Label,
    pub(super) raise: bool,
    pub(super) keep_alive: bool,
}

impl Start<'_> {
    fn spawn<F>(self, kind: TaskKind, future: F) -> Option<Tracked<()>>
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        /// The name and the place are the handler's.
        static SITE: Site = Site::new("callback");

        let Here { scope, caller, .. } = self.here;
        if scope.is_root() {
            self.label.is_outside();
        }
        let mut facts = Facts::default();
        facts.set(Facts::CALLBACK, true);
        facts.set(Facts::LOGGED, !self.raise);
        facts.set(Facts::ORPHAN, !self.raise);
        let kind = if self.keep_alive {
            TaskKind::WaitUntil
        } else {
            kind
        };
        let extra = Some(Box::new(self.label.extra()));
        let Ok(Reserved { task, poller, .. }) =
            scope.reserve(*caller, kind, &SITE, extra, facts, context::started(scope))
        else {
            // Its handler does not see the event, since its scope takes no more tasks.
            let kind = TaskErrorKind::Cancelled;
            let error = self.label.error(kind, Duration::ZERO, Cause::None);
            log::refused(&error);
            let refused = || Tracked::refused(Refused::new(scope, error));
            return self.raise.then(refused);
        };
        let delivery = Delivery {
            task: Task::new(future, None, task.clone()),
            place: self.place,
            began: false,
        };
        scope.start(delivery, poller);
        self.raise.then(|| Tracked::new(task))
    }
}

pin_project! {
    /// The order of the fields counts: the task has its outcome when its place ends.
    struct Delivery<F> {
        #[pin]
        task: Task<F>,
        place: Place,
        began: bool,
    }
}

impl<F: Future<Output: Outcome>> Future for Delivery<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if !*this.began {
            if this.place.poll_turn(cx.waker()).is_pending() {
                return this.task.poll_stopped(cx);
            }
            *this.began = true;
        }
        this.task.poll(cx)
    }
}

impl<E: Send + Sync + 'static> Model<E> {
    pub(super) fn asynchronous(handler: impl AsyncCallbackHandler<E>) -> Self {
        let handler = Arc::new(handler);
        Self::Tracked(Box::new(move |start: Start<'_>, event| {
            let handler = Arc::clone(&handler);
            start.spawn(TaskKind::Spawn, async move { handler.handle(event).await })
        }))
    }

    pub(super) fn threaded(handler: impl CallbackHandler<E>) -> Self {
        let handler = Arc::new(handler);
        Self::Tracked(Box::new(move |start: Start<'_>, event| {
            let handler = Arc::clone(&handler);
            let handle = move || handler.handle(&event);
            start.spawn(TaskKind::Blocking, on_a_thread(handle))
        }))
    }
}

/// Runs `handle` on a blocking thread, in the context and span of the running task. Dropped, it
/// leaves the closure to its end, which is ignored.
async fn on_a_thread(
    handle: impl FnOnce() -> Result<(), BoxError> + Send + 'static,
) -> Result<(), BoxError> {
    let (task, span) = (context::task(), Span::current());
    let run = move || {
        let _entered = span.enter();
        handle()
    };
    let closure = move || match task {
        Some(task) => enter_task(task, || {
            context::is_long();
            run()
        }),
        None => run(),
    };
    match rt::spawn_blocking(closure).await {
        Ok(handled) => handled,
        Err(ended) => match ended.try_into_panic() {
            Ok(payload) => resume_unwind(payload),
            // The runtime is being shut down, and drops this too.
            Err(_) => pending().await,
        },
    }
}
