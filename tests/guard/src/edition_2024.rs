//! Snippets that need edition 2024.
#![allow(
    clippy::all,
    clippy::pedantic,
    reason = "code as it is found, not as we write it"
)]

use tethered::{no_detach, serverless_handler, spawn_tracked};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

async fn fetch(id: u64) -> Result<u64> {
    Ok(id)
}

/// Chains of `let`.
#[no_detach]
pub async fn let_chains(text: Option<&str>) -> Result<u64> {
    if let Some(text) = text
        && !text.is_empty()
        && let Ok(n) = text.parse::<u64>()
        && let Ok(value) = fetch(n).await
    {
        let handle = tokio::spawn(fetch(value));
        return handle.await?;
    }
    let mut list = vec![1, 2];
    while let Some(n) = list.pop()
        && n > 1
    {
        fetch(n).await?;
    }
    Ok(0)
}

/// A handle in a chain.
#[no_detach]
pub async fn handle_in_a_let_chain(running: Option<tokio::task::JoinHandle<u64>>) -> u64 {
    if let Some(handle) = running
        && let Ok(value) = handle.await
    {
        return value;
    }
    0
}

/// Asynchronous closures.
#[no_detach]
pub async fn async_closures() -> Result<u64> {
    async fn twice(f: impl AsyncFn(u64) -> Result<u64>) -> Result<u64> {
        f(1).await?;
        f(2).await
    }
    let mut sum = 0;
    let mut add = async |n: u64| {
        sum += fetch(n).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    add(1).await?;
    add(2).await?;
    let value = twice(async |n| {
        let handle = tokio::spawn(fetch(n));
        handle.await?
    })
    .await?;
    let run = async move || value;
    Ok(run().await + sum)
}

/// Captures every lifetime, or says which.
#[no_detach]
pub fn captures<'a>(text: &'a str, _other: &str) -> impl Iterator<Item = char> + use<'a> {
    let skip = 1;
    text.chars().skip(skip)
}

/// Temporaries at the end of a block, and in the scrutinee of an `if let`.
#[no_detach]
pub async fn temporaries(cell: &std::cell::RefCell<Vec<u64>>) -> u64 {
    if let Some(last) = cell.borrow().last() {
        return *last;
    } else {
        cell.borrow_mut().push(1);
    }
    let list = cell.borrow_mut().clone();
    let name = String::from("text");
    list.len() as u64 + { name.as_str().len() as u64 }
}

/// Words that are kept for later.
#[no_detach]
pub async fn kept_words() -> u64 {
    let r#gen = 1;
    let r#try = async { r#gen };
    r#try.await
}

/// A handler with all of them.
#[serverless_handler]
pub async fn handler(event: Option<String>) -> Result<u64> {
    if let Some(event) = &event
        && let Ok(id) = event.parse()
    {
        spawn_tracked!(fetch(id));
        return fetch(id).await;
    }
    let answer = async |n: u64| fetch(n).await;
    answer(1).await
}
