use tethered::serverless_handler;

#[serverless_handler(timeout = "0s", joyn = join_all, host = event.context, on_drop = finnish, on_drop = abort, 8)]
pub const extern "C" fn handler(event: u8) -> u8 {
    event
}

fn main() {
    handler(1);
}
