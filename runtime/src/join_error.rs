//! What a handler returns for its tasks.

use std::{error::Error, fmt};

use crate::error::{TaskError, TaskErrorKind};

/// Most errors that [`JoinError`] writes out before it only counts them.
const DISPLAYED: usize = 10;

/// The tracked tasks of a handler that did not complete: at least one, the first in time first.
///
/// Displays as the first error, then `; ` and the others; past ten they are counted. Its
/// [`source`](Error::source) is the first.
pub struct JoinError(Box<Errors>);

struct Errors {
    /// Never empty.
    failures: Vec<TaskError>,
    cancelled: Vec<TaskError>,
}

impl JoinError {
    /// `None` where nothing failed.
    pub(crate) fn new(failures: Vec<TaskError>, cancelled: Vec<TaskError>) -> Option<Self> {
        (!failures.is_empty()).then(|| {
            Self(Box::new(Errors {
                failures,
                cancelled,
            }))
        })
    }

    /// The first failure in time.
    #[must_use]
    pub fn first(&self) -> &TaskError {
        &self.0.failures[0]
    }

    /// Every failure, in the order in which they happened: errors, panics, and what was
    /// [unfinished](Self::unfinished).
    pub fn iter(&self) -> impl Iterator<Item = &TaskError> {
        self.0.failures.iter()
    }

    /// The tasks that were stopped because another had failed. They are not failures.
    pub fn cancelled(&self) -> impl Iterator<Item = &TaskError> {
        self.0.cancelled.iter()
    }

    /// Those of [`iter`](Self::iter) that a deadline or their `timeout` ended, a handler's body
    /// under the handler's name included.
    pub fn unfinished(&self) -> impl Iterator<Item = &TaskError> {
        self.iter()
            .filter(|error| error.kind() == TaskErrorKind::TimedOut)
    }

    /// The failures themselves, the first in time first.
    #[must_use]
    pub fn into_errors(self) -> Vec<TaskError> {
        self.0.failures
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first().fmt(f)?;
        for error in self.iter().take(DISPLAYED).skip(1) {
            write!(f, "; {error}")?;
        }
        match self.0.failures.len().saturating_sub(DISPLAYED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinError")
            .field("failures", &self.0.failures)
            .field("cancelled", &self.0.cancelled)
            .finish()
    }
}

impl Error for JoinError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.first())
    }
}
