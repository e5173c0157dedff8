//! `join!`, `try_join!`, `select!`, of tokio and of `futures`.

use std::{future::ready, pin::pin};

use futures::{FutureExt as _, StreamExt as _, future::Either, stream};
use tethered::no_detach;
use tokio::{
    sync::{Notify, broadcast, mpsc, oneshot, watch},
    time::{interval, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::support::{Error, Result, SOON, audit, fetch, store, work};

/// Two futures, then their results.
#[no_detach]
pub async fn join() -> Result<u64> {
    let (a, b) = tokio::join!(fetch(1), fetch(2));
    Ok(a? + b?)
}

/// As a statement, and with a value that is not wanted.
#[no_detach]
pub async fn join_and_forget_the_results() {
    tokio::join!(work(), work());
    let _ = tokio::join!(fetch(1), store(2),);
    futures::join!(work(), async {});
}

/// Of tasks.
#[no_detach]
pub async fn join_tasks() -> Result {
    let a = tokio::spawn(work());
    let b = tokio::spawn(work());
    let (a, b) = tokio::join!(a, b);
    a?;
    b?;
    Ok(())
}

/// Spawned in its arguments.
#[no_detach]
pub async fn join_spawned_in_place() -> Result {
    let (a, b) = tokio::join!(tokio::spawn(store(1)), tokio::spawn(work()));
    a??;
    b?;
    Ok(())
}

/// Imported, biased.
#[no_detach]
pub async fn join_biased() {
    use tokio::join;
    let text = String::from("text");
    let (len, ()) = join!(biased; audit(&text), work());
    assert_eq!(len, 4);
}

/// Fails early.
#[no_detach]
pub async fn try_join() -> Result<u64> {
    let (a, b) = tokio::try_join!(fetch(1), async { Ok(2) })?;
    futures::try_join!(store(a), store(b))?;
    tokio::try_join!(store(a), async {
        fetch(1).await?;
        Ok::<_, Error>(())
    })
    .map(|_| b)
}

/// Futures that are named first.
#[no_detach]
pub async fn join_named() -> Result {
    let a = fetch(1);
    let b = fetch(2);
    store(3).await?;
    let (a, b) = tokio::try_join!(a, b)?;
    assert!(a < b);
    Ok(())
}

/// The first of two.
#[no_detach]
pub async fn select() -> Option<u64> {
    tokio::select! {
        value = fetch(1) => value.ok(),
        () = sleep(SOON) => None,
    }
}

/// A future that was polled is dropped on purpose.
#[no_detach]
pub async fn select_and_drop_the_loser() {
    let fut = work();
    tokio::pin!(fut);
    tokio::select! {
        () = &mut fut => println!("done"),
        () = sleep(SOON) => {}
    }
}

/// A future goes on from turn to turn.
#[no_detach]
pub async fn select_in_a_loop(mut rx: mpsc::Receiver<u64>) -> Result<u64> {
    let mut fut = pin!(fetch(1));
    let mut sum = 0;
    loop {
        tokio::select! {
            biased;
            value = &mut fut => return Ok(sum + value?),
            Some(id) = rx.recv() => {
                if id == 0 {
                    continue;
                }
                if id > 100 {
                    break;
                }
                sum += id;
            }
            else => return Err("closed".into()),
        }
    }
    Ok(sum)
}

/// With conditions and patterns.
#[no_detach]
pub async fn select_with_conditions(
    mut a: mpsc::Receiver<(u8, u8)>,
    mut b: broadcast::Receiver<u8>,
) -> u8 {
    let mut sum = 0;
    let mut open = true;
    while open {
        tokio::select! {
            Some((x, _)) = a.recv(), if sum < 100 => sum += x,
            Ok(y @ 1..=9) = b.recv(), if open => { sum += y },
            _ = async { work().await; ready(()).await } => open = false,
            else => break
        }
    }
    sum
}

/// A task against a time: it is stopped when it takes too long.
#[no_detach]
pub async fn select_task_or_stop_it() -> Result {
    let mut handle = tokio::spawn(work());
    tokio::select! {
        result = &mut handle => result?,
        () = sleep(SOON) => handle.abort(),
    }
    Ok(())
}

/// A task against a signal, in a guard that stops it.
#[no_detach]
pub async fn select_guarded_task(token: CancellationToken) -> Result {
    let handle = AbortOnDropHandle::new(tokio::spawn(fetch(1)));
    tokio::select! {
        result = handle => store(result??).await,
        () = token.cancelled() => Ok(()),
    }
}

/// A worker's main loop.
#[no_detach]
pub async fn select_main_loop(
    mut jobs: mpsc::Receiver<u64>,
    mut config: watch::Receiver<u64>,
    stop: &Notify,
) -> Result {
    let mut ticks = interval(SOON);
    loop {
        tokio::select! {
            _ = ticks.tick() => work().await,
            changed = config.changed() => {
                changed?;
                let _ = *config.borrow_and_update();
            }
            job = jobs.recv() => match job {
                Some(id) => store(id).await?,
                None => return Ok(()),
            },
            () = stop.notified() => return Ok(()),
        }
    }
}

/// An outcome that is a value of the `select!`.
#[no_detach]
pub async fn select_as_a_value(stop: oneshot::Receiver<()>) -> Result<u64> {
    let value = tokio::select! {
        value = async {
            let id = fetch(1).await?;
            fetch(id).await
        } => value?,
        _ = stop => 0,
    };
    Ok(value)
}

/// One inside another.
#[no_detach]
pub async fn select_in_a_select() -> u8 {
    tokio::select! {
        value = async {
            tokio::select! {
                () = work() => 1,
                () = sleep(SOON) => 2,
            }
        } => value,
        else => 3,
    }
}

/// That of `futures`.
#[no_detach]
pub async fn futures_select() -> u64 {
    let mut a = pin!(fetch(1).fuse());
    let mut numbers = stream::iter(0..3).fuse();
    let mut sum = 0;
    loop {
        futures::select! {
            value = a => sum += value.unwrap_or(0),
            number = numbers.select_next_some() => sum += number,
            complete => break,
        }
    }
    sum
}

/// With a default.
#[no_detach]
pub async fn futures_select_with_default() -> Option<u64> {
    let mut fut = Box::pin(fetch(1).fuse());
    futures::select_biased! {
        value = fut => value.ok(),
        default => None,
    }
}

/// The function, not the macro.
#[no_detach]
pub async fn select_function() -> Result {
    let first = pin!(fetch(1));
    let second = pin!(sleep(SOON));
    match futures::future::select(first, second).await {
        Either::Left((value, _other)) => store(value?).await,
        Either::Right(((), first)) => first.await.map(drop),
    }
}

/// The first of many that succeeds.
#[no_detach]
pub async fn select_ok() -> Result<u64> {
    let (value, _rest) = futures::future::select_ok([fetch(1).boxed(), fetch(2).boxed()]).await?;
    Ok(value)
}

/// Time limits, of all sorts.
#[no_detach]
pub async fn timeouts() -> Result<u64> {
    timeout(SOON, work()).await.ok();
    let _ = timeout(SOON, fetch(1)).await;
    let _ = tokio::time::timeout(SOON, tokio::spawn(work())).await;
    timeout(SOON, store(1)).await??;
    match timeout(SOON, fetch(2)).await {
        Ok(value) => value,
        Err(_elapsed) => Ok(0),
    }
}

/// Ctrl-C ends the program.
#[no_detach]
pub async fn until_ctrl_c() -> Result {
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        result = async { loop { store(1).await?; } } => return result,
    }
    Ok(())
}
