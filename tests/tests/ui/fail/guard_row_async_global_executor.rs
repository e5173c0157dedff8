//! async-global-executor, row by row.
use tethered::no_detach;

async fn work() {}

#[no_detach]
fn f0() {
    async_global_executor::spawn(work());
}

#[no_detach]
fn f1() {
    async_global_executor::spawn(work()).detach();
}

#[no_detach]
fn f2() {
    async_global_executor::spawn_blocking(|| ());
}

#[no_detach]
fn f3() {
    async_global_executor::spawn_local(work());
}

fn main() {}
