use tethered::no_detach;

async fn work() {}

#[no_detach]
async fn helper() {
    fn kick() {
        tokio::spawn(work());
    }
    kick();
    work().await;
}

fn main() {}
