use tethered::{allow_detached, no_detach};

async fn work() {}

#[no_detach]
async fn helper() {
    allow_detached!(reason = "", tokio::spawn(work()));
    allow_detached!(reason = " ", tokio::spawn(work()));
    work().await;
}

fn main() {}
