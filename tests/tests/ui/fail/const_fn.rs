use tethered::serverless_handler;

#[serverless_handler]
pub const fn handler(event: u8) -> u8 {
    event
}

fn main() {
    handler(1);
}
