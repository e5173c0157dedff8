//! tokio, row by row.
use tethered::no_detach;

async fn work() {}

#[no_detach]
fn f0() {
    tokio::spawn(work());
}

#[no_detach]
fn f1() {
    tokio::task::spawn(work());
}

#[no_detach]
fn f2() {
    tokio::task::spawn_blocking(|| ());
}

#[no_detach]
fn f3() {
    tokio::task::spawn_local(work());
}

fn main() {}
