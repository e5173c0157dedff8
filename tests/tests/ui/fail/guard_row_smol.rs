//! smol, row by row.
use tethered::no_detach;

async fn work() {}

#[no_detach]
fn f0() {
    smol::spawn(work());
}

#[no_detach]
fn f1() {
    smol::spawn(work()).detach();
}

#[no_detach]
fn f2() {
    smol::unblock(|| ());
}

#[no_detach]
fn f3() {
    smol::Executor::new().spawn(work()).detach();
}

fn main() {}
