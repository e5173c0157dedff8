use tethered::no_detach;

struct Jobs;

impl Jobs {
    fn kick(&self) {
        tokio::spawn(async {});
    }
}

#[no_detach]
async fn helper(jobs: &Jobs) {
    jobs.kick();
    let own: Jobs = Jobs;
    own.kick();
}

fn main() {}
