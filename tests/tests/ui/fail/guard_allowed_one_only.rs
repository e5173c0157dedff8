use tethered::{allow_detached, no_detach};

async fn work() {}

#[no_detach]
async fn helper() {
    allow_detached!(reason = "best effort", tokio::spawn(work()));
    tokio::spawn(work());
}

fn main() {}
