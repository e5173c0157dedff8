//! What is known about one invocation afterwards.

use serde_json::Value;

use crate::clock::Stamp;

/// An invocation that went the whole way: answered, followed by `GET /next`, frozen.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The invocation's request id, which the function knows too.
    pub request_id: String,
    /// What the function answered.
    pub outcome: Outcome,
    /// When each step happened.
    pub timeline: Timeline,
}

/// What a function answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `POST /response`, with this payload.
    Response(Value),
    /// `POST /error`.
    Error {
        /// The class of the error, `errorType` of the request.
        kind: String,
        /// What it says, `errorMessage` of the request.
        message: String,
    },
}

/// The steps of one invocation in their order.
#[derive(Clone, Copy, Debug)]
pub struct Timeline {
    /// SIGCONT was about to be sent (to an environment that was running already: nothing).
    pub thawed: Stamp,
    /// The event was handed to the function.
    pub received: Stamp,
    /// The function's `POST /response` or `POST /error` arrived.
    pub answered: Stamp,
    /// The function's following `GET /next` arrived.
    pub next_polled: Stamp,
    /// The process had stopped, all its threads included.
    pub frozen: Stamp,
}
