//! `in_task` may stand beside what it implies, and before or after the other options.
#![deny(warnings, clippy::pedantic)]

use tethered::{JoinError, serverless_handler, spawn_tracked};

#[serverless_handler(executor = in_task)]
async fn alone() -> Result<(), JoinError> {
    spawn_tracked!(async {});
    Ok(())
}

#[serverless_handler(on_drop = abort, executor = in_task, max_concurrent = 2, on_error = log)]
async fn beside() -> u8 {
    spawn_tracked!(async {}).await.map_or(0, |()| 1)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert!(alone().await.is_ok());
    assert_eq!(beside().await, 1);
}
