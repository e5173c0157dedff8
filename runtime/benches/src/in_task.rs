//! The handlers with `executor = in_task`.

use tethered::{JoinError, serverless_handler, spawn_tracked};

use crate::work::Work;

#[serverless_handler(executor = in_task, join = join_all)]
pub(crate) async fn join_all<W: Work>(tasks: usize) -> Result<(), JoinError> {
    for _ in 0..tasks {
        spawn_tracked!(W::future());
    }
    Ok(())
}

#[serverless_handler(executor = in_task)]
pub(crate) async fn try_join_all<W: Work>(tasks: usize) -> Result<(), JoinError> {
    for _ in 0..tasks {
        spawn_tracked!(W::future());
    }
    Ok(())
}
