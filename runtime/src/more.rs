//! What only some scopes have, made when it is first put there.

use std::{mem::ManuallyDrop, ops::Deref, task::Waker, time::Duration};

use slab::Slab;

use crate::{
    asked::ROWS,
    error::TaskError,
    queue::Queue,
    report::TaskReport,
    scope::{Deadline, Scope},
    state::{Adopted, Pending},
    verdict::Told,
};

/// What only some scopes have.
pub(crate) struct More {
    pub(crate) rows: ManuallyDrop<Vec<TaskReport>>,
    /// How long the platform keeps the invocation alive after the response.
    pub(crate) budget: Option<Duration>,
    /// When that is over, from the response on.
    pub(crate) over: Option<Deadline>,
    /// Starts the drain, at the response or when there is a deadline to see to before.
    pub(crate) drain: Option<Pending>,
    /// The host wants to know how the handler ends.
    pub(crate) wants_verdict: bool,
    pub(crate) verdict: Option<Told>,
    /// Waiting for `max_concurrent`, oldest first.
    pub(crate) waiting: Queue,
    /// Waiting for the response.
    pub(crate) deferred: Queue,
    /// Who waits for a change and does not join. One that has been woken is still here, until it
    /// waits again or is gone.
    pub(crate) observers: Slab<Option<Waker>>,
    /// Ended handlers' scopes that this one drains.
    pub(crate) adopted: Slab<Adopted>,
    /// Who drains this one, and the key there.
    pub(crate) adopter: Option<(Scope, usize)>,
    /// The tasks whose end the join may want, the first in time first, and some that have been
    /// taken by their handles since.
    pub(crate) failed: Vec<(u32, u32)>,
    /// Failures of adopted scopes, kept for the join.
    pub(crate) inherited: Vec<TaskError>,
}

impl More {
    const NOTHING: Self = Self {
        rows: ManuallyDrop::new(Vec::new()),
        budget: None,
        over: None,
        drain: None,
        wants_verdict: false,
        verdict: None,
        waiting: Queue::new(),
        deferred: Queue::new(),
        observers: Slab::new(),
        adopted: Slab::new(),
        adopter: None,
        failed: Vec::new(),
        inherited: Vec::new(),
    };
}

impl Drop for More {
    fn drop(&mut self) {
        ROWS.drop(&mut self.rows);
    }
}

/// [`More`], once something is put there: each invocation makes a state, moves it and drops it.
#[derive(Default)]
pub(crate) struct Boxed(Option<Box<More>>);

impl Deref for Boxed {
    type Target = More;

    #[inline]
    fn deref(&self) -> &More {
        const NOTHING: &More = &More::NOTHING;
        self.0.as_deref().unwrap_or(NOTHING)
    }
}

impl Boxed {
    /// To put something there. A call, instead of its code in each of the places.
    #[inline(never)]
    pub(crate) fn make(&mut self) -> &mut More {
        self.0.get_or_insert_with(|| Box::new(More::NOTHING))
    }

    /// To take something out, where there may be something.
    pub(crate) fn get(&mut self) -> Option<&mut More> {
        self.0.as_deref_mut()
    }
}
