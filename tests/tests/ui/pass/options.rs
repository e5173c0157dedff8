//! Every option; their expressions see the arguments, may fail and may await.
#![deny(warnings, clippy::pedantic)]

use std::{num::ParseIntError, time::Duration};

use tethered::{JoinError, serverless_handler};

#[derive(Debug)]
struct Error;

impl From<JoinError> for Error {
    fn from(_: JoinError) -> Self {
        Self
    }
}

impl From<ParseIntError> for Error {
    fn from(_: ParseIntError) -> Self {
        Self
    }
}

#[serverless_handler(
    on_error = fail,
    on_drop = finish,
    join = try_join_all,
    max_concurrent = seconds.len() + 1,
    timeout = Duration::from_secs(async { seconds.parse() }.await?),
)]
async fn handler(seconds: String) -> Result<String, Error> {
    Ok(seconds)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert!(handler("5".to_owned()).await.is_ok());
    assert!(handler("five".to_owned()).await.is_err());
}
