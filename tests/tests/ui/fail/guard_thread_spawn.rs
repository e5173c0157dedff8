use std::thread;

use tethered::no_detach;

#[no_detach]
fn helper() {
    std::thread::spawn(|| println!("work"));
    let _ = thread::spawn(|| println!("work"));
}

fn main() {}
