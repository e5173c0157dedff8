//! A platform for tests.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use tethered::{Drain, Host, KeepAlive, Verdict};

/// A platform whose context is an argument of the handler.
#[derive(Default)]
pub struct Platform {
    /// When it kills.
    pub deadline: Option<SystemTime>,
    /// When it has keep-alive tasks finished.
    pub mode: KeepAlive,
    /// Whether `keep_alive` gives the drain back.
    pub refuses: bool,
    /// How often it was asked: 1 for a deadline, 100 for a drain.
    pub asked: Arc<AtomicUsize>,
    /// How long it keeps an invocation alive after the response.
    pub budget: Option<Duration>,
    /// What it was given.
    pub drains: Arc<Mutex<Vec<Drain>>>,
    /// What it was given to be told by.
    pub verdicts: Arc<Mutex<Vec<Verdict>>>,
}

impl Host for Platform {
    fn deadline(&self) -> Option<SystemTime> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.deadline
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        self.asked.fetch_add(100, Ordering::SeqCst);
        if self.refuses {
            return Err(drain);
        }
        let drain = match self.budget {
            Some(budget) => drain.within(budget),
            None => drain,
        };
        self.drains.lock().unwrap().push(drain);
        Ok(())
    }

    fn keep_alive_mode(&self) -> KeepAlive {
        self.mode
    }

    fn verdict(&self, verdict: Verdict) {
        self.verdicts.lock().unwrap().push(verdict);
    }
}

/// The one drain that a platform was given.
///
/// # Panics
/// If it is not one.
pub fn take_drain(drains: &Mutex<Vec<Drain>>) -> Drain {
    let mut drains = drains.lock().unwrap();
    assert_eq!(drains.len(), 1);
    drains.remove(0)
}
