use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let _ = tokio::spawn(work());
    _ = tokio::spawn(async {});
    work().await;
}

fn main() {}
