use tethered::serverless_handler;

#[serverless_handler]
async fn value(event: u8) -> Option<u8> {
    Some(event)
}

#[serverless_handler]
async fn nothing() {}

fn main() {
    drop((value(1), nothing()));
}
