//! `glue WASM DIRECTORY`: the JavaScript between a worker's wasm and the platform, as `worker-build`
//! has it made.

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("glue WASM DIRECTORY");
    let (wasm, directory) = (next()?, next()?);
    Bindgen::new()
        .input_path(wasm)
        .out_name("index")
        .module(true)?
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(directory)?;
    Ok(())
}
