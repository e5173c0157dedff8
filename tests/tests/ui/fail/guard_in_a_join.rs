use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    tokio::join!(work(), async {
        tokio::spawn(work());
    });
}

fn main() {}
