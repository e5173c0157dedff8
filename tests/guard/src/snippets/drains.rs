//! Handles that stop their task, receivers, and other ends that may be dropped.

use tethered::no_detach;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::AbortHandle,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::support::{Result, fetch, work};

/// Stopped when it is dropped.
#[no_detach]
pub async fn abort_on_drop() -> Result<u64> {
    let task = AbortOnDropHandle::new(tokio::spawn(fetch(1)));
    let _other = AbortOnDropHandle::new(tokio::spawn(work()));
    fetch(2).await?;
    let _ = AbortOnDropHandle::new(tokio::spawn(work()));
    task.await?
}

/// Many of them.
#[no_detach]
pub async fn many_abort_on_drop() -> Result {
    let tasks: Vec<_> = (0..3)
        .map(|_| AbortOnDropHandle::new(tokio::spawn(work())))
        .collect();
    fetch(1).await?;
    drop(tasks);
    let maybe = Some(AbortOnDropHandle::new(tokio::spawn(work())));
    fetch(2).await?;
    drop(maybe);
    Ok(())
}

/// In a field.
pub struct Worker {
    _task: AbortOnDropHandle<()>,
    abort: AbortHandle,
}

#[no_detach]
impl Worker {
    /// Starts.
    pub fn start() -> Self {
        let task = tokio::spawn(work());
        let abort = task.abort_handle();
        Self {
            _task: AbortOnDropHandle::new(task),
            abort,
        }
    }

    /// Ends.
    pub fn stop(&self) {
        self.abort.abort();
    }
}

/// Tokio's receivers.
#[no_detach]
pub async fn receivers() -> Result<u64> {
    let (tx, rx) = oneshot::channel::<u64>();
    drop(rx);
    let _ = tx.send(1);
    let (_tx, _rx) = oneshot::channel::<u64>();
    let (tx, _) = oneshot::channel::<u64>();
    drop(tx);
    let (tx, rx) = oneshot::channel();
    fetch(1).await?;
    let _ = tx.send(2);
    Ok(rx.await?)
}

/// Those of `futures`.
#[no_detach]
pub async fn receivers_of_futures() -> Result<u64> {
    use futures::channel::oneshot;
    let (tx, rx) = oneshot::channel::<u64>();
    drop(rx);
    let _ = tx.send(1);
    let (tx, rx) = oneshot::channel();
    let _ = tx.send(2);
    fetch(1).await?;
    Ok(rx.await?)
}

/// Asked for, and not waited for.
#[no_detach]
pub async fn asked_and_not_waited_for(service: &mpsc::Sender<oneshot::Sender<u64>>) -> Result {
    let (tx, _rx) = oneshot::channel();
    service.send(tx).await?;
    Ok(())
}

/// A helper that returns one.
#[no_detach]
pub fn ask() -> oneshot::Receiver<u64> {
    let (tx, rx) = oneshot::channel();
    let _ = tx.send(1);
    rx
}

/// Its answer is not wanted.
#[no_detach]
pub fn ask_in_vain() {
    ask();
    let _ = ask();
    let _answer = ask();
    let answers = [ask(), ask()];
    drop(answers);
}

/// Ends of channels.
#[no_detach]
pub async fn channels() -> Result {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let _ = tx.send(1);
    tx.send(2)?;
    drop(tx);
    while let Some(n) = rx.recv().await {
        println!("{n}");
    }
    let (config, watcher) = watch::channel(1);
    config.send_replace(2);
    let _ = config.send(3);
    let _ = watcher.has_changed();
    Ok(())
}

/// Tokens and guards.
#[no_detach]
pub async fn tokens() -> Result {
    let token = CancellationToken::new();
    let _guard = token.clone().drop_guard();
    let child = token.child_token();
    token.cancel();
    child.cancelled().await;
    let semaphore = tokio::sync::Semaphore::new(1);
    let permit = semaphore.acquire().await?;
    drop(permit);
    let _permit = semaphore.try_acquire()?;
    Ok(())
}
