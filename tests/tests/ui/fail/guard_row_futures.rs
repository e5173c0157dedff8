//! futures: its extension traits, a handle let go, and collections.
use futures::{executor::LocalPool, stream::{FuturesOrdered, FuturesUnordered}, task::{LocalSpawnExt, SpawnExt}};
use tethered::no_detach;

async fn work() {}

#[no_detach]
fn f0() {
    LocalPool::new().spawner().spawn(work()).unwrap();
}

#[no_detach]
fn f1() {
    LocalPool::new().spawner().spawn_local(work()).unwrap();
}

#[no_detach]
fn f2() {
    LocalPool::new().spawner().spawn_with_handle(work()).unwrap().forget();
}

#[no_detach]
fn f3() {
    LocalPool::new().spawner().spawn_with_handle(work()).unwrap();
}

#[no_detach]
fn f4() {
    let tasks = FuturesUnordered::new(); tasks.push(work());
}

#[no_detach]
fn f5() {
    let mut tasks = FuturesOrdered::new(); tasks.push_back(work());
}

fn main() {}
