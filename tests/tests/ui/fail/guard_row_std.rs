//! std, row by row.
use tethered::no_detach;

#[no_detach]
fn f0() {
    std::thread::spawn(|| ());
}

#[no_detach]
fn f1() {
    std::thread::Builder::new().spawn(|| ()).unwrap();
}

fn main() {}
