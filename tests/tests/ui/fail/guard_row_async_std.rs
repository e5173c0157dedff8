//! async-std, row by row.
use tethered::no_detach;

async fn work() {}

#[no_detach]
fn f0() {
    async_std::task::spawn(work());
}

#[no_detach]
fn f1() {
    async_std::task::spawn_blocking(|| ());
}

#[no_detach]
fn f2() {
    async_std::task::spawn_local(work());
}

fn main() {}
