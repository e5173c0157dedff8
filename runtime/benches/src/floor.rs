//! The floor: a minimal program with what the guarantees need for every task, and nothing else. A
//! scope counts its tasks and how they end; each task has a place and an age, can be found and
//! stopped, knows its scope while it runs, and its panic is caught; a handle may ask for its end.

use std::{
    any::Any,
    cell::RefCell,
    future::poll_fn,
    hint::black_box,
    mem,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Instant,
};

use futures_buffered::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use pin_project_lite::pin_project;
use slab::Slab;

use crate::{peers, work::Work};

type Ended = Result<(), Box<dyn Any + Send>>;

#[expect(dead_code, reason = "place and time are read when a deadline comes")]
struct Task {
    place: &'static Location<'static>,
    started: Instant,
    stopper: Option<Waker>,
    ended: Option<Ended>,
    orphan: bool,
}

#[derive(Default)]
struct Tasks {
    all: Slab<Task>,
    live: usize,
    completed: u64,
    panicked: u64,
    stopping: bool,
    joiner: Option<Waker>,
}

#[derive(Clone, Default)]
struct Scope(Arc<Mutex<Tasks>>);

thread_local! {
    static CURRENT: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

/// Exchanges the scope of what runs on this thread.
fn exchange(scope: &mut Option<Scope>) {
    CURRENT.with_borrow_mut(|current| mem::swap(current, scope));
}

impl Scope {
    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of the running code.
    fn current() -> Self {
        CURRENT.with_borrow(|current| current.clone().expect("a task or a body runs"))
    }

    #[track_caller]
    fn track<F: Future<Output = ()>>(self, future: F) -> (Tracked<F>, Handle) {
        let place = Location::caller();
        let key = {
            let mut tasks = self.lock();
            tasks.live += 1;
            tasks.all.insert(Task {
                place,
                started: Instant::now(),
                stopper: None,
                ended: None,
                orphan: false,
            })
        };
        let tracked = Tracked {
            future: Some(future),
            scope: Some(self.clone()),
            key,
            waits: false,
        };
        (tracked, Handle { scope: self, key })
    }

    fn end(&self, key: usize, ended: Ended) {
        let mut tasks = self.lock();
        match ended {
            Ok(()) => tasks.completed += 1,
            Err(_) => tasks.panicked += 1,
        }
        tasks.live -= 1;
        let gone = if tasks.all[key].orphan {
            Some(tasks.all.remove(key))
        } else {
            tasks.all[key].ended = Some(ended);
            None
        };
        let joiner = (tasks.live == 0).then(|| tasks.joiner.take()).flatten();
        drop(tasks);
        drop(gone);
        if let Some(joiner) = joiner {
            joiner.wake();
        }
    }

    fn poll_join(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut tasks = self.lock();
        if tasks.live == 0 {
            return Poll::Ready(());
        }
        tasks.joiner = Some(cx.waker().clone());
        Poll::Pending
    }
}

struct Handle {
    scope: Scope,
    key: usize,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut tasks = self.scope.lock();
        let task = &mut tasks.all[self.key];
        task.orphan = true;
        if task.ended.is_some() {
            let gone = tasks.all.remove(self.key);
            drop(tasks);
            drop(gone);
        }
    }
}

pin_project! {
    struct Tracked<F> {
        #[pin]
        future: Option<F>,
        scope: Option<Scope>,
        key: usize,
        waits: bool,
    }

    impl<F> PinnedDrop for Tracked<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(scope) = this.scope.take() {
                scope.end(*this.key, Ok(()));
            }
        }
    }
}

impl<F: Future<Output = ()>> Future for Tracked<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        exchange(this.scope);
        let future = this.future.as_mut().as_pin_mut();
        let polled = catch_unwind(AssertUnwindSafe(|| future.map(|future| future.poll(cx))));
        exchange(this.scope);
        let ended = match polled {
            Ok(Some(Poll::Pending)) => {
                if let (false, Some(scope)) = (mem::replace(this.waits, true), this.scope) {
                    let mut tasks = scope.lock();
                    if tasks.stopping {
                        cx.waker().wake_by_ref();
                    }
                    tasks.all[*this.key].stopper = Some(cx.waker().clone());
                }
                return Poll::Pending;
            }
            Ok(_) => Ok(()),
            Err(payload) => Err(payload),
        };
        this.future.set(None);
        if let Some(scope) = this.scope.take() {
            scope.end(*this.key, ended);
        }
        Poll::Ready(())
    }
}

/// Each task handed to tokio.
pub(crate) async fn spawn<W: Work>(tasks: usize) {
    let scope = Scope::default();
    exchange(&mut Some(scope.clone()));
    for _ in 0..tasks {
        let (task, handle) = Scope::current().track(W::future());
        tokio::spawn(task);
        drop(handle);
    }
    exchange(&mut None);
    poll_fn(|cx| scope.poll_join(cx)).await;
}

/// Each task boxed, and polled here.
pub(crate) async fn in_task<W: Work>(tasks: usize) {
    let scope = Scope::default();
    exchange(&mut Some(scope.clone()));
    let mut all = FuturesUnordered::new();
    for _ in 0..tasks {
        let (task, handle) = Scope::current().track(W::future());
        all.push(task.boxed());
        drop(handle);
    }
    exchange(&mut None);
    poll_fn(|cx| {
        while ready!(all.poll_next_unpin(cx)).is_some() {}
        scope.poll_join(cx)
    })
    .await;
}

pin_project! {
    /// A handler that tracks nothing: its body runs in a context, its panic is caught there, and it
    /// is dropped there.
    struct Body<F> {
        #[pin]
        future: Option<F>,
        scope: Option<Scope>,
    }

    impl<F> PinnedDrop for Body<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                exchange(this.scope);
                this.future.set(None);
                exchange(this.scope);
            }
        }
    }
}

impl<R, F: Future<Output = R>> Future for Body<F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let mut this = self.project();
        exchange(this.scope);
        let future = this.future.as_mut().as_pin_mut();
        let polled = catch_unwind(AssertUnwindSafe(|| future.map(|future| future.poll(cx))));
        let ended = match polled {
            Ok(Some(Poll::Ready(output))) => Ok(output),
            Ok(_) => {
                exchange(this.scope);
                return Poll::Pending;
            }
            Err(payload) => Err(payload),
        };
        this.future.set(None);
        exchange(this.scope);
        match ended {
            Ok(output) => Poll::Ready(output),
            Err(payload) => resume_unwind(payload),
        }
    }
}

/// Calls of such a handler.
pub(crate) async fn calls(calls: usize) {
    for call in 0..calls {
        let body = Body {
            future: Some(peers::call_one(black_box(call))),
            scope: None,
        };
        let _ = black_box(body.await);
    }
}
