use tethered::{JoinError, serverless_handler};

trait Handler {
    #[serverless_handler]
    async fn handle(&self) -> Result<(), JoinError>;
}

impl Handler for u8 {
    async fn handle(&self) -> Result<(), JoinError> {
        Ok(())
    }
}

fn main() {
    drop(1.handle());
}
