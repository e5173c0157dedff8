use tethered::no_detach;

async fn work() {}

#[no_detach]
#[allow(unused_must_use)]
async fn helper() {
    work();
    async { println!("never") };
}

fn main() {}
