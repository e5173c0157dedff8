use tethered::{JoinError, serverless_handler};

struct App;

#[serverless_handler]
impl App {
    async fn handle(&self) -> Result<(), JoinError> {
        Ok(())
    }
}

fn main() {
    drop(App.handle());
}
