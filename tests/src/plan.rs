//! A mix of tasks that a function is told to go through.

use serde::{Deserialize, Serialize};

/// An event that says what its invocation does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// What it starts.
    pub tasks: Vec<Task>,
    /// How it ends.
    pub end: End,
}

/// How a handler ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// With a response.
    Answers,
    /// With an error.
    Fails,
    /// With a panic.
    Panics,
}

/// A task that leaves a mark at its start and at its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Unique in its plan.
    pub name: String,
    /// Which macro starts it.
    pub kind: Kind,
    /// How long it takes.
    pub millis: u64,
    /// What it starts at its end.
    pub children: Vec<Task>,
}

/// Which macro starts a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// `spawn_tracked!`
    Tracked,
    /// `spawn_blocking_tracked!`
    Blocking,
    /// `wait_until!`
    WaitUntil,
    /// `after_response!`
    AfterResponse,
}

impl Plan {
    /// Up to six tasks, some with children of their own.
    pub fn random(random: &mut fastrand::Rng) -> Self {
        let tasks = (0..random.usize(0..=6)).map(|index| Task::random(random, index.to_string()));
        Self {
            tasks: tasks.collect(),
            end: match random.u8(0..10) {
                0 => End::Fails,
                1 => End::Panics,
                _ => End::Answers,
            },
        }
    }
}

impl Task {
    fn random(random: &mut fastrand::Rng, name: String) -> Self {
        let kinds = [
            Kind::Tracked,
            Kind::Blocking,
            Kind::WaitUntil,
            Kind::AfterResponse,
        ];
        let kind = kinds[random.usize(0..kinds.len())];
        // Not below others of the same name's length without end, nor in a closure that blocks.
        let bears = kind != Kind::Blocking && name.len() < 5 && random.u8(0..3) == 0;
        let children = if bears { random.usize(1..=2) } else { 0 };
        let children = (0..children).map(|index| Self::random(random, format!("{name}.{index}")));
        Self {
            children: children.collect(),
            name,
            kind,
            millis: random.u64(0..=20),
        }
    }
}
