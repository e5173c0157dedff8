use tethered::no_detach;
use tokio::{spawn as go, task as t};

async fn work() {}

#[no_detach]
async fn other() {
    t::spawn(work());
}

#[no_detach]
async fn helper() {
    use std::thread as threads;
    go(work());
    threads::spawn(|| ());
    work().await;
}

fn main() {}
