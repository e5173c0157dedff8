//! `impl Trait` as an argument, and anywhere in the return type.
#![deny(warnings, clippy::pedantic)]

use std::fmt::{Debug, Display};

use tethered::{JoinError, serverless_handler};

#[serverless_handler]
async fn inside(
    event: impl Display,
    mut all: impl Iterator<Item = u8>,
) -> Result<(impl Debug, Option<impl Display>), JoinError> {
    if let Some(first) = all.next() {
        return Ok((vec![first], Some(event)));
    }
    Ok((vec![], None))
}

#[serverless_handler]
async fn whole(event: &str) -> Result<impl Display + '_, JoinError> {
    Ok(event.trim())
}

#[serverless_handler(on_error = log)]
async fn alone(event: u8) -> impl Debug {
    if event > 1 {
        return Some(event);
    }
    None
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), JoinError> {
    let (list, event) = inside(1, [2].into_iter()).await?;
    let text = format!(
        "{list:?} {} {} {:?}",
        event.expect("one"),
        whole(" 3").await?,
        alone(4).await
    );
    assert_eq!(text, "[2] 1 3 Some(4)");
    Ok(())
}
