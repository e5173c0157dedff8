use tethered::no_detach;
use tokio::runtime::{Handle, Runtime};

async fn work() {}

#[no_detach]
async fn helper(handle: &Handle, runtime: &Runtime) {
    handle.spawn(work());
    Handle::current().spawn_blocking(|| ());
    runtime.spawn(work());
}

fn main() {}
