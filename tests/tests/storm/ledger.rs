//! The test's own account of one invocation, kept without asking Tethered.

use std::{
    error::Error,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use tethered::{Report, TaskError, TaskErrorKind, TaskKind, Tracked};

/// Most tasks of one invocation.
const TASKS: usize = 50;

/// What a task's own code came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its future exists, or its closure runs.
    Live,
    Returned,
    Failed,
    Panicked,
    /// Dropped before its end.
    Stopped,
    /// Its scope took no more tasks.
    Refused,
}

/// Who was given a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Handle,
    Join,
    Hook,
}

/// One task.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) fate: Fate,
    pub(crate) kind: TaskKind,
    /// The handler it was started in.
    pub(crate) home: u32,
    pub(crate) keep_alive: bool,
    /// Its name is `task` and its number, not the text of its expression.
    pub(crate) named: bool,
    /// It was still there when it should have stopped.
    pub(crate) outlived: bool,
    /// It was polled after its invocation had ended.
    pub(crate) late: bool,
    /// Who was given its error or panic, cause and all.
    pub(crate) causes: Vec<Reader>,
    /// Who was told that it timed out.
    pub(crate) timed_out: Vec<Reader>,
}

/// What one invocation did, by the test's own count.
pub(crate) struct Ledger {
    pub(crate) index: u64,
    /// One thread and a paused clock: a future is always dropped in time.
    pub(crate) strict: bool,
    entries: Mutex<Vec<Entry>>,
    /// Handles for other tasks to await, and for the test once the invocation has ended.
    pub(crate) handles: Mutex<Vec<(usize, Tracked<()>)>>,
    pub(crate) report: Mutex<Option<Report>>,
    /// `Invocation::run` has returned.
    pub(crate) ended: AtomicBool,
    homes: AtomicU32,
    pub(crate) violations: Mutex<Vec<String>>,
}

impl Ledger {
    pub(crate) fn new(index: u64, strict: bool) -> Arc<Self> {
        Arc::new(Self {
            index,
            strict,
            entries: Mutex::default(),
            handles: Mutex::default(),
            report: Mutex::default(),
            ended: AtomicBool::new(false),
            homes: AtomicU32::new(0),
            violations: Mutex::default(),
        })
    }

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        Self::lock(&self.entries)
    }

    /// A number for a task that is about to be started; `None` where there are enough.
    pub(crate) fn number(
        &self,
        kind: TaskKind,
        home: u32,
        keep_alive: bool,
        named: bool,
    ) -> Option<usize> {
        let mut entries = self.entries();
        (entries.len() < TASKS).then(|| {
            entries.push(Entry {
                fate: Fate::Live,
                kind,
                home,
                keep_alive,
                named,
                outlived: false,
                late: false,
                causes: Vec::new(),
                timed_out: Vec::new(),
            });
            // The handler's own code is number 0.
            entries.len()
        })
    }

    /// Tells one handler's call from the others.
    pub(crate) fn home(&self) -> u32 {
        self.homes.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn update(&self, number: usize, update: impl FnOnce(&mut Entry)) {
        update(&mut self.entries()[number - 1]);
    }

    /// The tasks that `which` holds for should have stopped by now. What cannot be stopped, a closure
    /// and where threads are late a poll, must turn out to have timed out.
    pub(crate) fn stopped(&self, which: impl Fn(&Entry) -> bool) {
        for (index, entry) in self.entries().iter_mut().enumerate() {
            if entry.fate == Fate::Live && which(entry) {
                entry.outlived = true;
                if self.strict && entry.kind != TaskKind::Blocking {
                    self.violation(format!("task {} goes on: {entry:?}", index + 1));
                }
            }
        }
    }

    pub(crate) fn violation(&self, what: impl Into<String>) {
        Self::lock(&self.violations).push(what.into());
    }

    /// Somebody was given `error`.
    pub(crate) fn read(&self, error: &TaskError, by: Reader) {
        let (text, name) = (error.to_string(), error.name());
        let after =
            |text: &str, word: &str| -> Option<usize> { text.rsplit_once(word)?.1.parse().ok() };
        let cause = after(&text, "storm failure ").or_else(|| after(&text, "storm panic "));
        match (error.kind(), cause) {
            (TaskErrorKind::Failed | TaskErrorKind::Panicked, Some(number)) => {
                self.update(number, |entry| entry.causes.push(by));
            }
            (TaskErrorKind::TimedOut, _) => {
                if let Some(number) = after(name, "task ") {
                    self.update(number, |entry| entry.timed_out.push(by));
                }
            }
            // A cancellation, or the summary of a failure, for who asks second.
            _ if by == Reader::Handle => {}
            _ => self.violation(format!("{by:?} was given no failure, or no cause: {text}")),
        }
    }
}

/// The error of a task. While it exists so does its ledger: an error that leaks is found.
pub(crate) struct StormError {
    pub(crate) number: usize,
    pub(crate) _ledger: Arc<Ledger>,
}

impl fmt::Debug for StormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for StormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "storm failure {}", self.number)
    }
}

impl Error for StormError {}
