use tethered::no_detach;

async fn work() {}

trait Job {
    async fn run(&self) -> u64;
}

#[no_detach]
impl Job for u64 {
    async fn run(&self) -> u64 {
        tokio::spawn(work());
        *self
    }
}

fn main() {}
