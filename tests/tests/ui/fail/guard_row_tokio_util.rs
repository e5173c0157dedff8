//! tokio-util: a pool of threads.
use tethered::no_detach;

#[no_detach]
fn f0() {
    tokio_util::task::LocalPoolHandle::new(1).spawn_pinned(|| async {});
}

fn main() {}
