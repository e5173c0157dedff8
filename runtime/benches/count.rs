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

fn in_task(tasks: usize) -> impl Future<Output = Result<(), JoinError>> {
    use tethered::__private as p;
    p::run(
        p::Handler::new(
            p::fail::<Result<(), JoinError>>(),
            const { &p::Site::new("x") },
        )
        .in_task(),
        async move {
            for _ in 0..tasks {
                spawn_tracked!(async {});
            }
            Ok(())
        },
    )
}

async fn detached(tasks: usize) {
    for _ in 0..tasks {
        tokio::spawn(async {});
    }
    tokio::task::yield_now().await;
    while tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
        > 0
    {
        tokio::task::yield_now().await;
    }
}

#[serverless_handler]
async fn none() -> Result<(), JoinError> {
    Ok(())
}
#[inline(never)]
async fn none_bare() -> Result<(), JoinError> {
    Ok(())
}
#[serverless_handler]
async fn one() -> Result<(), JoinError> {
    spawn_tracked!(async {});
    Ok(())
}
async fn one_bare() {
    let _ = tokio::spawn(async {}).await;
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
            "in_task" => in_task(tasks).await.expect("no task fails"),
            "detached" => detached(tasks).await,
            "none" => {
                for _ in 0..tasks {
                    std::hint::black_box(none().await).unwrap()
                }
            }
            "none_bare" => {
                for _ in 0..tasks {
                    std::hint::black_box(none_bare().await).unwrap()
                }
            }
            "one" => {
                for _ in 0..tasks {
                    one().await.unwrap()
                }
            }
            "one_bare" => {
                for _ in 0..tasks {
                    one_bare().await
                }
            }
            "join_all" => join_all(tasks).await.expect("no task fails"),
            "try_join_all" => try_join_all(tasks).await.expect("no task fails"),
            _ => panic!("`{how}` is neither `bare`, `join_all` nor `try_join_all`"),
        }
    });
}
