//! A spawner that a module of the crate hands through, under another name.

mod jobs {
    pub use rayon::spawn as launch;
}

#[tethered::no_detach]
async fn handler() {
    jobs::launch(|| println!("gone"));
}

fn main() {}
