//! Where several invocations run at once: how long one's background work may hold its worker.

use std::{
    env,
    future::pending,
    pin::{Pin, pin},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::sync::Semaphore;

use super::{
    builder::Settings,
    lifecycle::{Open, Permit},
};
use crate::{
    drain::Drain,
    rt::{self, Instant, timeout_at},
    scope::Scope,
    state::{Group, Stage},
};

/// What lets the work of an answered invocation go on without its worker. A trait, so that a
/// function that never runs two invocations at once is spared the code.
pub(super) trait Overlaps: Send + Sync {
    /// For an invocation that has answered, and whose tasks hold its worker now.
    fn hold(&self, scope: &Scope) -> Hold;

    /// Lets `drain` and the hook after it go on in the background, and closes `open` then.
    fn go_on(&self, drain: Drain, settings: Arc<Settings>, open: Option<Open>);
}

/// On Lambda Managed Instances: the process is never frozen, so work may go on beside the next
/// invocation.
struct Workers {
    /// A permit for each task that may.
    room: Arc<Semaphore>,
    overlap: u32,
    drain_cap: Option<Duration>,
}

/// `None` where the process runs one invocation at a time, and is frozen between them.
pub(super) fn from_env(overlap: u32, drain_cap: Option<Duration>) -> Option<Box<dyn Overlaps>> {
    let at_once = env::var("AWS_LAMBDA_MAX_CONCURRENCY").ok()?;
    if at_once.parse::<u32>().ok()? < 2 {
        return None;
    }
    Some(Box::new(Workers {
        room: Arc::new(Semaphore::new(overlap as usize)),
        overlap,
        drain_cap,
    }))
}

impl Overlaps for Workers {
    fn hold(&self, scope: &Scope) -> Hold {
        let tasks = u32::try_from(scope.len()).unwrap_or(u32::MAX);
        // More than ever fit hold their worker to their end.
        let room = (tasks <= self.overlap).then(|| Arc::clone(&self.room));
        let end = self
            .drain_cap
            .and_then(|cap| Instant::now().checked_add(cap));
        let scope = scope.clone();
        Box::pin(async move {
            let room = async {
                match room {
                    // It is never closed.
                    Some(room) => room
                        .acquire_many_owned(tasks)
                        .await
                        .ok()
                        .map(|permit| Box::new(permit) as Permit),
                    None => pending().await,
                }
            };
            let mut room = pin!(room);
            if let Some(end) = end {
                if let Ok(permit) = timeout_at(end, room.as_mut()).await {
                    return permit;
                }
                scope.stop(Group::ALL, Stage::Told);
                // The drain sees to the rest.
                scope.notify();
            }
            room.await
        })
    }

    fn go_on(&self, drain: Drain, settings: Arc<Settings>, open: Option<Open>) {
        rt::spawn(async move {
            drain.await;
            if settings.on_drained.take_turn(SystemTime::now())
                && let Some(hook) = settings.on_drained.run(None)
            {
                hook.await;
            }
            drop(open);
        });
    }
}

/// Ends when the tasks may go on without the worker. When the cap comes first, they are told to
/// stop, as at the deadline.
pub(super) type Hold = Pin<Box<dyn Future<Output = Option<Permit>> + Send>>;
