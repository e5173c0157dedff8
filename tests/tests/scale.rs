//! A hundred thousand waiting tasks in one invocation: what they take, and that they give it back.

use std::{
    cell::{Cell, RefCell},
    hint::black_box,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use tethered::{JoinError, serverless_handler, spawn_tracked};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

const TASKS: usize = 100_000;

/// What a waiting task may take beyond a bare one, over all sizes of its state: tokio keeps tasks in
/// cells that grow in steps of this.
const STEP: f64 = 128.0;

/// What the scope notes about a task, where its table has room to grow.
const ENTRY: f64 = 56.0;

/// What may stay behind, for all tasks together: a map that has grown once, a queue's first page.
const REST: i64 = 16 * 1024;

thread_local! {
    static OPEN: Cell<bool> = const { Cell::new(false) };
    static WAITING: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
}

/// Waits for the gate, with a state of `SIZE` bytes and nothing elsewhere.
struct Wait<const SIZE: usize>([u8; SIZE]);

impl<const SIZE: usize> Future for Wait<SIZE> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        black_box(&self.0);
        gate(cx)
    }
}

fn gate(cx: &mut Context<'_>) -> Poll<()> {
    if OPEN.get() {
        return Poll::Ready(());
    }
    WAITING.with_borrow_mut(|waiting| waiting.push(cx.waker().clone()));
    Poll::Pending
}

/// How many wait, the handler that waits beside its tasks included.
fn waiting() -> usize {
    WAITING.with_borrow(Vec::len)
}

fn open() {
    OPEN.set(true);
    WAITING.with_borrow_mut(|waiting| waiting.drain(..).for_each(Waker::wake));
}

/// Yields to the runtime until `done`.
async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
    }
}

/// Live bytes: with all tasks waiting, with all done and the handler still there, and at the end.
struct Bytes {
    waiting: i64,
    done: i64,
    returned: i64,
}

/// Runs `handler`, which starts the tasks, waits for the gate, and says when its tasks are done.
fn bytes<T>(runtime: &Runtime, done: &Cell<bool>, handler: impl Future<Output = T>) -> Bytes {
    OPEN.set(false);
    done.set(false);
    WAITING.with_borrow_mut(|waiting| waiting.reserve_exact(TASKS + 1));
    let mut handler = pin!(handler);
    let mut step = |reached: &dyn Fn() -> bool| {
        let run = async {
            tokio::select! {
                biased;
                _ = &mut handler => {}
                () = until(reached) => {}
            }
        };
        measure(|| runtime.block_on(run)).bytes_current
    };
    let waiting = step(&|| waiting() > TASKS);
    open();
    let done = waiting + step(&|| done.get());
    let returned = done + step(&|| false);
    Bytes {
        waiting,
        done,
        returned,
    }
}

async fn bare<const SIZE: usize>(done: &Cell<bool>) {
    let mut tasks = Vec::with_capacity(TASKS);
    tasks.extend((0..TASKS).map(|_| tokio::spawn(Wait([0; SIZE]))));
    std::future::poll_fn(gate).await;
    // The last ends last, so that mostly one is asked.
    let last_first = tasks.iter().rev();
    until(|| last_first.clone().all(JoinHandle::is_finished)).await;
    drop(tasks);
    done.set(true);
    tokio::task::yield_now().await;
}

#[serverless_handler]
async fn tracked<const SIZE: usize>(done: &Cell<bool>) -> Result<(), JoinError> {
    for _ in 0..TASKS {
        spawn_tracked!(Wait([0; SIZE]));
    }
    std::future::poll_fn(gate).await;
    let scope = tethered::Scope::current();
    until(|| scope.is_empty()).await;
    done.set(true);
    tokio::task::yield_now().await;
    Ok(())
}

/// What a task takes more than a bare one.
fn compare<const SIZE: usize>(runtime: &Runtime) -> f64 {
    let done = Cell::new(false);
    // First, so that the runtime's own queues have grown.
    let bare = bytes(runtime, &done, bare::<SIZE>(&done));
    let tracked = bytes(runtime, &done, tracked::<SIZE>(&done));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    let each = |bytes: &Bytes| bytes.waiting as f64 / TASKS as f64;
    let (bare_each, each) = (each(&bare), each(&tracked));
    println!(
        "{SIZE:>4} bytes of state: {bare_each:.0} bytes a task bare, {each:.0} tracked \
         ({:+.0}); {} bytes left when they are done, {} when the handler has returned",
        each - bare_each,
        tracked.done,
        tracked.returned
    );
    assert!(tracked.done <= REST && tracked.returned <= REST);
    each - bare_each
}

#[test]
fn a_waiting_task_is_small_and_gone_when_it_is_done() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.build().expect("a runtime");
    // Warmed up: what the first run leaves behind belongs to the runtime.
    compare::<16>(&runtime);
    // Spread over one step: only some sizes are pushed into the next one.
    let more = [
        compare::<8>(&runtime),
        compare::<24>(&runtime),
        compare::<40>(&runtime),
        compare::<56>(&runtime),
        compare::<72>(&runtime),
        compare::<88>(&runtime),
        compare::<104>(&runtime),
        compare::<120>(&runtime),
    ];
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let mean = more.iter().sum::<f64>() / more.len() as f64;
    println!("{mean:+.0} bytes a task over all of them");
    assert!(mean <= STEP, "{more:?}");
    assert!(more.iter().all(|more| *more <= STEP + ENTRY), "{more:?}");
}

#[serverless_handler]
async fn aborts(rounds: &Cell<usize>) -> Result<(), JoinError> {
    loop {
        for _ in 0..TASKS / 10 {
            spawn_tracked!(std::future::pending::<()>()).abort();
            tokio::task::yield_now().await;
        }
        rounds.set(rounds.get() + 1);
        tokio::task::yield_now().await;
    }
}

#[test]
fn an_aborted_task_leaves_nothing_in_a_scope_that_lives_on() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let rounds = Cell::new(0);
    let mut handler = pin!(aborts(&rounds));
    let mut round = |number| {
        let run = async {
            tokio::select! {
                biased;
                _ = &mut handler => {}
                () = until(|| rounds.get() == number) => {}
            }
        };
        measure(|| runtime.block_on(run)).bytes_current
    };
    let (first, second) = (round(1), round(2));
    println!("{first} bytes left by the first round, {second} by the second");
    assert!(first <= REST && second <= 1024);
}
