//! rayon, row by row: it gives no handle back.
use tethered::no_detach;

#[no_detach]
fn f0() {
    rayon::spawn(|| ());
}

#[no_detach]
fn f1() {
    rayon::spawn_fifo(|| ());
}

#[no_detach]
fn f2() {
    rayon::spawn_broadcast(|_| ());
}

fn main() {}
