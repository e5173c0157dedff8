//! What the functions of the generated crate share.

use std::{collections::HashMap, fmt, io, num::ParseIntError, time::Duration};

#[derive(Debug)]
pub enum Error {
    NotFound(String),
    Invalid { field: &'static str, why: String },
    Io(io::Error),
    Number(ParseIntError),
    TimedOut,
    Task(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(what) => write!(f, "{what} is not there"),
            Self::Invalid { field, why } => write!(f, "{field}: {why}"),
            Self::Io(error) => error.fmt(f),
            Self::Number(error) => error.fmt(f),
            Self::TimedOut => f.write_str("timed out"),
            Self::Task(why) => write!(f, "task: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ParseIntError> for Error {
    fn from(error: ParseIntError) -> Self {
        Self::Number(error)
    }
}

impl From<tokio::time::error::Elapsed> for Error {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::TimedOut
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Task(error.to_string())
    }
}

impl From<tethered::JoinError> for Error {
    fn from(error: tethered::JoinError) -> Self {
        Self::Task(error.to_string())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    Open,
    Paid,
    Sent,
    Cancelled,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub sku: String,
    pub quantity: u32,
    pub cents: u64,
}

#[derive(Clone, Debug)]
pub struct Order {
    pub id: u64,
    pub customer: u64,
    pub status: Status,
    pub lines: Vec<Line>,
    pub tags: HashMap<String, String>,
    pub note: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub count: usize,
    pub cents: u64,
    pub by_sku: HashMap<String, u64>,
    pub messages: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Store {
    pub table: String,
    pub timeout: Duration,
}

impl Store {
    pub async fn order(&self, id: u64) -> Result<Order, Error> {
        tokio::task::yield_now().await;
        let line = Line {
            sku: format!("{}-{id}", self.table),
            quantity: 1,
            cents: id % 900,
        };
        Ok(Order {
            id,
            customer: id / 10,
            status: Status::Open,
            lines: vec![line],
            tags: HashMap::new(),
            note: None,
        })
    }

    pub async fn orders(&self, customer: u64, most: usize) -> Result<Vec<Order>, Error> {
        let mut orders = Vec::new();
        for id in (customer..).take(most) {
            orders.push(self.order(id).await?);
        }
        Ok(orders)
    }

    pub async fn put(&self, key: &str, value: String) -> Result<Option<String>, Error> {
        tokio::task::yield_now().await;
        Ok((key.len() > value.len()).then_some(value))
    }

    pub async fn delete(&self, key: &str) -> Result<bool, Error> {
        tokio::task::yield_now().await;
        Ok(key.contains(&self.table))
    }
}

pub async fn audit(id: u64, what: String) -> Result<(), Error> {
    tokio::task::yield_now().await;
    tracing::debug!(id, what, "audit");
    Ok(())
}

pub async fn notify(address: String, text: String) -> Result<usize, Error> {
    tokio::task::yield_now().await;
    Ok(address.len() + text.len())
}

pub fn total(lines: &[Line]) -> u64 {
    lines
        .iter()
        .map(|line| u64::from(line.quantity) * line.cents)
        .sum()
}

pub fn check(order: &Order) -> Result<(), Error> {
    if order.lines.is_empty() {
        return Err(Error::Invalid {
            field: "lines",
            why: format!("order {} has none", order.id),
        });
    }
    Ok(())
}
