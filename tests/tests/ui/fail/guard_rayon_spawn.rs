use rayon::spawn_fifo;
use tethered::no_detach;

#[no_detach]
fn helper() {
    rayon::spawn(|| println!("work"));
    spawn_fifo(|| println!("work"));
}

fn main() {}
