use std::num::ParseIntError;

use tethered::serverless_handler;

#[serverless_handler]
async fn handler(event: String) -> Result<u8, ParseIntError> {
    event.parse()
}

struct App;

impl App {
    #[serverless_handler(on_error = fail)]
    async fn method(&self) -> Result<impl Send, String> {
        Ok(())
    }
}

fn main() {
    drop((handler(String::new()), App.method()));
}
