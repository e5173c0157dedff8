//! The handlers: each starts `tasks` tasks and waits for them.

use std::{future::pending, hint::black_box};

use tethered::{Invocation, JoinError, Scope, serverless_handler, spawn_tracked, wait_until};

use crate::work::Work;

/// Spawned, `join = join_all`.
#[serverless_handler(join = join_all)]
pub(crate) async fn join_all<W: Work>(tasks: usize) -> Result<(), JoinError> {
    for _ in 0..tasks {
        spawn_tracked!(W::future());
    }
    Ok(())
}

/// Spawned, `join = try_join_all`.
#[serverless_handler(join = try_join_all)]
pub(crate) async fn try_join_all<W: Work>(tasks: usize) -> Result<(), JoinError> {
    for _ in 0..tasks {
        spawn_tracked!(W::future());
    }
    Ok(())
}

/// Tasks of `wait_until!`, drained by the host of the invocation.
pub(crate) async fn keep_alive<W: Work>(tasks: usize) {
    let _ = Invocation::new().run(keep::<W>(tasks)).await;
}

#[serverless_handler]
async fn keep<W: Work>(tasks: usize) -> Result<(), JoinError> {
    for _ in 0..tasks {
        wait_until!(W::future());
    }
    Ok(())
}

/// Calls of a handler without tasks.
pub(crate) async fn calls(calls: usize) {
    for call in 0..calls {
        let _ = black_box(call_one(black_box(call)).await);
    }
}

#[serverless_handler]
async fn call_one(call: usize) -> Result<usize, JoinError> {
    Ok(call)
}

/// Look-ups of the current scope.
#[serverless_handler]
pub(crate) async fn lookups(times: usize) -> Result<(), JoinError> {
    for _ in 0..times {
        black_box(Scope::current());
    }
    Ok(())
}

/// The last task fails while the others wait, and cancels them.
#[serverless_handler]
pub(crate) async fn cancel(tasks: usize) -> Result<(), JoinError> {
    for _ in 1..tasks {
        spawn_tracked!(pending::<()>());
    }
    spawn_tracked!(async { Err::<(), _>("failed") });
    Ok(())
}

/// Each task starts one more.
#[serverless_handler]
pub(crate) async fn nested(tasks: usize) -> Result<(), JoinError> {
    for _ in 0..tasks / 2 {
        spawn_tracked!(async {
            spawn_tracked!(async {});
        });
    }
    Ok(())
}

/// Tasks of each of the invocations below.
const EACH: usize = 10;

/// Invocations of ten tasks, one after another.
pub(crate) async fn in_turn<W: Work>(tasks: usize) {
    for _ in 0..tasks / EACH {
        let _ = tokio::spawn(try_join_all::<W>(EACH)).await;
    }
}

/// Invocations of ten tasks, all at once.
pub(crate) async fn at_once<W: Work>(tasks: usize) {
    let invocations: Vec<_> = (0..tasks / EACH)
        .map(|_| tokio::spawn(try_join_all::<W>(EACH)))
        .collect();
    for invocation in invocations {
        let _ = invocation.await;
    }
}
