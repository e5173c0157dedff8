//! Where several invocations run at once: how long one's background work may hold its worker.

use std::{
    env,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    rt::{Instant, Sleep, sleep_until},
    scope::Scope,
    state::{Group, Stage},
};

/// On Lambda Managed Instances: the process is never frozen, so work may go on beside the next
/// invocation.
pub(super) struct Workers {
    /// A permit for each task that may.
    room: Arc<Semaphore>,
    overlap: u32,
    drain_cap: Option<Duration>,
}

impl Workers {
    /// `None` where the process runs one invocation at a time, and is frozen between them.
    pub(super) fn from_env(overlap: u32, drain_cap: Option<Duration>) -> Option<Self> {
        let at_once = env::var("AWS_LAMBDA_MAX_CONCURRENCY").ok()?;
        (at_once.parse::<u32>().ok()? > 1).then(|| Self {
            room: Arc::new(Semaphore::new(overlap as usize)),
            overlap,
            drain_cap,
        })
    }

    /// For an invocation that has answered, and whose tasks hold its worker now.
    pub(super) fn hold(&self, scope: &Scope) -> Hold {
        let tasks = u32::try_from(scope.len()).unwrap_or(u32::MAX);
        let room = (tasks <= self.overlap).then(|| {
            let room = Arc::clone(&self.room);
            let permit: Room = Box::pin(async move {
                // It is never closed.
                room.acquire_many_owned(tasks).await.ok()
            });
            permit
        });
        let end = self
            .drain_cap
            .and_then(|cap| Instant::now().checked_add(cap));
        Hold {
            room,
            cap: end.map(|end| Box::pin(sleep_until(end))),
        }
    }
}

type Room = std::pin::Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

/// How a worker is held.
pub(super) struct Hold {
    room: Option<Room>,
    cap: Option<std::pin::Pin<Box<Sleep>>>,
}

impl Hold {
    /// Ends when the tasks of `scope` may go on without the worker. When the cap comes first, they
    /// are told to stop, as at the deadline.
    pub(super) fn poll(
        &mut self,
        scope: &Scope,
        cx: &mut Context<'_>,
    ) -> Poll<OwnedSemaphorePermit> {
        if let Some(room) = &mut self.room
            && let Poll::Ready(permit) = room.as_mut().poll(cx)
        {
            self.room = None;
            if let Some(permit) = permit {
                return Poll::Ready(permit);
            }
        }
        if let Some(cap) = &mut self.cap
            && cap.as_mut().poll(cx).is_ready()
        {
            self.cap = None;
            scope.stop(Group::BOTH, Stage::Told);
            // The drain sees to the rest.
            scope.0.changed.notify_waiters();
        }
        Poll::Pending
    }
}
