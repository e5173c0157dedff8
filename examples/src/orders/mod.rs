//! The business of a small shop, for two functions that differ in one thing only: `orders` tracks
//! its side effects, `orders-bare` throws them at `tokio::spawn`.
//!
//! The functions' handlers are in `src/bin`, to be read side by side. Here is what they share.

mod event;
mod expected;
mod reply;
mod shop;

pub use self::{
    event::{Command, Customer, Item, Order, OrderEvent, Product, Route, Shipment},
    expected::{Expected, Holds, expected},
    reply::{api_reply, batch_reply},
    shop::{Effect, Shop},
};
