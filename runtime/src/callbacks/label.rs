//! What a handler is called, and where it was added.

use std::{borrow::Cow, panic::Location, time::Duration};

use crate::{
    error::{Cause, TaskError, TaskErrorKind},
    log,
    slot::Extra,
};

pub(super) struct Label {
    pub(super) name: Cow<'static, str>,
    pub(super) location: &'static Location<'static>,
}

impl Label {
    #[track_caller]
    pub(super) fn new(name: Cow<'static, str>) -> Self {
        Self {
            name,
            location: Location::caller(),
        }
    }

    /// The same for one of its tasks.
    pub(super) fn extra(&self) -> Extra {
        Extra {
            name: Some(self.name.clone()),
            location: Some(self.location),
            ..Extra::default()
        }
    }

    pub(super) fn error(&self, kind: TaskErrorKind, elapsed: Duration, cause: Cause) -> TaskError {
        TaskError::new(kind, self.name.clone(), self.location, elapsed, cause)
    }

    /// Its tasks are outside of any invocation.
    pub(super) fn is_outside(&self) {
        log::outside(&self.name, self.location);
    }
}
