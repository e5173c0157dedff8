use tethered::no_detach;

async fn work() {}

fn start() -> tokio::task::JoinHandle<()> {
    tokio::spawn(work())
}

#[no_detach]
async fn helper() {
    start();
    let _ = start();
    work().await;
}

fn main() {}
