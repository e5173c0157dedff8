use tethered::no_detach;

async fn work() {}

struct App;

#[no_detach]
impl App {
    const LIMIT: usize = 1;

    const fn new() -> Self {
        Self
    }

    fn start(&self) {
        tokio::spawn(work());
    }

    async fn run(&self) -> usize {
        work();
        Self::LIMIT
    }
}

fn main() {}
