//! Workloads, the goals they are held to, and the page that says what came out.
//!
//! `bash .ci/performance.sh` runs all of it.

pub mod cases;
pub mod figures;
mod floor;
pub mod goals;
mod in_task;
mod ours;
pub mod page;
mod peers;
pub mod plot;
pub mod work;
