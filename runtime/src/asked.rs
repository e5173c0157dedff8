//! What only some programs ask for.

use std::{
    mem::{self, ManuallyDrop},
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether the program has asked for something yet.
///
/// In a program without code that asks, nothing sets this. Link-time optimization sees that, and
/// leaves out what is only done where it is set: a program pays in size for what it asks for.
pub(crate) struct Asked(AtomicBool);

/// For `max_concurrent` or `after_response!`: tasks wait unstarted.
pub(crate) static WAITING: Asked = Asked::new();
/// For `executor = in_task`, or carriers: somebody else than the runtime polls tasks.
pub(crate) static QUEUES: Asked = Asked::new();
/// For `timeout` of a task.
pub(crate) static TIMEOUTS: Asked = Asked::new();
/// For a report with a row for each task.
pub(crate) static ROWS: Asked = Asked::new();

impl Asked {
    const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Relaxed, both: what was asked for is handed on with what it was asked for.
    pub(crate) fn ask(&self) {
        // Looked at before, since many threads may ask often.
        if !self.is_set() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Drops what is only ever kept where it was asked for.
    pub(crate) fn drop<T: Default>(&self, kept: &mut ManuallyDrop<T>) {
        if self.is_set() {
            drop(mem::take(&mut **kept));
        }
    }
}
