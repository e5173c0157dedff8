//! Both executors, and what may stand beside `in_task`.
#![deny(warnings, clippy::pedantic)]

use tethered::{JoinError, serverless_handler, spawn_tracked};

#[serverless_handler(executor = spawn, on_drop = finish)]
async fn spawned() -> Result<(), JoinError> {
    spawn_tracked!(async {});
    Ok(())
}

#[serverless_handler(executor = in_task, on_drop = abort, join = join_all)]
async fn in_task() -> Result<(), JoinError> {
    spawn_tracked!(async {});
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert!(spawned().await.is_ok() && in_task().await.is_ok());
}
