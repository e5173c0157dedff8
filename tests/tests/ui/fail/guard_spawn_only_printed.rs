use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let task = tokio::spawn(work());
    println!("{} {task:?}", task.id());
    work().await;
}

fn main() {}
