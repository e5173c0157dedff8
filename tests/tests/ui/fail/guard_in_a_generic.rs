use tethered::no_detach;

#[no_detach]
async fn helper<F>(future: F, other: impl Future<Output = ()> + Send + 'static)
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    tokio::spawn(future);
    let _ = other;
}

fn main() {}
