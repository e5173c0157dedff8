//! A small program whose functions have the attribute, in lines that can be taken out.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tethered::{JoinError, no_detach, spawn_tracked};
use tokio::time::{sleep, timeout};

#[derive(Debug)]
struct Error(String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<JoinError> for Error {
    fn from(error: JoinError) -> Self {
        Self(error.to_string())
    }
}

async fn record(id: u64, what: &'static str) -> Result<u64, Error> {
    tokio::task::yield_now().await;
    if what.is_empty() {
        Err(Error(format!("{id} is empty")))
    } else {
        Ok(id + 1)
    }
}

#[no_detach]
async fn spawns(id: u64) -> Result<u64, Error> {
    spawn_tracked!(record(id, "spawned"));
    spawn_tracked!(name = "named", record(id, "named"));
    record(id, "spawns").await
}

#[no_detach]
async fn nested(id: u64) -> Result<u64, Error> {
    let inner = async {
        let innermost = async { record(id, "innermost").await };
        if id > 100 {
            return Err(Error("too large".into()));
        }
        innermost.await
    };
    Ok(inner.await? * 2)
}

#[no_detach]
async fn counts(id: u64) -> Result<u64, Error> {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    const NAMES: [&str; 3] = ["one", "two", "three"];
    let calls = CALLS.fetch_add(1, Ordering::Relaxed);
    let name = NAMES[usize::try_from(calls).unwrap_or(0) % NAMES.len()];
    record(id, name).await
}

#[no_detach]
async fn loops(id: u64) -> Result<u64, Error> {
    let mut sum = 0;
    'outer: for step in 0..5 {
        loop {
            sum += record(step, "looped").await?;
            if sum > id {
                break 'outer;
            }
            if sum % 2 == 0 {
                break;
            }
        }
    }
    Ok(sum)
}

#[no_detach]
async fn matches(id: u64) -> Result<u64, Error> {
    match id {
        0 => Err(Error("nothing".into())),
        1..=3 => record(id, "few").await,
        id if id % 2 == 0 => {
            let Some(half) = id.checked_div(2) else {
                return Ok(0);
            };
            record(half, "even").await
        }
        _ => Ok(id),
    }
}

#[no_detach]
async fn collects(id: u64) -> Result<u64, Error> {
    let tasks: Vec<_> = (0..id)
        .map(|id| spawn_tracked!(record(id, "collected")))
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await.map_err(|error| Error(error.to_string()))?;
    }
    Ok(sum)
}

#[no_detach]
async fn closes(id: u64) -> Result<u64, Error> {
    fn double(id: u64) -> u64 {
        id * 2
    }
    let add = |more: u64| {
        let whole = double(id) + more;
        if whole > 50 { 50 } else { whole }
    };
    let later = async move |id: u64| record(id, "closed").await;
    Ok(add(3) + later(id).await?)
}

#[no_detach]
async fn formats(id: u64) -> Result<u64, Error> {
    let text = format!("{id:>5}|{:?}", Some(id));
    assert!(text.len() > 3, "{text} is short");
    let parts: Vec<String> = vec![text.clone(), format!("{}", text.len())];
    Ok(parts.iter().map(|part| part.len() as u64).sum())
}

#[no_detach]
async fn waits(id: u64) -> Result<u64, Error> {
    let slow = async {
        sleep(Duration::from_millis(1)).await;
        record(id, "slow").await
    };
    tokio::select! {
        biased; // or every run takes another way
        done = timeout(Duration::from_secs(5), slow) => match done {
            Ok(done) => done,
            Err(elapsed) => Err(Error(elapsed.to_string())),
        },
        () = sleep(Duration::from_secs(9)) => Ok(0),
    }
}

#[no_detach]
fn starts(id: u64) -> u64 {
    if id == 0 {
        return 0;
    }
    spawn_tracked!(async move {
        let half = record(id / 2, "half").await?;
        spawn_tracked!(record(half, "quarter"));
        Ok::<_, Error>(())
    });
    id
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let outcome = tethered::scope(async |_| {
        let mut sum = starts(4);
        for id in [1, 2, 7] {
            sum += spawns(id).await? + nested(id).await? + counts(id).await? + loops(id).await?;
            sum += matches(id).await? + collects(id).await? + closes(id).await?;
            sum += formats(id).await? + waits(id).await?;
        }
        Ok::<_, Error>(sum)
    })
    .await;
    println!("{outcome:?}");
}
