use tethered::{JoinError, serverless_handler};

fn main() {
    let handler = #[serverless_handler]
    async |event: u8| Ok::<u8, JoinError>(event);
    drop(handler(1));
}
