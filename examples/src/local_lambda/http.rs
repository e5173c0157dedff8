//! The HTTP client of the tap, the extension and the agent's traces.

use axum::body::Body;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

pub(crate) type HttpClient = Client<HttpConnector, Body>;

pub(crate) fn client() -> HttpClient {
    let mut connector = HttpConnector::new();
    // Head and body are separate writes: Nagle's algorithm would hold the second one back.
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}
