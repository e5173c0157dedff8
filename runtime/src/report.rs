//! What an invocation did, for its host.

use std::{borrow::Cow, panic::Location, time::Duration};

use crate::{
    outcome::{TaskKind, TaskOutcome},
    rt::Instant,
};

/// How many tasks ended how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) spawned: u64,
    completed: u64,
    failed: u64,
    panicked: u64,
    cancelled: u64,
    timed_out: u64,
}

impl Counts {
    pub(crate) fn ended(&mut self, outcome: TaskOutcome) {
        *match outcome {
            TaskOutcome::Completed => &mut self.completed,
            TaskOutcome::Failed => &mut self.failed,
            TaskOutcome::Panicked => &mut self.panicked,
            TaskOutcome::Cancelled => &mut self.cancelled,
            TaskOutcome::TimedOut => &mut self.timed_out,
        } += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.spawned += other.spawned;
        self.completed += other.completed;
        self.failed += other.failed;
        self.panicked += other.panicked;
        self.cancelled += other.cancelled;
        self.timed_out += other.timed_out;
    }
}

/// The account of an invocation: every tracked task, each in exactly one outcome.
///
/// [`spawned`](Self::spawned) is the sum of the five outcomes, always.
#[derive(Debug)]
pub struct Report {
    pub(crate) id: u64,
    pub(crate) elapsed: Duration,
    pub(crate) counts: Counts,
    pub(crate) tasks: Vec<TaskReport>,
}

impl Report {
    /// Which invocation, of those of this process.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// From the invocation's start to the end of its drain.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// A row for each task, in the order in which they ended. Rows are kept where
    /// [`Invocation::on_report`](crate::Invocation::on_report) asked for them; the report of
    /// [`drain`](crate::drain) has none.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskReport> {
        self.tasks.iter()
    }

    /// How many tasks were handed over.
    #[must_use]
    pub fn spawned(&self) -> u64 {
        self.counts.spawned
    }

    /// How many tasks ended with `outcome`.
    #[must_use]
    pub fn count(&self, outcome: TaskOutcome) -> u64 {
        match outcome {
            TaskOutcome::Completed => self.counts.completed,
            TaskOutcome::Failed => self.counts.failed,
            TaskOutcome::Panicked => self.counts.panicked,
            TaskOutcome::Cancelled => self.counts.cancelled,
            TaskOutcome::TimedOut => self.counts.timed_out,
        }
    }

    /// How many tasks returned a success.
    #[must_use]
    pub fn completed(&self) -> u64 {
        self.counts.completed
    }

    /// How many tasks returned an error.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.counts.failed
    }

    /// How many tasks panicked.
    #[must_use]
    pub fn panicked(&self) -> u64 {
        self.counts.panicked
    }

    /// How many tasks were stopped.
    #[must_use]
    pub fn cancelled(&self) -> u64 {
        self.counts.cancelled
    }

    /// How many tasks a deadline or their own `timeout` ended.
    #[must_use]
    pub fn timed_out(&self) -> u64 {
        self.counts.timed_out
    }
}

/// One task's row of a [`Report`].
#[derive(Clone, Debug)]
pub struct TaskReport {
    pub(crate) name: Cow<'static, str>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) kind: TaskKind,
    pub(crate) started: Instant,
    pub(crate) elapsed: Duration,
    pub(crate) outcome: TaskOutcome,
    pub(crate) error: Option<String>,
}

impl TaskReport {
    /// The task's name: given with `name = …`, else the text of its expression.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the task was started.
    #[must_use]
    pub fn location(&self) -> &Location<'static> {
        self.location
    }

    /// Which macro started it.
    #[must_use]
    pub fn kind(&self) -> TaskKind {
        self.kind
    }

    /// When it was started; for one that never was, when it was handed over. All tasks that one poll
    /// starts have one time: that of the first.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// From then to its end.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> TaskOutcome {
        self.outcome
    }

    /// What the error or the panic said, if there was one.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}
