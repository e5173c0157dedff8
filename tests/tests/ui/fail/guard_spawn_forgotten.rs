use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    std::mem::forget(tokio::spawn(work()));
    work().await;
}

fn main() {}
