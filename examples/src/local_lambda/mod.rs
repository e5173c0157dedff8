//! A Lambda on this machine, for one function binary.
//!
//! [`LocalLambda`] runs a real function (a binary over the real `lambda_runtime`) against
//! `lambda-simulator` and freezes it for real, with SIGSTOP. The simulator by itself freezes a
//! function as soon as it has answered; Lambda freezes it when its runtime has asked for the next
//! event **and** every extension has done so too. The difference is exactly what a side effect may
//! hide in, so two parts make the simulator keep Lambda's order:
//!
//! - the **tap**, a proxy on loopback between function and simulator, which notes when each
//!   invocation was delivered, answered and followed by `GET /next`;
//! - an **extension** registered for INVOKE, which reports ready only once the tap has seen that
//!   `GET /next`. The simulator waits for it before it freezes.
//!
//! ```text
//! function ──► tap ──► simulator ◄── extension
//!               │                        ▲
//!               └── "asked for the next" ┘
//! ```
//!
//! Everything is waited for by event, never by a sleep that hopes, and everything that was started
//! is stopped when the [`LocalLambda`] is dropped, on a panic too.

mod builder;
mod environment;
mod error;
mod extension;
mod function;
pub(crate) mod http;
mod invocation;
mod tap;

pub use self::{
    builder::Builder,
    environment::LocalLambda,
    error::{InvokeError, StartError, Waiting},
    invocation::{Answer, Outcome, Timeline},
};
