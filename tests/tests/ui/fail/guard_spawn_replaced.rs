use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let mut task = tokio::spawn(work());
    std::mem::replace(&mut task, tokio::spawn(work()));
    task.await.unwrap();
}

fn main() {}
