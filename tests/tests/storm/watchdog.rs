//! Ends a process that makes no progress, since a thread that hangs cannot fail its own test.

use std::{
    io::{self, Write as _},
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Watchdog {
    ended: Arc<AtomicU64>,
    _alive: Sender<()>,
}

impl Watchdog {
    pub(crate) fn start(what: String) -> Self {
        let ended = Arc::new(AtomicU64::new(0));
        let (alive, gone) = mpsc::channel();
        let watched = Arc::clone(&ended);
        thread::spawn(move || {
            let mut before = u64::MAX;
            while gone.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let now = watched.load(Ordering::Relaxed);
                if now == before {
                    // Not `eprintln!`, whose output the test harness keeps to itself.
                    let said = writeln!(io::stderr(), "{what}: hangs after {now} invocations");
                    drop(said);
                    process::abort();
                }
                before = now;
            }
        });
        Self {
            ended,
            _alive: alive,
        }
    }

    /// To be counted up when an invocation has ended.
    pub(crate) fn pulse(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.ended)
    }
}
