use tethered::no_detach;

async fn work() {}

mod jobs {
    pub fn kick_all(ids: &[u64]) {
        for _ in ids {
            one();
        }
    }

    fn one() {
        tokio::spawn(super::work());
    }
}

#[no_detach]
async fn helper() {
    jobs::kick_all(&[1, 2]);
    work().await;
}

fn main() {}
