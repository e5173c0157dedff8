use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    tokio::spawn(work());
    work().await;
}

fn main() {}
