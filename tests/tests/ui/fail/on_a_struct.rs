use tethered::serverless_handler;

#[serverless_handler]
#[derive(Default)]
pub struct Handler {
    pub event: u8,
}

fn main() {
    Handler::default();
}
