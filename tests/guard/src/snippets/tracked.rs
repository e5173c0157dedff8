//! The project's own macros and attributes.

use std::{collections::HashMap, time::Duration};

use tethered::{
    JoinError, Scope, Tracked, Value, after_response, allow_detached, no_detach,
    serverless_handler, spawn_blocking_tracked, spawn_tracked, wait_until,
};
use tokio::task::JoinHandle;

use super::support::{Result, check, fetch, store, work};

/// Statements.
#[serverless_handler]
pub async fn statements(id: u64) -> Result<u64> {
    spawn_tracked!(store(id));
    spawn_tracked!(name = "store", timeout = Duration::from_secs(1), store(id),);
    wait_until!(async move {
        work().await;
        store(id).await
    });
    after_response!(name = format!("after {id}"), work());
    spawn_blocking_tracked!(move || check(id > 0));
    fetch(id).await
}

/// Handles may be dropped anyhow.
#[serverless_handler(on_error = log)]
#[allow(clippy::let_underscore_future)]
pub async fn dropped() {
    let _ = spawn_tracked!(store(1));
    let _task = wait_until!(work());
    drop(after_response!(work()));
    let task = spawn_tracked!(work());
    drop(task);
    std::mem::forget(spawn_tracked!(work()));
    _ = spawn_tracked!(store(1));
}

/// Handles are alive at a `?`.
#[serverless_handler]
pub async fn alive_at_a_question_mark() -> Result<u64> {
    let a = spawn_tracked!(fetch(1));
    store(1).await?;
    let b = wait_until!(fetch(2));
    let c = spawn_blocking_tracked!(|| Value(3));
    Ok(a.await? + b.await? + c.await?)
}

/// Handles in collections.
#[serverless_handler(join = join_all)]
pub async fn collections(ids: Vec<u64>) -> Result<u64> {
    let tasks: Vec<_> = ids.iter().map(|&id| spawn_tracked!(fetch(id))).collect();
    let pair = (spawn_tracked!(work()), spawn_tracked!(work()));
    let array = [spawn_tracked!(work()), spawn_tracked!(work())];
    let some = Some(wait_until!(work()));
    let mut map = HashMap::new();
    map.insert(1, spawn_tracked!(work()));
    check(!ids.is_empty())?;
    let mut sum = 0;
    for task in tasks {
        sum += task.await?;
    }
    drop((pair, array, some, map));
    let _ = (0..3)
        .map(|id| spawn_tracked!(store(id)))
        .collect::<Vec<_>>();
    let _unused = vec![spawn_tracked!(work())];
    Ok(sum)
}

/// In closures, arms and branches.
#[serverless_handler(timeout = "5s")]
pub async fn branches(ids: Vec<u64>, fast: bool) -> Result<(), JoinError> {
    ids.iter().for_each(|&id| {
        spawn_tracked!(store(id));
    });
    for id in ids {
        spawn_tracked!(store(id));
        if id == 0 {
            break;
        }
    }
    if fast {
        spawn_tracked!(store(1))
    } else {
        wait_until!(store(2))
    };
    match fast {
        true => drop(spawn_tracked!(work())),
        false => {
            spawn_tracked!(work());
        }
    }
    let task = if fast {
        Some(spawn_tracked!(work()))
    } else {
        None
    };
    if let Some(task) = task {
        tokio::select! {
            result = task => drop(result),
            () = work() => {
                spawn_tracked!(work());
            }
        }
    }
    Ok(())
}

/// Helpers that start and return them.
#[no_detach]
pub fn helper(id: u64) -> Tracked<u64> {
    spawn_tracked!(store(id));
    spawn_tracked!(fetch(id))
}

/// What helpers return is dropped.
#[no_detach]
pub async fn calls_helpers() -> Result<u64> {
    helper(1);
    let _ = helper(2);
    let _task = helper(3);
    let task = helper(4);
    fetch(1).await?;
    Ok(task.await?)
}

/// The scope's own functions.
#[no_detach]
pub async fn scopes() -> Result<u64> {
    let sum = tethered::scope(async |scope: &Scope| {
        let task = scope.spawn(fetch(1)).ok();
        scope.spawn(work()).ok();
        let _ = scope.spawn(work());
        let _ = Scope::current().spawn(store(1)).map(|task| task.id());
        match task {
            Some(task) => task.await.unwrap_or(0),
            None => 0,
        }
    })
    .await?;
    Ok(sum)
}

/// Tasks that start tasks.
#[serverless_handler]
pub async fn nested() -> Result<()> {
    spawn_tracked!(async {
        spawn_tracked!(work());
        let inner = spawn_tracked!(fetch(1));
        let plain = tokio::spawn(fetch(2));
        plain.await??;
        inner.await?;
        Result::<()>::Ok(())
    });
    Ok(())
}

/// A task of tokio's that is awaited beside tracked ones.
#[serverless_handler]
pub async fn beside(id: u64) -> Result<u64> {
    spawn_tracked!(store(id));
    let handle = tokio::spawn(fetch(id));
    let value = handle.await??;
    wait_until!(store(value));
    Ok(value)
}

/// A method.
pub struct App {
    id: u64,
}

impl App {
    /// A handler.
    #[serverless_handler]
    pub async fn handle(&self, event: String) -> Result<usize> {
        let id = self.id;
        wait_until!(async move { store(id).await });
        self.helper().await?;
        Ok(event.len())
    }

    #[no_detach]
    async fn helper(&self) -> Result {
        spawn_tracked!(store(self.id));
        fetch(self.id).await?;
        Ok(())
    }
}

/// Let through, as a statement.
#[no_detach]
pub fn allowed_as_a_statement() {
    allow_detached!(
        reason = "flushes metrics as long as the process lives",
        tokio::spawn(work())
    );
    tethered::allow_detached!(
        reason = "the same for logs",
        std::thread::spawn(|| println!("flushed")),
    );
}

/// Let through, as an expression.
#[no_detach]
#[allow(clippy::let_underscore_future)]
pub async fn allowed_as_an_expression(kind: u8) -> Result {
    let _ = allow_detached!(reason = "best effort", tokio::spawn(work()));
    let handle = allow_detached!(reason = "best effort", tokio::spawn(store(1)));
    fetch(1).await?;
    println!("{:?}", handle.id());
    let _kept = allow_detached!(reason = "best effort", tokio::spawn(work()));
    check(true)?;
    match kind {
        0 => allow_detached!(reason = "fire and forget, rayon's way", rayon::spawn(|| ())),
        1 => drop(allow_detached!(
            reason = "best effort",
            tokio::spawn(work())
        )),
        _ => {}
    }
    let start = |id| allow_detached!(reason = "best effort", tokio::spawn(store(id)));
    start(1).await?
}

/// Its value is awaited all the same.
#[no_detach]
pub async fn allowed_and_awaited() -> Result<u64> {
    allow_detached!(reason = "the caller may go away", tokio::spawn(fetch(1))).await?
}

/// Let through in a block of a handler.
#[serverless_handler]
pub async fn allowed_in_a_handler() -> Result<()> {
    flusher();
    let handle: JoinHandle<()> = allow_detached!(
        reason = "a connection's driver",
        tokio::spawn(async {
            work().await;
        })
    );
    store(1).await?;
    drop(handle);
    Ok(())
}

fn flusher() {
    allow_detached!(
        reason = "flushes metrics as long as the process lives",
        tokio::spawn(work())
    );
}
