//! Where the source does not say for sure that a value is no work, its type is asked.

use std::{future::Future, pin::Pin};
use tethered::no_detach;
use tokio::task::JoinHandle;

trait Handler<M> {
    type Result;
    fn handle(&self, message: M) -> Self::Result;
}
struct Actor;
impl Handler<u32> for Actor {
    type Result = Pin<Box<dyn Future<Output = ()>>>;
    fn handle(&self, _: u32) -> Self::Result {
        Box::pin(async {})
    }
}

trait FromRequest: Sized {
    fn from_request(_: u32) -> impl Future<Output = Self> + Send;
}
impl FromRequest for String {
    async fn from_request(_: u32) -> Self {
        String::new()
    }
}

struct Queue;
trait Flush {
    fn flush(&self);
}
impl Queue {
    async fn flush(&self) {}
}
impl Flush for Queue {
    fn flush(&self) {}
}

struct Open;
struct Closed;
struct Conn<S>(S);
impl Conn<Open> {
    async fn close(&self) {}
}
impl Conn<Closed> {
    fn close(&self) {}
}

#[cfg(any())]
struct Handle;
#[cfg(all())]
type Handle = JoinHandle<()>;
fn go() -> Handle {
    tokio::spawn(async {})
}

trait Load {
    async fn find(&self) -> u8;
}
impl Load for u64 {
    async fn find(&self) -> u8 {
        1
    }
}

fn audit() -> u32 {
    1
}
fn four() -> (u8, u8, u8, JoinHandle<()>) {
    (1, 2, 3, go())
}

struct Task;

#[no_detach]
async fn handler<Task: Future>(
    actor: &Actor,
    queue: &Queue,
    conn: &Conn<Open>,
    id: u64,
    task: impl Fn() -> Task,
) {
    let _ = actor.handle(1);
    let _ = String::from_request(1);
    let _ = queue.flush();
    let _ = conn.close();
    go();
    let _ = id.find();
    if id > 0 {
        async fn audit() {}
        let _ = audit();
    }
    let _task: Task = task();
    four();
}

fn main() {}
