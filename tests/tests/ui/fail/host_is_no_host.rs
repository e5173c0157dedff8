use tethered::{JoinError, serverless_handler};

struct Event {
    context: String,
}

#[serverless_handler(host = event.context)]
async fn handler(event: Event) -> Result<String, JoinError> {
    Ok(event.context)
}

fn main() {
    drop(handler);
}
