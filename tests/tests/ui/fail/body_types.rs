//! A mistake in the body reads as if the attribute were not there.

use tethered::{JoinError, serverless_handler};

#[serverless_handler]
async fn last_expression(event: String) -> Result<usize, JoinError> {
    event.len()
}

#[serverless_handler]
async fn return_expression(event: String) -> Result<usize, JoinError> {
    if event.is_empty() {
        return 0;
    }
    Ok(event.length())
}

#[serverless_handler]
async fn semicolon(event: String) -> Result<usize, JoinError> {
    Ok(event.len());
}

fn main() {
    drop((last_expression, return_expression, semicolon));
}
