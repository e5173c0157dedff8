//! What [`run`](super::run) puts around a handler: it joins what the handler has left before the
//! answer, and hands a streamed response over to the invocation.

use std::{
    fmt::{self, Debug},
    marker::PhantomData,
    panic::resume_unwind,
    pin::Pin,
    task::{Context, Poll, ready},
    thread,
};

use bytes::Bytes;
use futures_core::Stream;
use lambda_runtime::{
    Diagnostic, Error, FunctionResponse, IntoFunctionResponse, LambdaEvent, Service, StreamResponse,
};
use pin_project_lite::pin_project;
use serde::Serialize;

use super::streaming::{Relayed, relay};
use crate::{
    JoinError, caught,
    join::{self, Joining},
};

/// A handler whose answer comes after what holds it.
pub(super) struct Handler<F, B, S> {
    inner: F,
    response: PhantomData<fn() -> (B, S)>,
}

impl<F, B, S> Handler<F, B, S> {
    pub(super) fn new(inner: F) -> Self {
        Self {
            inner,
            response: PhantomData,
        }
    }
}

impl<F: Clone, B, S> Clone for Handler<F, B, S> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone())
    }
}

impl<F, A, R, B, S, D, E> Service<LambdaEvent<A>> for Handler<F, B, S>
where
    F: Service<LambdaEvent<A>, Response = R>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    type Response = FunctionResponse<B, Relayed>;
    type Error = Failure<F::Error>;
    type Future = Answering<F::Future, R, F::Error, B, S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Failure::Handler)
    }

    fn call(&mut self, event: LambdaEvent<A>) -> Self::Future {
        Answering {
            handler: Some(self.inner.call(event)),
            ended: None,
            joining: None,
            response: PhantomData,
        }
    }
}

pin_project! {
    pub(super) struct Answering<F, R, X, B, S> {
        #[pin]
        handler: Option<F>,
        ended: Option<thread::Result<Result<R, X>>>,
        // Made only where the handler has left something, which one with the attribute does not.
        joining: Option<Joining>,
        response: PhantomData<fn() -> (B, S)>,
    }
}

impl<F, R, X, B, S, D, E> Future for Answering<F, R, X, B, S>
where
    F: Future<Output = Result<R, X>>,
    R: IntoFunctionResponse<B, S>,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    type Output = Result<FunctionResponse<B, Relayed>, Failure<X>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.ended.is_none() {
            let ended = ready!(caught::poll(this.handler, cx));
            *this.joining = join::for_host(matches!(ended, Ok(Ok(_))));
            *this.ended = Some(ended);
        }
        let failed = match this.joining {
            Some(joining) => {
                let joined = ready!(joining.as_mut().poll(cx));
                JoinError::new(joined.failures, joined.cancelled)
            }
            None => None,
        };
        let ended = this.ended.take().expect("polled after completion");
        Poll::Ready(match (ended, failed) {
            (Err(payload), _) => resume_unwind(payload),
            (Ok(Err(error)), _) => Err(Failure::Handler(error)),
            (Ok(Ok(_)), Some(error)) => Err(Failure::Tasks(error)),
            (Ok(Ok(response)), None) => Ok(match response.into_response() {
                FunctionResponse::BufferedResponse(body) => {
                    FunctionResponse::BufferedResponse(body)
                }
                FunctionResponse::StreamingResponse(response) => {
                    FunctionResponse::StreamingResponse(StreamResponse {
                        metadata_prelude: response.metadata_prelude,
                        stream: relay(response.stream),
                    })
                }
            }),
        })
    }
}

/// Why an invocation failed.
pub(super) enum Failure<X> {
    Handler(X),
    /// Of a handler without the attribute.
    Tasks(JoinError),
}

impl<X: Debug> Debug for Failure<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler(error) => error.fmt(f),
            Self::Tasks(error) => error.fmt(f),
        }
    }
}

impl<X: Into<Diagnostic>> From<Failure<X>> for Diagnostic {
    fn from(failure: Failure<X>) -> Self {
        match failure {
            Failure::Handler(error) => error.into(),
            Failure::Tasks(error) => error.into(),
        }
    }
}

impl From<JoinError> for Diagnostic {
    fn from(error: JoinError) -> Self {
        Self {
            error_type: std::any::type_name::<JoinError>().into(),
            error_message: error.to_string(),
        }
    }
}
