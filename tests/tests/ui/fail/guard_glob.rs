use tethered::no_detach;
use tokio::task::*;

async fn work() {}

#[no_detach]
async fn helper() {
    spawn_blocking(|| ());
    work().await;
}

fn main() {}
