use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    let task = tokio::spawn(work());
    let id = task.id();
    let task = tokio::spawn(async {});
    println!("{id}");
    task.await.unwrap();
}

fn main() {}
