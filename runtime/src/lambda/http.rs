//! Handlers of `lambda_http`.

use std::fmt::Debug;

use bytes::Bytes;
use lambda_http::{Adapter, IntoResponse, Request, Response, StreamAdapter};
use lambda_runtime::{Diagnostic, Error, Service};

use super::Builder;

impl Builder {
    /// [`run_http`](super::run_http) with these settings.
    pub async fn run_http<'a, R, S, E>(self, handler: S) -> Result<(), Error>
    where
        S: Service<Request, Response = R, Error = E>,
        S::Future: Send + 'a,
        R: IntoResponse,
        E: Debug + Into<Diagnostic>,
    {
        self.run(Adapter::from(handler)).await
    }

    /// [`run_http_streaming`](super::run_http_streaming) with these settings.
    pub async fn run_http_streaming<'a, S, B, E>(self, handler: S) -> Result<(), Error>
    where
        S: Service<Request, Response = Response<B>, Error = E>,
        S::Future: Send + 'a,
        E: Debug + Into<Diagnostic>,
        B: http_body::Body + Unpin + Send + 'static,
        B::Data: Into<Bytes> + Send,
        B::Error: Into<Error> + Send + Debug,
    {
        self.run(StreamAdapter::from(handler)).await
    }
}
