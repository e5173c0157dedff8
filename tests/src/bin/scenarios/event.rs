//! What an event asks for.

use serde::Deserialize;
use tethered_tests::plan::Plan;

/// An event, in one of the shapes in which it may come.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Event {
    /// A direct invocation.
    Direct(Scenario),
    /// A direct one that says all by itself.
    Plan(Plan),
    /// Of EventBridge.
    Bus { detail: Scenario },
    /// Of a queue.
    Queue {
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) message_id: String,
    pub(crate) body: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    /// One task of each macro, and an answer.
    Answers,
    /// The same, and an error.
    Fails,
    /// The same, and a panic.
    Panics,
    /// A body and tasks that do not end by themselves.
    Hangs,
    /// A blocking closure that outlives the deadline.
    Blocks,
    /// An answer, and a keep-alive task that does not end by itself.
    Lingers,
    /// A task that fails, and one that would go on.
    LosesATask,
    /// A keep-alive task that fails.
    LosesAKeepAliveTask,
    /// A handler inside this one that is dropped half-way.
    GivesUp,
}
