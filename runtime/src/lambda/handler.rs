//! What [`run`](super::run) puts around a handler: it joins what the handler has left before the
//! answer, and hands a streamed response over to the invocation.

use std::{
    fmt::{self, Debug},
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use lambda_runtime::{
    Diagnostic, Error, FunctionResponse, IntoFunctionResponse, LambdaEvent, Service, StreamResponse,
};
use pin_project_lite::pin_project;

use super::streaming::{Relayed, relay};
use crate::{
    JoinError,
    caught::{self, Caught},
    join::{self, Joining},
};

/// A handler whose answer comes after what holds it.
pub(super) struct Handler<F, S> {
    inner: F,
    stream: PhantomData<fn() -> S>,
}

impl<F, S> Handler<F, S> {
    pub(super) fn new(inner: F) -> Self {
        Self {
            inner,
            stream: PhantomData,
        }
    }
}

impl<F: Clone, S> Clone for Handler<F, S> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone())
    }
}

impl<F, A, R, S> Service<LambdaEvent<A>> for Handler<F, S>
where
    F: Service<LambdaEvent<A>, Response = R>,
{
    type Response = Answer<R, S>;
    type Error = Failure<F::Error>;
    type Future = Answering<F::Future, R, F::Error, S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Failure::Handler)
    }

    fn call(&mut self, event: LambdaEvent<A>) -> Self::Future {
        Answering {
            handler: Some(self.inner.call(event)),
            ended: None,
            joining: None,
            stream: PhantomData,
        }
    }
}

pin_project! {
    pub(super) struct Answering<F, R, X, S> {
        #[pin]
        handler: Option<F>,
        ended: Option<Caught<Result<R, X>>>,
        // Made only where the handler has left something, which one with the attribute does not.
        joining: Option<Joining>,
        stream: PhantomData<fn() -> S>,
    }
}

impl<F, R, X, S> Future for Answering<F, R, X, S>
where
    F: Future<Output = Result<R, X>>,
{
    type Output = Result<Answer<R, S>, Failure<X>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.ended.is_none() {
            let ended = ready!(caught::poll(this.handler, cx));
            *this.joining = join::for_host(matches!(ended, Ok(Ok(_))));
            *this.ended = Some(ended);
        }
        let failed = match this.joining {
            Some(joining) => {
                let joined = ready!(joining.poll(cx));
                let error = JoinError::new(joined.failures, joined.cancelled);
                error.filter(|_| !joined.logged)
            }
            None => None,
        };
        let ended = this.ended.take().expect("polled after completion");
        Poll::Ready(match (ended, failed) {
            (Err(payload), _) => payload.resume(),
            (Ok(Err(error)), _) => Err(Failure::Handler(error)),
            (Ok(Ok(_)), Some(error)) => Err(Failure::Tasks(error)),
            (Ok(Ok(response)), None) => Ok(Answer(response, PhantomData)),
        })
    }
}

/// What a handler has returned.
pub(super) struct Answer<R, S>(R, PhantomData<fn() -> S>);

impl<R, B, S, D, E> IntoFunctionResponse<B, Relayed> for Answer<R, S>
where
    R: IntoFunctionResponse<B, S>,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    // Here and not before, so that a response that is never streamed needs no code for it.
    fn into_response(self) -> FunctionResponse<B, Relayed> {
        match self.0.into_response() {
            FunctionResponse::BufferedResponse(body) => FunctionResponse::BufferedResponse(body),
            FunctionResponse::StreamingResponse(response) => {
                FunctionResponse::StreamingResponse(StreamResponse {
                    metadata_prelude: response.metadata_prelude,
                    stream: relay(response.stream),
                })
            }
        }
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
