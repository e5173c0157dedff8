use tethered::{JoinError, serverless_handler};

#[serverless_handler(join = all, on_error = "log", on_drop = true, max_concurrent = "8", crate = "tethered")]
async fn words() -> Result<(), JoinError> {
    Ok(())
}

#[serverless_handler(max_concurrent = 8.0 + events)]
async fn number(events: f64) -> Result<(), JoinError> {
    Ok(())
}

fn main() {
    drop((words(), number(1.0)));
}
