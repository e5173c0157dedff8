use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    drop(tokio::spawn(work()));
    let task = tokio::spawn(work());
    work().await;
    drop(task);
}

fn main() {}
