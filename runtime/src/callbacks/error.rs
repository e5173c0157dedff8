//! Why a wait for callbacks did not end well.

use std::{error::Error, fmt};

use crate::{error::TaskError, join_error::JoinError};

/// What [`emit`](super::Callbacks::emit), [`flush`](super::Callbacks::flush) and
/// [`await_all_callbacks`](super::await_all_callbacks) fail with.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallbackError {
    /// It was called inside a callback, which would wait for itself. Nothing was waited for.
    InsideCallback,
    /// Handlers with `raise` did not complete: each with its name, place, age and error.
    Raised(JoinError),
}

impl CallbackError {
    /// `Ok` where nothing has failed.
    pub(super) fn unless_empty(failures: Vec<TaskError>) -> Result<(), Self> {
        match JoinError::new(failures, Vec::new()) {
            Some(error) => Err(Self::Raised(error)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for CallbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsideCallback => f.write_str(
                "callbacks were awaited inside a callback, which would wait for itself: \
                 call it where the event was emitted, or leave it to the handler's join",
            ),
            Self::Raised(error) => error.fmt(f),
        }
    }
}

impl Error for CallbackError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::InsideCallback => None,
            Self::Raised(error) => error.source(),
        }
    }
}
