//! The guarantees of the design, one module each, in its order (the ninth
//! is about the root scope, and in `root.rs`). Time is paused.

mod g01_body_runs_to_its_end;
mod g02_join;
mod g03_failing_body;
mod g04_one_outcome;
mod g05_deadline;
mod g06_dropped_handler;
mod g07_keep_alive;
mod g08_invocations_apart;
mod g10_closed_scope;
mod g11_abort;
mod g12_context;

mod carriers;
mod claiming;
mod hostile;
mod hosts;
mod in_task;
mod in_task_handlers;
mod in_task_polling;
mod in_task_storm;
mod limits;
mod macros;
mod output;

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use tethered::Invocation;
use tethered_tests::journal::{Error, Journal, assert_balanced, invoke, invoke_as, ms};
use tokio::{runtime::Handle, time::sleep};

/// How many tasks the runtime has.
fn tasks_of_the_runtime() -> usize {
    Handle::current().metrics().num_alive_tasks()
}
