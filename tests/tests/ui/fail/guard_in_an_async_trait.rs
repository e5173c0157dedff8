use tethered::no_detach;

async fn work() {}

#[async_trait::async_trait]
trait Job {
    async fn run(&self) -> u64;
}

#[async_trait::async_trait]
impl Job for u64 {
    #[no_detach]
    async fn run(&self) -> u64 {
        tokio::spawn(work());
        *self
    }
}

fn main() {}
