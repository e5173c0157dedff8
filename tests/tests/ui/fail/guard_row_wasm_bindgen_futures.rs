//! wasm-bindgen-futures, whose spawner gives no handle back.
use tethered::no_detach;

async fn work() {}

#[no_detach]
fn f0() {
    wasm_bindgen_futures::spawn_local(work());
}

fn main() {}
