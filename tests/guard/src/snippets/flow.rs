//! Ways out of a function, of a loop, of a block, that leave nothing behind.

use std::{convert::Infallible, ops::ControlFlow, process};

use tethered::no_detach;
use tokio::task::JoinHandle;

use super::support::{Error, Result, check, fetch, never_fails, store, work};

/// Early returns before anything is started and after it has ended.
#[no_detach]
pub async fn early_returns(id: u64) -> Result {
    if id == 0 {
        return Ok(());
    }
    let handle = tokio::spawn(store(id));
    handle.await??;
    if id == 1 {
        return Err("one".into());
    }
    check(id > 2)?;
    Ok(())
}

/// The way out waits first.
#[no_detach]
pub async fn waits_on_the_way_out(bad: bool) -> Result {
    let handle = tokio::spawn(work());
    if bad {
        handle.await?;
        return Err("bad".into());
    }
    handle.await?;
    Ok(())
}

/// The way out stops the task.
#[no_detach]
pub async fn stops_on_the_way_out(id: Option<u64>) -> Result<u64> {
    let handle = tokio::spawn(fetch(1));
    let Some(id) = id else {
        handle.abort();
        return Ok(0);
    };
    Ok(handle.await?? + id)
}

/// Each arm awaits.
#[no_detach]
pub async fn every_arm_awaits(id: u64) -> Result<u64> {
    let handle = tokio::spawn(fetch(id));
    match id {
        0 => handle.await?,
        1 | 2 => {
            let value = handle.await??;
            Ok(value + 1)
        }
        _ if id % 2 == 0 => Ok(handle.await??),
        _ => return handle.await.map_err(Error::from).and_then(|value| value),
    }
}

/// A block is left inside of the handle's life.
#[no_detach]
pub async fn labelled_block(ids: &[u64]) -> Result<u64> {
    let handle = tokio::spawn(work());
    let found = 'found: {
        for &id in ids {
            if id > 3 {
                break 'found id;
            }
        }
        0
    };
    handle.await?;
    Ok(found)
}

/// Loops end and go on inside of the handle's life.
#[no_detach]
pub async fn loops_within(ids: &[u64]) -> Result<u64> {
    let handle = tokio::spawn(work());
    let mut sum = 0;
    for id in ids {
        if *id == 0 {
            continue;
        }
        if *id > 9 {
            break;
        }
        sum += id;
    }
    'outer: while sum > 10 {
        loop {
            sum -= 1;
            if sum % 2 == 0 {
                continue 'outer;
            }
            break 'outer;
        }
    }
    handle.await?;
    Ok(sum)
}

/// A handle in each turn of a loop.
#[no_detach]
pub async fn handle_in_a_loop(ids: &[u64]) -> Result {
    for &id in ids {
        if id == 0 {
            continue;
        }
        let handle = tokio::spawn(store(id));
        let result = handle.await;
        if result.is_err() {
            break;
        }
        result??;
    }
    while let Ok(id) = fetch(1).await {
        let handle = tokio::spawn(store(id));
        match handle.await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => return Err(error),
            Err(_) => break,
        }
    }
    Ok(())
}

/// The way out of a loop takes the handle with it.
#[no_detach]
pub async fn break_with_the_handle() -> Result {
    let mut turn = 0;
    let handle = loop {
        let handle = tokio::spawn(work());
        turn += 1;
        if turn > 3 {
            break handle;
        }
        handle.await?;
    };
    handle.await?;
    Ok(())
}

/// The way out of a function does.
#[no_detach]
pub async fn return_with_the_handle(wanted: bool) -> Result<JoinHandle<()>> {
    let handle = tokio::spawn(work());
    if wanted {
        return Ok(handle);
    }
    handle.await?;
    Err("not wanted".into())
}

/// A closure is left, not the function.
#[no_detach]
pub async fn leaves_a_closure() -> Result<u64> {
    let handle = tokio::spawn(work());
    let pick = |n: u64| {
        if n == 0 {
            return 1;
        }
        n
    };
    let parse = |text: &str| -> Result<u64> { Ok(text.parse::<u64>()?) };
    let value = parse("1").map(pick);
    handle.await?;
    value
}

/// A block of its own is left, not the function.
#[no_detach]
pub async fn leaves_an_async_block() -> Result<u64> {
    let handle = tokio::spawn(work());
    let value = async {
        let id = fetch(1).await?;
        if id == 0 {
            return Ok(1);
        }
        store(id).await?;
        Ok::<_, Error>(id)
    }
    .await;
    handle.await?;
    value
}

/// A scope of its own.
#[no_detach]
pub async fn inner_scope() -> Result {
    {
        let handle = tokio::spawn(work());
        handle.await?;
    }
    fetch(1).await?;
    let value = {
        let handle = tokio::spawn(fetch(1));
        handle.await
    };
    value??;
    Ok(())
}

/// `let … else` of all sorts.
#[no_detach]
pub async fn let_else(text: Option<&str>, numbers: &[u64]) -> Result<u64> {
    let Some(text) = text else {
        return Ok(0);
    };
    let [first, .., last] = numbers else {
        return Err("short".into());
    };
    let Ok(value) = text.parse::<u64>() else {
        panic!("{text}")
    };
    let (Some(a), Some(b)) = (numbers.first(), numbers.last()) else {
        unreachable!();
    };
    for number in numbers {
        let 1..=9 = number else { continue };
    }
    Ok(first + last + value + a + b)
}

/// The program ends.
#[no_detach]
pub async fn exits(ok: bool) -> u64 {
    if !ok {
        eprintln!("usage: …");
        process::exit(1);
    }
    let Ok(id) = fetch(1).await else {
        process::exit(2)
    };
    let value = match id {
        0 => std::process::exit(3),
        id => id,
    };
    None.unwrap_or_else(|| if ok { value } else { process::abort() })
}

/// Panics, in all words.
#[no_detach]
pub async fn panics(n: u8) -> u8 {
    match n {
        0 => panic!(),
        1 => unreachable!("one"),
        2 => unimplemented!("two: {n}"),
        3 => todo!(),
        n => n,
    }
}

/// Not written yet.
#[no_detach]
pub async fn not_written_yet(_id: u64) -> Result<Vec<u64>> {
    todo!("tomorrow")
}

/// Never returns.
#[no_detach]
pub fn fails() -> ! {
    println!("sorry");
    panic!("as always")
}

/// Never returns, while it awaits.
#[no_detach]
pub async fn forever() -> ! {
    loop {
        work().await;
    }
}

/// Calls what never returns.
#[no_detach]
pub async fn calls_what_never_returns(ok: bool) -> u64 {
    if ok {
        let x: u64 = if ok { 1 } else { fails() };
        return x;
    }
    if !ok {
        fails();
    }
    forever().await
}

/// An error that cannot be.
#[no_detach]
pub async fn infallible() -> Result<Infallible> {
    let Ok(value) = never_fails();
    check(value == 1)?;
    loop {
        store(value).await?;
    }
}

/// A `match` as a statement, with a value that is not wanted.
#[no_detach]
pub async fn match_as_a_statement(id: Option<u64>) {
    match id {
        Some(id) => fetch(id).await.unwrap_or(0),
        None => return,
    };
    if let Some(0) = id {
        store(0).await
    } else {
        store(1).await
    }
    .ok();
    match store(1).await {
        Ok(()) | Err(_) => {}
    }
}

/// In the manner of a `try` block.
#[no_detach]
pub async fn try_block() -> u64 {
    let result: Result<u64> = async {
        let a = fetch(1).await?;
        let b = tokio::spawn(fetch(2)).await??;
        Ok(a + b)
    }
    .await;
    let sync = (|| {
        check(true)?;
        "1".parse::<u64>().map_err(Error::from)
    })();
    result.or(sync).unwrap_or_default()
}

/// A fold that may end early.
#[no_detach]
pub fn folds(numbers: &[u64]) -> Option<u64> {
    let sum = numbers
        .iter()
        .try_fold(0_u64, |sum, n| sum.checked_add(*n))?;
    let flow = numbers.iter().try_for_each(|&n| {
        if n > 9 {
            ControlFlow::Break(n)
        } else {
            ControlFlow::Continue(())
        }
    });
    match flow {
        ControlFlow::Break(n) => Some(n),
        ControlFlow::Continue(()) => Some(sum),
    }
}

/// Retries.
#[no_detach]
pub async fn retries(limit: u32) -> Result<u64> {
    let mut attempt = 0;
    loop {
        match tokio::time::timeout(super::support::SOON, fetch(1)).await {
            Ok(Ok(value)) => break Ok(value),
            Ok(Err(error)) if attempt >= limit => return Err(error),
            Ok(Err(_)) | Err(_) => attempt += 1,
        }
        tokio::task::yield_now().await;
    }
}
