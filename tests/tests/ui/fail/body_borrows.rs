use tethered::{JoinError, serverless_handler};

#[serverless_handler]
async fn moved(event: String) -> Result<usize, JoinError> {
    drop(event);
    Ok(event.len())
}

#[serverless_handler]
async fn changed(event: String) -> Result<(), JoinError> {
    event.push('!');
    Ok(())
}

#[serverless_handler]
async fn escapes(event: String) -> Result<&'static str, JoinError> {
    Ok(event.as_str())
}

struct App(String);

impl App {
    #[serverless_handler]
    async fn out_of_self(&self) -> Result<String, JoinError> {
        Ok(self.0)
    }
}

fn main() {}
