//! Responses that are made while they are sent.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use lambda_http::{Body, Request, RequestExt, Response};
use lambda_runtime::{Error, LambdaEvent, StreamResponse};
use serde::Deserialize;
use tethered::{Scope, after_response, serverless_handler, spawn_tracked, wait_until};
use tethered_examples::recorder::{Pen, Phase};
use tokio::time::sleep;

use crate::effect;

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Streamed {
    /// Four chunks.
    Whole,
    /// Two chunks, then an error.
    Fails,
    /// Two chunks, then a panic.
    Panics,
    /// Two chunks, then none for ever.
    Hangs,
}

type Chunks = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

#[serverless_handler]
pub(crate) async fn handler(event: LambdaEvent<Streamed>) -> Result<StreamResponse<Chunks>, Error> {
    let pen = Pen::from_env(&event.context.request_id)?;
    spawn_tracked!(effect(pen.clone(), "tracked", 20));
    after_response!(effect(pen.clone(), "after_response", 50));
    Ok(StreamResponse::from(chunks(pen, event.payload)))
}

/// A chunk every 50 ms. Each starts a task, which takes longer than the stream goes on.
fn chunks(pen: Pen, streamed: Streamed) -> Chunks {
    stream::unfold(0, move |count| {
        let pen = pen.clone();
        async move {
            sleep(Duration::from_millis(50)).await;
            let name = ["chunk 0", "chunk 1", "chunk 2", "chunk 3"].get(count)?;
            match (streamed, count) {
                (Streamed::Fails, 2) => return Some((Err("no more".into()), 4)),
                (Streamed::Panics, 2) => panic!("the stream panics"),
                (Streamed::Hangs, 2) => {
                    let token = Scope::current().cancellation_token();
                    token.cancelled().await;
                    pen.write("told", Phase::Done).await.ok()?;
                    std::future::pending::<()>().await;
                }
                _ => {}
            }
            spawn_tracked!(effect(pen, name, 300));
            Some((Ok(Bytes::from_static(b"chunk;")), count + 1))
        }
    })
    .boxed()
}

/// For `run_http`.
#[serverless_handler]
pub(crate) async fn page(request: Request) -> Result<Response<Body>, Error> {
    let pen = Pen::from_env(&request.lambda_context().request_id)?;
    spawn_tracked!(effect(pen.clone(), "tracked", 50));
    wait_until!(effect(pen, "wait_until", 150));
    Ok(Response::new("page".into()))
}

/// For `run_http_streaming`.
#[serverless_handler(on_error = log)]
pub(crate) async fn pages(
    request: Request,
) -> Result<
    Response<StreamBody<impl Stream<Item = Result<Frame<Bytes>, Error>> + Unpin + Send>>,
    Infallible,
> {
    let pen = Pen::from_env(&request.lambda_context().request_id).expect("a recorder");
    let frames = chunks(pen, Streamed::Whole).map(|chunk| chunk.map(Frame::data));
    Ok(Response::new(StreamBody::new(frames)))
}
