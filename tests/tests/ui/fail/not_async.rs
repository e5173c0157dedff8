use tethered::{JoinError, serverless_handler};

#[serverless_handler]
pub fn handler(event: u8) -> Result<u8, JoinError> {
    Ok(event)
}

struct App;

impl App {
    #[serverless_handler]
    fn method(&self) -> impl Future<Output = Result<(), JoinError>> {
        async { Ok(()) }
    }
}

fn main() {
    handler(1);
    App.method();
}
