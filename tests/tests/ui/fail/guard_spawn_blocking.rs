use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    tokio::task::spawn_blocking(|| println!("work"));
    work().await;
}

fn main() {}
