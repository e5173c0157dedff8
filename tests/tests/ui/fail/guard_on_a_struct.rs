use tethered::no_detach;

#[no_detach]
#[derive(Default)]
pub struct App {
    pub event: u8,
}

fn main() {}
