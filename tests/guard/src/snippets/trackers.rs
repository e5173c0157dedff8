//! Those that wait for what they have spawned, whatever becomes of the handles.

use std::{
    rc::Rc,
    sync::{Arc, LazyLock},
};

use tethered::no_detach;
use tokio::{
    runtime::{Handle, Runtime},
    task::{LocalSet, spawn_local},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::support::{Result, fetch, store, work};

/// Statements.
#[no_detach]
pub async fn statements() {
    let tracker = TaskTracker::new();
    tracker.spawn(work());
    for id in 0..3 {
        tracker.spawn(fetch(id));
    }
    tracker.spawn_blocking(|| 1);
    tracker.spawn_on(work(), &Handle::current());
    tracker.close();
    tracker.wait().await;
}

/// Values that are not wanted.
#[no_detach]
#[allow(clippy::let_underscore_future)]
pub async fn unwanted(tracker: &TaskTracker) {
    let _ = tracker.spawn(work());
    let _task = tracker.spawn(work());
    drop(tracker.spawn(work()));
    let task = tracker.spawn(work());
    drop(task);
    _ = tracker.spawn(store(1));
}

/// Alive at a `?`.
#[no_detach]
pub async fn alive_at_a_question_mark(tracker: &TaskTracker) -> Result<u64> {
    let handle = tracker.spawn(fetch(1));
    store(1).await?;
    let other = tracker.spawn(fetch(2));
    Ok(handle.await?? + other.await??)
}

/// Alive at a `return` and a `break`.
#[no_detach]
pub async fn alive_at_a_return(tracker: TaskTracker, ids: &[u64]) -> Result {
    for &id in ids {
        let handle = tracker.spawn(store(id));
        if id == 0 {
            break;
        }
        if id == 1 {
            return Ok(());
        }
        handle.await??;
    }
    Ok(())
}

/// From a clone.
#[no_detach]
pub async fn cloned() -> Result {
    let tracker = TaskTracker::new();
    let clone = tracker.clone();
    clone.spawn(work());
    tracker.clone().spawn(work());
    let handle = clone.spawn(work());
    fetch(1).await?;
    handle.await?;
    tracker.close();
    tracker.wait().await;
    Ok(())
}

/// Behind pointers.
#[no_detach]
pub async fn behind_pointers(arc: Arc<TaskTracker>, boxed: Box<TaskTracker>) -> Result {
    arc.spawn(work());
    boxed.spawn(work());
    Arc::clone(&arc).spawn(work());
    let handle = arc.spawn(work());
    fetch(1).await?;
    handle.await?;
    (*arc).spawn(work());
    Ok(())
}

static TASKS: LazyLock<TaskTracker> = LazyLock::new(TaskTracker::new);

/// Of the process.
#[no_detach]
pub async fn of_the_process() -> Result {
    fn tasks() -> &'static TaskTracker {
        &TASKS
    }
    TASKS.spawn(work());
    let handle = TASKS.spawn(work());
    fetch(1).await?;
    drop(handle);
    tasks().spawn(work());
    TASKS.close();
    TASKS.wait().await;
    Ok(())
}

/// Beside a token.
#[no_detach]
pub async fn beside_a_token() {
    let (tracker, token) = (TaskTracker::new(), CancellationToken::new());
    let child = token.child_token();
    tracker.spawn(async move {
        tokio::select! {
            () = child.cancelled() => {}
            () = work() => {}
        }
    });
    let _guard = token.drop_guard();
    tracker.close();
    tracker.wait().await;
}

/// In closures.
#[no_detach]
pub fn in_closures(tracker: &TaskTracker) {
    (0..3).for_each(|id| {
        tracker.spawn(fetch(id));
    });
    (0..3).for_each(|_| drop(tracker.spawn(work())));
    let start = |id| {
        tracker.spawn(store(id));
    };
    start(1);
}

/// Collected, joined or not.
#[no_detach]
pub async fn collected(tracker: &TaskTracker) {
    let handles: Vec<_> = (0..3).map(|id| tracker.spawn(fetch(id))).collect();
    for handle in handles {
        let _ = handle.await;
    }
    let mut others = Vec::new();
    others.push(tracker.spawn(work()));
    others.push(tracker.spawn(work()));
    futures::future::join_all(others).await;
}

/// A future that the tracker counts, in a task of tokio's.
#[no_detach]
pub fn counted(tracker: &TaskTracker) {
    tokio::spawn(tracker.track_future(work()));
}

/// In a field.
pub struct App {
    tasks: TaskTracker,
    state: Arc<State>,
}

/// In a field of a field.
pub struct State {
    tasks: TaskTracker,
}

#[no_detach]
impl App {
    /// Starts.
    pub fn start(&self) {
        self.tasks.spawn(work());
        self.state.tasks.spawn(work());
        self.tasks().spawn(work());
        let tasks = &self.tasks;
        tasks.spawn(work());
        let Self { tasks, state } = self;
        tasks.spawn(work());
        state.tasks.clone().spawn(work());
    }

    /// Its tracker.
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Has a handle at a `?`.
    pub async fn run(&self) -> Result {
        let handle = self.tasks.spawn(work());
        fetch(1).await?;
        handle.await?;
        Ok(())
    }

    /// Ends.
    pub async fn stop(self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// A set of local tasks is driven afterwards.
#[no_detach]
pub async fn local_set() {
    let local = LocalSet::new();
    let text = Rc::new(1);
    local.spawn_local(async move {
        work().await;
        drop(text);
    });
    local.spawn_local(work());
    local.await;
}

/// It is driven around a future.
#[no_detach]
pub async fn local_set_around() -> Result<u64> {
    let local = LocalSet::new();
    let value = local
        .run_until(async {
            let one = Rc::new(1);
            spawn_local(async move { *one }).await
        })
        .await?;
    Ok(value)
}

/// It is driven by a runtime.
#[no_detach]
pub fn local_set_in_a_runtime(runtime: &Runtime) -> Result {
    let local = LocalSet::new();
    let handle = local.spawn_local(store(1));
    local.block_on(runtime, async move {
        handle.await??;
        Ok(())
    })
}
