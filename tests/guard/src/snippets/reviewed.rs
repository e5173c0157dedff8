//! What the guard once took for a mistake, or for more than was written.

use std::{any::Any, fmt::Debug, future::Future, panic, process};

use tethered::no_detach;
use tokio::{sync::oneshot, task::JoinHandle};
use tokio_util::task::AbortOnDropHandle;

/// Calls that never return, as statements.
#[no_detach]
pub fn exits(bad: bool, payload: Box<dyn Any + Send>) {
    if bad {
        process::exit(1);
    }
    panic::resume_unwind(payload);
}

/// Makes things.
pub struct Commands;
/// One of them.
pub struct Entity<'a>(&'a mut Commands);
impl Commands {
    /// Makes one.
    pub fn spawn<B>(&mut self, _: B) -> Entity<'_> {
        Entity(self)
    }
}
impl Entity<'_> {
    /// Makes more.
    pub fn with_children(&mut self, make: impl FnOnce(&mut Commands)) {
        make(self.0);
    }
}
/// A `spawn` that borrows what it is called on.
#[no_detach]
pub fn children(commands: &mut Commands) {
    commands.spawn(1).with_children(|parent| {
        parent.spawn(2);
        let mut third = parent.spawn(3);
        third.with_children(|_| ());
        let _fourth = parent.spawn(4);
    });
}

/// Starts by reference.
pub trait Spawn {
    /// Starts one.
    fn spawn(&mut self, x: u8) -> Box<dyn Debug + '_>;
}
/// A `spawn` of a trait object.
#[no_detach]
pub fn dynamic(spawner: &mut dyn Spawn) {
    let start = |spawner: &mut dyn Spawn| {
        spawner.spawn(2);
    };
    start(spawner);
}

/// Starts by value.
pub trait Start {
    /// What starting gives.
    type Out;
    /// Starts it.
    fn spawn(self) -> Self::Out;
}
/// A `spawn` that takes over what it is called on.
#[no_detach]
pub async fn by_value<S: Start + Send + 'static>(first: S, second: S)
where
    S::Out: Send,
{
    async move {
        first.spawn();
        let _out = second.spawn();
    }
    .await;
}

/// Answers later.
pub fn reply() -> (oneshot::Sender<()>, oneshot::Receiver<()>) {
    oneshot::channel()
}
/// A handle that may be dropped, with its name.
pub fn guarded() -> (String, AbortOnDropHandle<()>) {
    (String::new(), one())
}
fn one() -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async {}))
}
fn three() -> (
    AbortOnDropHandle<()>,
    AbortOnDropHandle<()>,
    AbortOnDropHandle<()>,
) {
    (one(), one(), one())
}
fn maybe() -> Option<(u32, oneshot::Receiver<()>)> {
    None
}
async fn many() -> Box<[AbortOnDropHandle<()>]> {
    Box::new([one()])
}
/// What may be dropped, beside something plain.
#[no_detach]
pub async fn beside() {
    let _ = reply();
    let _ = guarded();
    let _ = three();
    let _ = maybe();
    many().await;
}

/// Detaches.
pub mod spawning {
    /// Detaches.
    pub fn run() {
        tokio::spawn(async {});
    }
}
/// Does not.
pub mod inline {
    /// Does not.
    pub fn run() {}
}
#[cfg(not(any()))]
use inline::run;
#[cfg(any())]
use spawning::run;
/// One import or the other.
#[no_detach]
pub async fn imported() {
    run();
}

/// Jobs of another kind.
pub mod proto {
    /// A job.
    pub struct Job;
    impl Job {
        /// Starts nothing.
        pub fn start(&self) {}
    }
}
/// A job.
pub struct Job;
impl Job {
    /// Starts something.
    pub fn start(&self) {
        tokio::spawn(async {});
    }
}
/// Two types of one name.
#[no_detach]
pub async fn of_one_name(job: &proto::Job) {
    job.start();
}

/// Not started.
pub struct Idle;
/// Started.
pub struct Ready;
/// A connection in a state.
pub struct Conn<S>(pub S);
impl Conn<Ready> {
    /// Goes on.
    pub fn go(&self) {}
}
impl Conn<Idle> {
    /// Starts.
    pub fn go(&self) {
        tokio::spawn(async {});
    }
}
/// A type with states.
#[no_detach]
pub async fn states(conn: &Conn<Ready>) {
    conn.go();
}

/// Kicks.
pub trait Kick {
    /// Kicks.
    fn kick(&self);
}
/// Something to do.
pub struct Task;
impl Task {
    /// Kicks it off.
    pub fn kick(&self) {
        tokio::spawn(async {});
    }
}
/// A generic type that shadows one of the module.
#[no_detach]
pub fn generic<Task: Kick>(task: &Task) {
    task.kick();
}
/// An item that shadows one of the module.
#[no_detach]
pub fn inner_item() {
    struct Task;
    impl Task {
        fn kick(&self) {}
    }
    let task: Task = Task;
    task.kick();
}

async fn work() {}

/// Code under `#[cfg]`, wherever it stands.
#[no_detach]
pub fn conditional(event: u32) {
    match event {
        #[cfg(any())]
        1 => {
            tokio::spawn(work());
        }
        _ => {}
    }
    #[cfg(any())]
    fn helper() {
        tokio::spawn(work());
    }
    let _list = [
        #[cfg(any())]
        drop(tokio::spawn(work())),
        (),
    ];
}
/// Has a part under `#[cfg]`.
pub struct Parts {
    #[cfg(any())]
    handle: JoinHandle<()>,
    /// Always.
    pub x: u32,
}
/// A field under `#[cfg]`.
#[no_detach]
pub fn conditional_field() -> Parts {
    Parts {
        #[cfg(any())]
        handle: {
            tokio::spawn(work());
            tokio::spawn(work())
        },
        x: 1,
    }
}

/// Keeps its own to itself.
pub mod hidden {
    fn start() {
        tokio::spawn(async {});
    }
    /// Starts.
    pub fn other() {
        start();
    }
}
/// Shows what it has.
pub mod shown {
    /// Does nothing.
    pub fn start() {}
}
/// Imports all that it may.
pub mod globs {
    #[allow(unused_imports)]
    use super::hidden::*;
    use super::shown::*;
    /// A name that only one of them shows.
    #[tethered::no_detach]
    pub async fn handler() {
        start();
    }
}

/// An inner module that looks like another crate.
#[allow(unreachable_pub)]
#[no_detach]
pub fn inner_module() {
    {
        mod std {
            pub mod thread {
                pub fn spawn<T>(_: T) {}
            }
        }
        std::thread::spawn(1);
    }
}

/// A value that comes later.
#[no_detach]
pub async fn late(first: bool) {
    let handle;
    if first {
        handle = tokio::spawn(work());
    } else {
        handle = tokio::spawn(async {});
    }
    let mut other = None;
    if first {
        other = Some(tokio::spawn(work()));
    }
    if let Some(other) = other {
        let _ = other.await;
    }
    let _ = handle.await;
    let run = || {
        let inner;
        inner = work();
        inner
    };
    run().await;
}

/// A trait that makes futures.
pub trait Later {
    /// Makes one.
    fn later(&self) -> impl Future<Output = ()> + Send;
}
/// What a collection gives back.
#[no_detach]
pub fn given_back(mut map: std::collections::HashMap<u32, JoinHandle<()>>, handle: JoinHandle<()>) {
    map.insert(1, handle);
    map.remove(&1).map(|handle| handle.abort());
    map.into_values().for_each(|handle| handle.abort());
}

/// Events whose handlers are tracked, waited for or not.
#[no_detach]
pub async fn events(callbacks: &tethered::Callbacks<u32>) {
    drop(callbacks.emit(1));
    let _ = callbacks.emit(2);
    if callbacks.emit(3).await.is_err() {
        let _later = callbacks.emit(4);
    }
}
