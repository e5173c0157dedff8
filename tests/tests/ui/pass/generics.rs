//! Generics, where clauses, const generics and lifetimes.
#![deny(warnings, clippy::pedantic)]

use std::fmt::Display;

use tethered::{JoinError, serverless_handler};

#[serverless_handler]
async fn handler<'a, T, const N: usize>(
    first: &'a str,
    all: [T; N],
) -> Result<(&'a str, String), JoinError>
where
    T: Display + Copy,
{
    Ok((first, all.map(|one| one.to_string()).concat()))
}

struct Holder<'a, T>(&'a T);

impl<'a, T: Copy> Holder<'a, T> {
    #[serverless_handler]
    async fn longest<'b: 'a>(&self, other: &'b [T]) -> Result<Vec<&'a T>, JoinError> {
        Ok(other.iter().chain([self.0]).collect())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(
        handler("a", [1, 2]).await.ok(),
        Some(("a", "12".to_owned()))
    );
    assert_eq!(Holder(&1).longest(&[2]).await.ok(), Some(vec![&2, &1]));
}
