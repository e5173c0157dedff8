//! `executor = in_task`: random tasks in random trouble. The seed is printed; `TETHERED_SEED` sets
//! it.

use std::{
    env,
    panic::resume_unwind,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;
use fastrand::Rng;
use tethered::{JoinError, serverless_handler, spawn_tracked, wait_until};
use tokio::{task::yield_now, time::timeout};

const INVOCATIONS: u64 = 1000;

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// A task that has begun and whose future is not yet dropped.
struct Alive;

impl Alive {
    fn new() -> Self {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

type Task = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

fn task(mut rng: Rng, depth: u8) -> Task {
    Box::pin(async move {
        let _alive = Alive::new();
        for _ in 0..rng.u8(0..5) {
            let child = rng.fork();
            match rng.u8(0..24) {
                0..5 => sleep(ms(rng.u64(0..20))).await,
                5..10 => yield_now().await,
                10..13 if depth < 4 => drop(spawn_tracked!(task(child, depth + 1))),
                13..16 if depth < 4 => {
                    let _ = spawn_tracked!(task(child, depth + 1)).await;
                }
                16..18 if depth < 4 => spawn_tracked!(task(child, depth + 1)).abort(),
                18 if depth < 4 => drop(wait_until!(task(child, depth + 1))),
                19 => return Err("fails".to_owned()),
                20 => resume_unwind(Box::new("panics")),
                21 => sleep(ms(1000)).await,
                _ => {}
            }
        }
        Ok(())
    })
}

#[serverless_handler(executor = in_task, timeout = "500ms", max_concurrent = limit)]
async fn first_failure(rng: Rng, limit: usize) -> Result<(), JoinError> {
    body(rng).await;
    Ok(())
}

#[serverless_handler(executor = in_task, join = join_all, timeout = "500ms", max_concurrent = limit)]
async fn all_failures(rng: Rng, limit: usize) -> Result<(), JoinError> {
    body(rng).await;
    Ok(())
}

async fn body(mut rng: Rng) {
    for _ in 0..rng.u8(0..20) {
        drop(spawn_tracked!(task(rng.fork(), 0)));
    }
    sleep(ms(rng.u64(0..30))).await;
}

#[tokio::test(start_paused = true)]
async fn every_task_ends_in_one_outcome_and_no_future_is_left() {
    let seed = env::var("TETHERED_SEED").map_or_else(
        |_| fastrand::u64(..),
        |seed| seed.parse().expect("a number"),
    );
    println!("TETHERED_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    for _ in 0..INVOCATIONS {
        let limit = if rng.bool() { rng.usize(1..8) } else { 1000 };
        let patience = if rng.u8(0..4) == 0 {
            rng.u64(0..40)
        } else {
            10_000
        };
        let (first, tasks) = (rng.bool(), rng.fork());
        let handling = async {
            let _ = if first {
                timeout(ms(patience), first_failure(tasks, limit)).await
            } else {
                timeout(ms(patience), all_failures(tasks, limit)).await
            };
        };
        let ended = timeout(ms(3_600_000), invoke(handling)).await;
        // `invoke` has compared what was spawned with the outcomes.
        let ((), report, _) = ended.expect("the invocation ends");
        assert_eq!(ALIVE.load(Ordering::SeqCst), 0, "{report:?}");
    }
}
