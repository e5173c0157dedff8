//! How a handler ended, for a host whose platform does not look at what it returns.

use std::{
    fmt, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use crate::{
    caught::attempt, join_error::JoinError, scope::Scope, site::Site, state::State, stop::Observer,
};

/// How a handler ended, for a [`Host`](crate::Host) that has to tell its platform.
///
/// # Errors
/// A text that names the tasks that did not complete. Where the handler itself returned an error,
/// panicked or was dropped, it says that.
///
/// # Cancel safety
/// Cancel safe: dropped, it tells nobody, and nothing else changes. While it is polled, it holds the
/// handler's tasks to their deadline.
pub struct Verdict {
    observer: Observer,
}

pub(crate) type Told = Result<(), String>;

impl Verdict {
    pub(crate) fn new(scope: Scope) -> Self {
        scope.lock_seldom().more.make().wants_verdict = true;
        Self {
            observer: Observer::new(scope),
        }
    }
}

impl Future for Verdict {
    type Output = Told;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Told> {
        let is_told = |state: &mut State| state.more.verdict.is_some();
        ready!(self.observer.poll(cx, &is_told));
        let told = self.observer.scope.lock_seldom().more.make().verdict.take();
        told.map_or(Poll::Pending, Poll::Ready)
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdict").finish_non_exhaustive()
    }
}

/// The handler's end of a [`Verdict`], which tells when it is dropped.
pub(crate) struct Sender {
    scope: Scope,
    told: Told,
}

impl Sender {
    /// Where the host wants to know how the handler of `scope` ends, and has not been told.
    pub(crate) fn of(scope: &Scope) -> Option<Self> {
        let wants = {
            let mut state = scope.lock_seldom();
            mem::take(&mut state.more.get()?.wants_verdict)
        };
        wants.then(|| Self {
            scope: scope.clone(),
            told: Err("the handler did not return".to_owned()),
        })
    }

    /// `failed`: the handler returned an error of its own.
    pub(crate) fn tell(mut self, handler: &Site, error: Option<&JoinError>, failed: bool) {
        let name = handler.text();
        self.told = match error {
            // It may hold the user's errors.
            Some(error) => Err(attempt(|| error.to_string())
                .unwrap_or_else(|| format!("a task of `{name}` did not complete"))),
            None if failed => Err(format!("`{name}` returned an error")),
            None => Ok(()),
        };
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let told = mem::replace(&mut self.told, Ok(()));
        self.scope.lock_seldom().more.make().verdict = Some(told);
        self.scope.wake_observers();
    }
}
