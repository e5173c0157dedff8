//! `count bare|join_all|try_join_all TASKS` starts that many ready tasks and waits for them: for
//! `.ci/linear.sh`, which counts its instructions. Without arguments it does nothing.

use std::env;

use tethered::{JoinError, serverless_handler, spawn_tracked};
use tokio::runtime::Builder;

/// What tokio makes possible alone, failures ignored.
async fn bare(tasks: usize) {
    let handles: Vec<_> = (0..tasks).map(|_| tokio::spawn(async {})).collect();
    for handle in handles {
        let _ = handle.await;
    }
}

#[serverless_handler(join = join_all)]
async fn join_all(tasks: usize) -> Result<(), JoinError> {
    for _ in 0..tasks {
        spawn_tracked!(async {});
    }
    Ok(())
}

#[serverless_handler(join = try_join_all)]
async fn try_join_all(tasks: usize) -> Result<(), JoinError> {
    for _ in 0..tasks {
        spawn_tracked!(async {});
    }
    Ok(())
}

fn main() {
    let mut args = env::args().skip(1);
    let (Some(how), Some(tasks)) = (args.next(), args.next()) else {
        return;
    };
    let tasks = tasks.parse().expect("a number of tasks");
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        match how.as_str() {
            "bare" => bare(tasks).await,
            "join_all" => join_all(tasks).await.expect("no task fails"),
            "try_join_all" => try_join_all(tasks).await.expect("no task fails"),
            _ => panic!("`{how}` is neither `bare`, `join_all` nor `try_join_all`"),
        }
    });
}
