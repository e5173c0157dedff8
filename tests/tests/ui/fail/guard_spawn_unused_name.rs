use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let _task = tokio::spawn(work());
    work().await;
}

fn main() {}
