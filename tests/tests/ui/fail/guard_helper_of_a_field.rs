use tethered::no_detach;

struct Jobs;

impl Jobs {
    fn kick(&self) {
        tokio::spawn(async {});
    }
}

struct App {
    jobs: Jobs,
}

#[no_detach]
impl App {
    async fn run(&self) {
        self.jobs.kick();
        Jobs::kick(&self.jobs);
    }
}

fn main() {}
