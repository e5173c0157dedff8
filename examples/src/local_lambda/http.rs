//! The HTTP client of the tap and the extension.

use axum::body::Body;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

pub(super) type HttpClient = Client<HttpConnector, Body>;

pub(super) fn client() -> HttpClient {
    let mut connector = HttpConnector::new();
    // Head and body are separate writes: Nagle's algorithm would hold the second one back.
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}
