use tethered::no_detach;

macro_rules! background {
    ($task:expr) => {
        tokio::spawn($task)
    };
}

async fn work() {}

#[no_detach]
async fn helper() {
    background!(work());
    work().await;
}

fn main() {}
