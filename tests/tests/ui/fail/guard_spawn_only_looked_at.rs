use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let task = tokio::spawn(work());
    if !task.is_finished() {
        println!("still running");
    }
    work().await;
}

fn main() {}
