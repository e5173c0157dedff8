use std::future::{Future, Ready, ready};

use tethered::no_detach;

trait Task: Future + Sized {
    fn detach(self) {}
}

impl Task for Ready<()> {}

fn spawn() -> Ready<()> {
    ready(())
}

#[no_detach]
async fn helper() {
    spawn().detach();
    let task = spawn();
    task.detach();
}

fn main() {}
