use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    async {
        tokio::spawn(work());
    }
    .await;
}

fn main() {}
