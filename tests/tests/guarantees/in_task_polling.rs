//! `executor = in_task`: who is polled when, and what wakes whom.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll, Wake, Waker},
    thread,
};

use super::*;
use tethered::{JoinError, Scope, serverless_handler, spawn_tracked};
use tokio::{sync::oneshot, task::yield_now};

const MANY: usize = 100_000;

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll<F: Future>(future: Pin<&mut F>, woken: &Arc<Woken>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(woken.clone())))
}

/// The wakers of tasks, in the order in which they were polled.
type Wakers = Arc<Mutex<Vec<Waker>>>;

/// Notes the waker of each poll, until there have been `polls`.
async fn polled(wakers: Wakers, polls: usize) {
    let mut left = polls;
    poll_fn(|cx| {
        wakers.lock().unwrap().push(cx.waker().clone());
        left -= 1;
        if left == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

fn started(wakers: &Wakers) -> usize {
    wakers.lock().unwrap().len()
}

fn wake(wakers: &Wakers, task: usize) {
    let waker = wakers.lock().unwrap()[task].clone();
    waker.wake();
}

#[tokio::test]
async fn nested_tasks_end_in_the_poll_in_which_the_body_does() {
    fn nested(depth: u8) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            if depth > 0 {
                spawn_tracked!(nested(depth - 1));
            }
        })
    }

    #[serverless_handler(executor = in_task)]
    async fn handler() -> Result<(), JoinError> {
        spawn_tracked!(nested(50));
        Ok(())
    }

    let woken = Arc::default();
    assert!(poll(pin!(handler()), &woken).is_ready());
}

#[tokio::test]
async fn many_ready_tasks_let_others_run() {
    static OTHERS: AtomicUsize = AtomicUsize::new(0);

    #[serverless_handler(executor = in_task)]
    async fn handler() -> Result<(), JoinError> {
        for _ in 0..MANY {
            spawn_tracked!(async {});
        }
        Ok(())
    }

    let other = tokio::spawn(async {
        loop {
            OTHERS.fetch_add(1, Ordering::SeqCst);
            yield_now().await;
        }
    });
    handler().await.unwrap();
    other.abort();
    let turns = OTHERS.load(Ordering::SeqCst);
    assert!(turns >= MANY / 1000, "{turns} turns of another task");
}

#[tokio::test]
async fn many_waiting_tasks_do_not_wake_each_other() {
    #[serverless_handler(executor = in_task)]
    async fn handler(wakers: Wakers) -> Result<(), JoinError> {
        for _ in 0..MANY {
            spawn_tracked!(polled(wakers.clone(), 2));
        }
        Ok(())
    }

    let (wakers, woken) = (Wakers::default(), Arc::default());
    let mut handling = pin!(handler(wakers.clone()));
    while started(&wakers) < MANY {
        assert!(poll(handling.as_mut(), &woken).is_pending());
    }
    // The last turn may have ended before it saw that nothing is left.
    assert!(poll(handling.as_mut(), &woken).is_pending());
    assert_eq!(started(&wakers), MANY);
    let before = woken.times();
    wake(&wakers, 77_777);
    wake(&wakers, 77_777);
    assert_eq!(woken.times(), before + 1);
    assert!(poll(handling.as_mut(), &woken).is_pending());
    assert!(poll(handling.as_mut(), &woken).is_pending());
    assert_eq!((started(&wakers), woken.times()), (MANY + 1, before + 1));
}

#[tokio::test]
async fn one_that_wakes_itself_is_polled_again() {
    #[serverless_handler(executor = in_task)]
    async fn handler() -> Result<(), JoinError> {
        let mut left = 3;
        spawn_tracked!(poll_fn(move |cx| {
            cx.waker().wake_by_ref();
            left -= 1;
            if left == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        Ok(())
    }

    let woken = Arc::default();
    assert!(poll(pin!(handler()), &woken).is_ready());
}

#[tokio::test]
async fn one_that_always_wakes_itself_lets_the_rest_run() {
    #[serverless_handler(executor = in_task)]
    async fn handler(wakers: Wakers) -> Result<(), JoinError> {
        let busy = spawn_tracked!(poll_fn(|cx| -> Poll<()> {
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        let other = spawn_tracked!(polled(wakers, 1));
        other.await.unwrap();
        busy.abort();
        Ok(())
    }

    handler(Wakers::default()).await.unwrap();
}

#[tokio::test]
async fn a_waker_that_outlives_its_task_is_harmless() {
    /// Two that end, at their first poll and after a wait; two that take their places.
    #[serverless_handler(executor = in_task)]
    async fn handler(ended: Wakers, live: Wakers) -> Result<(), JoinError> {
        let ready = spawn_tracked!(polled(ended.clone(), 1));
        let waits = spawn_tracked!(polled(ended.clone(), 2));
        ready.await.unwrap();
        waits.await.unwrap();
        spawn_tracked!(polled(live.clone(), usize::MAX));
        spawn_tracked!(polled(live, usize::MAX));
        pending().await
    }

    let (ended, live, woken) = (Wakers::default(), Wakers::default(), Arc::default());
    let mut handling = pin!(handler(ended.clone(), live.clone()));
    assert!(poll(handling.as_mut(), &woken).is_pending());
    wake(&ended, 0);
    assert!(poll(handling.as_mut(), &woken).is_pending());
    wake(&ended, 1);
    for _ in 0..3 {
        assert!(poll(handling.as_mut(), &woken).is_pending());
    }
    assert_eq!((started(&ended), started(&live)), (3, 2));
    let all = |wakers: &Wakers| (0..started(wakers)).for_each(|task| wake(wakers, task));
    all(&ended);
    assert!(poll(handling.as_mut(), &woken).is_pending());
    // One of them woken for nothing, at most; and still they hear what is theirs.
    let before = started(&live);
    assert!(before <= 4);
    wake(&live, 0);
    wake(&live, 1);
    assert!(poll(handling.as_mut(), &woken).is_pending());
    assert_eq!(started(&live), before + 2);
}

#[tokio::test]
async fn a_waker_that_outlives_its_handler_is_harmless() {
    #[serverless_handler(executor = in_task)]
    async fn handler(wakers: Wakers) -> Result<(), JoinError> {
        spawn_tracked!(polled(wakers, 2));
        Ok(())
    }

    // Dropped while its task waits, and returned once that has ended.
    for returns in [false, true] {
        let (wakers, woken) = (Wakers::default(), Arc::default());
        {
            let mut handling = pin!(handler(wakers.clone()));
            assert!(poll(handling.as_mut(), &woken).is_pending());
            if returns {
                wake(&wakers, 0);
                assert!(poll(handling.as_mut(), &woken).is_ready());
            }
        }
        let (polls, before) = (started(&wakers), woken.times());
        wake(&wakers, 0);
        assert_eq!((started(&wakers), woken.times()), (polls, before));
        assert_eq!(
            Arc::strong_count(&woken),
            1,
            "nobody keeps the handler's waker"
        );
    }
}

#[tokio::test]
async fn the_handler_is_woken_where_it_was_polled_last() {
    #[serverless_handler(executor = in_task)]
    async fn handler(wakers: Wakers) -> Result<(), JoinError> {
        spawn_tracked!(polled(wakers, 2));
        pending().await
    }

    let (wakers, first, last) = (Wakers::default(), Arc::default(), Arc::default());
    let mut handling = pin!(handler(wakers.clone()));
    assert!(poll(handling.as_mut(), &first).is_pending());
    assert!(poll(handling.as_mut(), &last).is_pending());
    wake(&wakers, 0);
    assert_eq!((first.times(), last.times()), (0, 1));
}

#[tokio::test]
async fn a_task_is_woken_from_another_thread() {
    #[serverless_handler(executor = in_task)]
    async fn handler(wakers: Wakers) -> Result<(), JoinError> {
        spawn_tracked!(polled(wakers, 2));
        Ok(())
    }

    let (wakers, woken) = (Wakers::default(), Arc::default());
    let mut handling = pin!(handler(wakers.clone()));
    assert!(poll(handling.as_mut(), &woken).is_pending());
    let before = woken.times();
    thread::spawn(move || wake(&wakers, 0)).join().unwrap();
    assert_eq!(woken.times(), before + 1);
    assert!(poll(handling.as_mut(), &woken).is_ready());
}

#[tokio::test]
async fn a_task_is_started_from_another_thread() {
    #[serverless_handler(executor = in_task)]
    async fn handler(given: Arc<Mutex<Option<Scope>>>) -> Result<(), JoinError> {
        *given.lock().unwrap() = Some(Scope::current());
        pending().await
    }

    let (given, woken, ran) = (Arc::default(), Arc::default(), Wakers::default());
    let mut handling = pin!(handler(Arc::clone(&given)));
    assert!(poll(handling.as_mut(), &woken).is_pending());
    let before = woken.times();
    let (scope, task) = (
        given.lock().unwrap().take().unwrap(),
        polled(ran.clone(), 1),
    );
    let starts = thread::spawn(move || drop(scope.spawn(task).unwrap()));
    starts.join().unwrap();
    assert_eq!((woken.times(), started(&ran)), (before + 1, 0));
    assert!(poll(handling.as_mut(), &woken).is_pending());
    assert_eq!(started(&ran), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wake_is_lost_between_threads() {
    #[serverless_handler(executor = in_task)]
    async fn handler(tasks: Vec<oneshot::Receiver<()>>) -> Result<(), JoinError> {
        for task in tasks {
            spawn_tracked!(task);
        }
        Ok(())
    }

    for _ in 0..20 {
        let (wake, tasks): (Vec<_>, Vec<_>) = (0..1000).map(|_| oneshot::channel()).unzip();
        let wakes = thread::spawn(|| wake.into_iter().for_each(|wake| wake.send(()).unwrap()));
        let handling = tokio::time::timeout(ms(60_000), handler(tasks));
        handling.await.expect("every task was woken").unwrap();
        wakes.join().unwrap();
    }
}
