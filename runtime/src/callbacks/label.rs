//! What a handler is called, and where it was added.

use std::{borrow::Cow, panic::Location, sync::Arc, time::Duration};

use crate::{
    error::{Cause, TaskError, TaskErrorKind},
    log,
    state::Given,
};

pub(super) struct Label {
    pub(super) name: Cow<'static, str>,
    pub(super) location: &'static Location<'static>,
    /// The same for its tasks.
    pub(super) given: Arc<Given>,
}

impl Label {
    #[track_caller]
    pub(super) fn new(name: Cow<'static, str>) -> Self {
        let location = Location::caller();
        let given = Arc::new(Given {
            name: Some(name.clone()),
            location: Some(location),
        });
        Self {
            name,
            location,
            given,
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
