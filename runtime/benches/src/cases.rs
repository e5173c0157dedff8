//! What is run, and how often.

use std::fmt;

use tokio::runtime::{Builder, Runtime, RuntimeFlavor};

use crate::{
    floor, in_task, ours, peers,
    work::{Ready, Waiting, Yielding},
};

/// Tasks of the cases that every way is measured in.
pub const SIZES: [usize; 5] = [1, 10, 100, 10_000, 1_000_000];

/// One way to run tasks of one kind.
#[derive(Clone, Copy)]
pub struct Way {
    /// Who runs them.
    pub how: &'static str,
    /// What they are.
    pub what: &'static str,
    run: fn(&Runtime, usize, usize),
}

/// A way with a number of tasks.
#[derive(Clone, Copy)]
pub struct Case {
    /// The way.
    pub way: Way,
    /// How many tasks an iteration runs.
    pub tasks: usize,
}

/// Its name in the results: `how/what/tasks`.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.way.how, self.way.what, self.tasks)
    }
}

macro_rules! way {
    ($how:literal, $what:literal, $run:expr) => {
        Way {
            how: $how,
            what: $what,
            run: |runtime, tasks, times| repeat(runtime, tasks, times, $run),
        }
    };
}

macro_rules! ways {
    ($($how:literal: $module:ident::$run:ident,)*) => {
        &[$(
            way!($how, "ready", $module::$run::<Ready>),
            way!($how, "yielding", $module::$run::<Yielding>),
            way!($how, "waiting", $module::$run::<Waiting>),
        )*]
    };
}

/// Everybody who runs tasks, with each kind of them.
pub const WAYS: &[Way] = ways! {
    "bare": peers::bare,
    "JoinSet": peers::join_set,
    "TaskTracker": peers::task_tracker,
    "TaskTracker+token": peers::cancellable,
    "try_join_all-handles": peers::try_join_all,
    "vercel_runtime": peers::vercel,
    "FuturesUnordered": peers::unordered,
    "futures_buffered": peers::buffered,
    "moro": peers::moro,
    "floor-spawn": floor::spawn,
    "floor-in_task": floor::in_task,
    "spawn-join_all": ours::join_all,
    "spawn-try_join_all": ours::try_join_all,
    "spawn-keep_alive": ours::keep_alive,
    "in_task-join_all": in_task::join_all,
    "in_task-try_join_all": in_task::try_join_all,
};

/// What has one size only.
const SINGLE: &[(Way, usize)] = &[
    (way!("async-fn", "no-tasks", peers::calls), 1_000),
    (way!("floor-handler", "no-tasks", floor::calls), 1_000),
    (way!("handler", "no-tasks", ours::calls), 1_000),
    (way!("tokio-Handle", "lookup", peers::lookups), 1_000),
    (way!("Scope", "lookup", ours::lookups), 1_000),
    (way!("JoinSet", "cancel-rest", peers::cancel), 100),
    (way!("spawn-try_join_all", "cancel-rest", ours::cancel), 100),
    (way!("TaskTracker", "nested", peers::nested), 100),
    (way!("spawn-try_join_all", "nested", ours::nested), 100),
    (
        way!("invocations", "in-turn", ours::in_turn::<Ready>),
        100_000,
    ),
    (
        way!("invocations", "at-once", ours::at_once::<Ready>),
        100_000,
    ),
];

/// All whose instructions and time are measured.
pub fn cases() -> impl Iterator<Item = Case> {
    WAYS.iter()
        .filter(|way| way.what != "waiting")
        .flat_map(|&way| SIZES.map(|tasks| Case { way, tasks }))
        .chain(SINGLE.iter().map(|&(way, tasks)| Case { way, tasks }))
}

impl Case {
    /// How often an iteration runs it, so that small ones weigh enough to be measured.
    #[must_use]
    pub fn times(self) -> usize {
        (1_000 / self.tasks).max(1)
    }

    /// One iteration.
    pub fn run(self, runtime: &Runtime) {
        (self.way.run)(runtime, self.tasks, self.times());
    }

    /// A warm runtime for it.
    ///
    /// # Panics
    ///
    /// If the system gives no threads.
    #[must_use]
    pub fn runtime(self, threads: usize) -> Runtime {
        let mut builder = match threads {
            1 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(threads).build();
        let runtime = runtime.expect("the system gives threads");
        if self.way.what != "waiting" {
            (self.way.run)(&runtime, self.tasks.min(100), 1);
        }
        runtime
    }
}

/// On many threads the body is a task as well, so that it starts others from a worker.
fn repeat<F>(runtime: &Runtime, tasks: usize, times: usize, run: fn(usize) -> F)
where
    F: Future<Output: Send> + Send + 'static,
{
    let body = async move {
        for _ in 0..times {
            run(tasks).await;
        }
    };
    match runtime.handle().runtime_flavor() {
        RuntimeFlavor::CurrentThread => runtime.block_on(body),
        _ => runtime
            .block_on(async { tokio::spawn(body).await })
            .expect("no case panics"),
    }
}
