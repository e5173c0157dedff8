//! Waiting for callbacks, and what they have failed with.

use std::{
    fmt,
    future::{poll_fn, ready},
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    error::CallbackError,
    here::Here,
    lane::{Lane, Mark},
    ledger::{Lanes, SetId},
};
use crate::{context, error::TaskError, scope::Scope, tracked::Tracked};

/// What [`emit`](super::Callbacks::emit) returns: the handlers have the event already. A future of
/// what those with [`raise`](super::Handler::raise) have failed with.
///
/// In blocking mode it ends when every handler has ended; in the background, and inside a
/// callback, at once.
///
/// # Cancel safety
/// Dropped, it stops nothing that was started: what has not ended is joined by the invocation, and
/// so are the failures.
#[must_use = "`.await` it for the failures of handlers with `raise`, and to wait in blocking mode"]
pub struct Emit(Option<Waiting>);

type Waiting = Pin<Box<dyn Future<Output = Result<(), CallbackError>> + Send>>;

impl Emit {
    /// There is nothing to wait for.
    #[inline]
    pub(super) const fn nothing() -> Self {
        Self(None)
    }

    pub(super) fn done(failures: Vec<TaskError>) -> Self {
        if failures.is_empty() {
            return Self::nothing();
        }
        Self(Some(Box::pin(ready(CallbackError::unless_empty(failures)))))
    }

    /// Waits for what `lanes` have now.
    pub(super) fn waiting(
        here: &Here,
        lanes: &Lanes,
        handles: Vec<Tracked<()>>,
        mut failures: Vec<TaskError>,
    ) -> Self {
        let (invocation, marks) = (here.scope.invocation().clone(), marks(lanes));
        Self(Some(Box::pin(async move {
            failures.append(&mut pass(&invocation, &marks, handles).await);
            CallbackError::unless_empty(failures)
        })))
    }
}

impl Future for Emit {
    type Output = Result<(), CallbackError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            None => Poll::Ready(Ok(())),
            Some(waiting) => waiting.as_mut().poll(cx),
        }
    }
}

impl fmt::Debug for Emit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emit").finish_non_exhaustive()
    }
}

fn marks(lanes: &Lanes) -> Vec<Mark> {
    lanes.iter().map(Lane::mark).collect()
}

/// Handles of deliveries that are kept for whoever waits, the oldest of each handler first.
fn raised(lanes: &Lanes) -> Vec<Tracked<()>> {
    lanes.iter().flat_map(|lane| lane.raised.take()).collect()
}

/// Waits until all `marks` are passed; what the tasks of `handles` have failed with.
async fn pass(invocation: &Scope, marks: &[Mark], mut handles: Vec<Tracked<()>>) -> Vec<TaskError> {
    let mut failures = Vec::new();
    let mut collect = |cx: &mut Context<'_>| {
        handles.retain_mut(|handle| match Pin::new(handle).poll(cx) {
            Poll::Pending => true,
            Poll::Ready(Ok(())) => false,
            Poll::Ready(Err(error)) => {
                failures.push(error);
                false
            }
        });
        handles.is_empty()
    };
    // From their first poll on, the failures belong to who waits here.
    poll_fn(|cx| {
        collect(cx);
        Poll::Ready(())
    })
    .await;
    let watching: Vec<_> = marks.iter().map(Mark::watch).collect();
    let passed = |_: &mut _| marks.iter().all(Mark::is_passed);
    invocation.enforce(&passed).await;
    drop(watching);
    poll_fn(|cx| {
        if collect(cx) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    failures
}

/// Waits for what a set has emitted so far in this invocation.
pub(super) async fn flush(set: &SetId) -> Result<(), CallbackError> {
    let here = Here::find();
    if here.inside {
        return Err(CallbackError::InsideCallback);
    }
    let invocation = here.scope.invocation();
    let lanes = invocation.0.callbacks.of(set);
    let failures = pass(invocation, &marks(&lanes), raised(&lanes)).await;
    CallbackError::unless_empty(failures)
}

/// Waits until the callbacks that this invocation has emitted so far have ended, through whichever
/// set; outside of any invocation, those of the whole process. Those that callbacks emit meanwhile
/// are waited for too.
///
/// It is LangChain's `awaitAllCallbacks`, but that an invocation never waits for another's.
/// It is bounded by the deadlines of what it waits for.
///
/// # Errors
/// [`CallbackError::InsideCallback`], at once, from inside a callback. [`CallbackError::Raised`]
/// with the failures of handlers with [`raise`](super::Handler::raise) that nobody has asked for.
///
/// # Cancel safety
/// Cancel safe: it only waits, and failures that it has not returned go back to the handler's join.
pub async fn await_all_callbacks() -> Result<(), CallbackError> {
    let here = Here::find();
    if here.inside {
        return Err(CallbackError::InsideCallback);
    }
    let outside = context::is_outside();
    let invocations = if outside {
        Scope::all()
    } else {
        vec![here.scope.invocation().clone()]
    };
    let mut failures = Vec::new();
    for invocation in &invocations {
        // The failures of another invocation are its own.
        let others = outside && !invocation.is_root();
        loop {
            let sets = invocation.0.callbacks.all();
            let marks: Vec<_> = sets.iter().flat_map(marks).collect();
            let handles = sets.iter().filter(|_| !others).flat_map(raised).collect();
            failures.append(&mut pass(invocation, &marks, handles).await);
            // A callback may have emitted through another set.
            let sets = invocation.0.callbacks.all();
            let mut lanes = sets.iter().flat_map(|lanes| lanes.iter());
            if !lanes.any(|lane| lane.is_nested()) {
                break;
            }
        }
    }
    CallbackError::unless_empty(failures)
}
