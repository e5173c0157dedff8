//! The end of an invocation, for who keeps it alive.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

#[cfg(feature = "workers")]
use crate::{
    rt::{self, MaybeSend},
    state::Pending,
};
use crate::{scope::Scope, state::Phase, stop::Observer};

/// Ends when the invocation has ended and its scope has no tasks left. It holds the tasks to the
/// host's deadline while it is polled.
///
/// A [`Host`](crate::Host) gets one in [`keep_alive`](crate::Host::keep_alive). A drain that is
/// dropped early gives its tasks to the root scope, where nothing but [`drain`](crate::drain) waits
/// for them.
#[must_use = "a drain does nothing unless it is polled"]
pub struct Drain {
    observer: Observer,
}

impl Drain {
    pub(crate) fn new(scope: Scope) -> Self {
        scope.lock_seldom().attached = true;
        Self {
            observer: Observer::new(scope),
        }
    }

    /// For a platform that ends an invocation this long after its response: keep-alive tasks are
    /// told to stop 100 ms before that, aborted 50 ms later, and named in the log.
    ///
    /// The time runs from when the handler has returned its value.
    pub fn within(self, budget: Duration) -> Self {
        self.observer.scope.lock_seldom().more.make().budget = Some(budget);
        self
    }
}

#[cfg(feature = "workers")]
impl Drain {
    /// Gives it to `start` when the handler has returned its value, or when there is a deadline to
    /// see to before. So it comes after the first turn of what the handler has started: of tasks that
    /// end in that, it finds nothing to wait for.
    pub(crate) fn at_response(self, start: impl FnOnce(Self) + MaybeSend + 'static) {
        let scope = self.observer.scope.clone();
        let start = Pending(Box::new(rt::entered(move || start(self))));
        let released = {
            let mut state = scope.lock_seldom();
            state.more.make().drain = Some(start);
            state.released
        };
        if released {
            scope.start_drain();
        }
    }
}

impl Future for Drain {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.observer
            .poll(cx, &|state| state.phase == Phase::Closed)
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        let scope = &self.observer.scope;
        let phase = {
            let mut state = scope.lock_seldom();
            state.attached = false;
            state.phase
        };
        // Before it has joined, the handler itself sees that nobody drains.
        if phase == Phase::Joined {
            scope.leave();
        }
    }
}

impl fmt::Debug for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain")
            .field("scope", &self.observer.scope)
            .finish_non_exhaustive()
    }
}
