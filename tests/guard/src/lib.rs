//! Code that people write and that the guard must let through: no error, no warning.
//!
//! What stands under one attribute is one snippet. `tests/count.rs` counts them.
#![deny(warnings)]

pub mod edition_2024;
pub mod snippets;
