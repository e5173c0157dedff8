//! The recorder: a process of its own, which a function's freeze does not touch.
//!
//! A function tells it when a side effect starts and when it ends, over a loopback connection, and
//! goes on only when the recorder has acknowledged it. The time is put on by the recorder. What the
//! examples count comes from this record alone, never from what a function believes.
//!
//! On the wire each side writes one JSON value a line: a question, then its answer.

mod client;
mod process;
mod server;

use serde::{Deserialize, Serialize};

pub use self::{
    client::{ADDRESS_VARIABLE, Pen},
    process::Recorder,
    server::serve,
};
use crate::clock::Stamp;

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The invocation that the side effect belongs to.
    pub request_id: String,
    /// The side effect, unique within its invocation.
    pub name: String,
    /// What happened.
    pub phase: Phase,
    /// When the recorder heard of it.
    pub at: Stamp,
}

/// What a side effect tells the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It has begun.
    Started,
    /// It is done.
    Done,
    /// It has ended with an error.
    Failed,
}

/// A question to the recorder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ask {
    /// Write this down. The answer is `true`.
    Write {
        request_id: String,
        name: String,
        phase: Phase,
    },
    /// Give the whole record: a list of [`Mark`].
    Record,
}
