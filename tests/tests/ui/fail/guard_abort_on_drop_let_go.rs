//! A task that would end with its handle, let go.

use tethered::no_detach;
use tokio_util::task::AbortOnDropHandle;

#[no_detach]
async fn handler() {
    let task = AbortOnDropHandle::new(tokio::spawn(work()));
    task.detach();
}

async fn work() {}

fn main() {}
