//! The runtime may have another name, and another place.
#![deny(warnings, clippy::pedantic)]

extern crate tethered as renamed;

mod reexport {
    pub(crate) mod deep {
        pub(crate) use tethered::*;
    }
}

#[renamed::serverless_handler(crate = renamed)]
async fn by_name() -> Result<(), renamed::JoinError> {
    Ok(())
}

#[reexport::deep::serverless_handler(crate = crate::reexport::deep, timeout = "1s")]
async fn by_path() -> Result<(), renamed::JoinError> {
    Ok(())
}

fn main() {
    drop((by_name(), by_path()));
}
