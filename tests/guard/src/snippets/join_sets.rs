//! Join sets.

use tethered::no_detach;
use tokio::{runtime::Handle, task::JoinSet};
use tokio_util::task::JoinMap;

use super::support::{Result, SOON, fetch, work};

/// Results are taken one by one, each with two question marks.
#[no_detach]
pub async fn drained_with_question_marks() -> Result {
    let mut set = JoinSet::new();
    for id in 0..3 {
        set.spawn(fetch(id));
    }
    while let Some(result) = set.join_next().await {
        result??;
    }
    Ok(())
}

/// All at once.
#[no_detach]
pub async fn join_all() -> Vec<()> {
    let mut set = JoinSet::new();
    set.spawn(work());
    set.spawn(async {
        work().await;
    });
    set.join_all().await
}

/// An iterator is collected into a set.
#[no_detach]
pub async fn collected() -> Result<u64> {
    let set: JoinSet<_> = (0..3).map(fetch).collect();
    set.join_all().await.into_iter().sum()
}

/// In one chain.
#[no_detach]
pub async fn collected_in_a_chain() {
    (0..3)
        .map(|_| work())
        .collect::<JoinSet<_>>()
        .join_all()
        .await;
}

/// Stopped and awaited.
#[no_detach]
pub async fn shut_down() {
    let mut set = JoinSet::new();
    set.spawn(work());
    set.shutdown().await;
}

/// Aborted, then drained.
#[no_detach]
pub async fn aborted() {
    let mut set = JoinSet::new();
    let abort = set.spawn(work());
    abort.abort();
    set.abort_all();
    while set.join_next().await.is_some() {}
}

/// Alive at a `?`: it aborts its tasks when it is dropped.
#[no_detach]
pub async fn alive_at_a_question_mark() -> Result {
    let mut set = JoinSet::new();
    set.spawn(work());
    fetch(1).await?;
    while let Some(result) = set.join_next().await {
        result?;
    }
    Ok(())
}

/// Never more than four at once.
#[no_detach]
pub async fn bounded(ids: Vec<u64>) -> Result {
    let mut set = JoinSet::new();
    for id in ids {
        if set.len() >= 4 {
            set.join_next().await;
        }
        set.spawn(fetch(id));
    }
    while set.join_next().await.is_some() {}
    Ok(())
}

/// With the ids of its tasks.
#[no_detach]
pub async fn with_ids() -> Result<u64> {
    let mut set = JoinSet::new();
    let first = set.spawn(fetch(1)).id();
    while let Some(joined) = set.join_next_with_id().await {
        let (id, result) = joined?;
        if id == first {
            return result;
        }
    }
    Ok(0)
}

/// Blocking closures, another runtime, and a value that is not wanted.
#[no_detach]
pub async fn all_ways_in(runtime: &Handle) {
    let mut set = JoinSet::new();
    set.spawn_blocking(|| ());
    set.spawn_on(work(), runtime);
    let _ = set.spawn(work());
    let _last = set.spawn(work());
    set.join_all().await;
}

/// A set is filled by a helper.
#[no_detach]
pub async fn filled_by_a_helper() {
    fn fill(set: &mut JoinSet<()>) {
        set.spawn(work());
    }
    let mut set = JoinSet::new();
    fill(&mut set);
    set.join_all().await;
}

/// The set goes to the caller.
#[no_detach]
pub fn returned(ids: &[u64]) -> JoinSet<Result<u64>> {
    let mut set = JoinSet::new();
    for &id in ids {
        set.spawn(fetch(id));
    }
    set
}

/// In a `select!` until a time.
#[no_detach]
pub async fn until_a_time() -> usize {
    let mut set = returned(&[1, 2]);
    let mut done = 0;
    let end = tokio::time::sleep(SOON);
    tokio::pin!(end);
    loop {
        tokio::select! {
            Some(result) = set.join_next() => done += usize::from(result.is_ok()),
            () = &mut end => break,
            else => break,
        }
    }
    done
}

/// Tasks with keys.
#[no_detach]
pub async fn map_of_tasks() -> Result {
    let mut map = JoinMap::new();
    map.spawn("one", fetch(1));
    map.spawn("two", fetch(2));
    while let Some((_, result)) = map.join_next().await {
        result??;
    }
    Ok(())
}

/// Chunk after chunk, a set for each.
#[no_detach]
pub async fn in_chunks(ids: &[u64]) -> Result {
    for chunk in ids.chunks(2) {
        let mut set = JoinSet::new();
        chunk.iter().copied().for_each(|id| {
            set.spawn(fetch(id));
        });
        while let Some(result) = set.join_next().await {
            let _ = result??;
        }
    }
    Ok(())
}

/// A type with a set in it.
pub struct Pool {
    set: JoinSet<Result<u64>>,
}

#[no_detach]
impl Pool {
    /// Starts one more.
    pub fn add(&mut self, id: u64) {
        self.set.spawn(fetch(id));
    }

    /// Waits for all.
    pub async fn finish(mut self) -> Result<u64> {
        let mut sum = 0;
        while let Some(result) = self.set.join_next().await {
            sum += result??;
        }
        Ok(sum)
    }
}
