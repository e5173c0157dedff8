//! What the examples share.
//!
//! - [`local_lambda`]: a Lambda on this machine, which runs a function binary and really freezes it.
//! - [`recorder`]: a process of its own that writes down every side effect.
//! - [`binaries`]: builds and finds the binaries of this package.
//! - [`orders`]: the business of the two functions `orders` and `orders-bare`.
//! - `agent`, with the feature of that name: the agent of the two functions `agent` and `agent-bare`.
//! - [`clock`]: the one clock that all of them put on their records.
//! - [`Ratio`]: what measurements that were made in pairs come to.

#[cfg(feature = "agent")]
pub mod agent;
pub mod binaries;
pub mod clock;
pub mod local_lambda;
pub mod orders;
mod ratio;
pub mod recorder;

pub use ratio::Ratio;
