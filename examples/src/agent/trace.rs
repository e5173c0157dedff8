//! What there is to tell of a run.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde::{Deserialize, Serialize};

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The invocation that it belongs to.
    pub request_id: String,
    /// The how-manieth of that invocation, from 1.
    pub number: usize,
    /// What happened.
    pub what: String,
}

/// Makes the traces of one invocation.
#[derive(Clone, Debug)]
pub struct Traces {
    request_id: String,
    made: Arc<AtomicUsize>,
}

impl Traces {
    /// None yet.
    #[must_use]
    pub fn of(request_id: &str) -> Self {
        Self {
            request_id: request_id.to_owned(),
            made: Arc::default(),
        }
    }

    /// The next one.
    #[must_use]
    pub fn next(&self, what: impl Into<String>) -> Trace {
        Trace {
            request_id: self.request_id.clone(),
            // Relaxed: the steps of a run come one after the other.
            number: self.made.fetch_add(1, Ordering::Relaxed) + 1,
            what: what.into(),
        }
    }

    /// How many were made.
    #[must_use]
    pub fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }
}
