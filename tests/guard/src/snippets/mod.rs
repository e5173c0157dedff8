//! Snippets that compile in every edition, a file for each theme.
#![allow(
    clippy::all,
    clippy::pedantic,
    reason = "code as it is found, not as we write it"
)]

pub mod diverges;
pub mod drains;
pub mod expected;
pub mod flow;
pub mod futures_kept;
pub mod handles;
pub mod join_sets;
pub mod joins;
pub mod macros;
pub mod names;
pub mod reviewed;
pub mod shapes;
mod support;
pub mod threads;
pub mod tracked;
pub mod trackers;
pub mod types;
pub mod values;
