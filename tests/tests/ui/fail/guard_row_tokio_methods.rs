//! tokio's types, row by row.
use tethered::no_detach;

async fn work() {}

#[no_detach]
fn f0() {
    tokio::runtime::Handle::current().spawn(work());
}

#[no_detach]
fn f1() {
    tokio::runtime::Handle::current().spawn_blocking(|| ());
}

#[no_detach]
fn f2() {
    tokio::runtime::Runtime::new().unwrap().spawn(work());
}

#[no_detach]
fn f3() {
    let mut set = tokio::task::JoinSet::new(); set.spawn(work());
}

#[no_detach]
fn f4() {
    let mut set = tokio::task::JoinSet::new(); set.spawn(work()); set.detach_all();
}

#[no_detach]
fn f5() {
    let set = tokio::task::LocalSet::new(); set.spawn_local(work());
}

fn main() {}
