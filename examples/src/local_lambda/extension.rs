//! The extension that holds the freeze back until the function has asked for its next event.

use std::{error::Error, net::SocketAddr};

use axum::{
    body::{self, Body},
    http::{Method, Request, Response, request},
};
use serde::Deserialize;
use tokio::{sync::watch, task::AbortHandle};

use super::{
    http::{self, HttpClient},
    tap::Seen,
};

type BoxError = Box<dyn Error + Send + Sync>;

const API: &str = "2020-01-01/extension";
const ID_HEADER: &str = "Lambda-Extension-Identifier";

/// A registered extension; it ends when dropped.
pub(super) struct Extension {
    task: AbortHandle,
    failed: watch::Receiver<Option<String>>,
}

impl Extension {
    /// Registers for INVOKE, which is possible only before the function's first `GET /next`, and
    /// follows the invocations from then on.
    pub(super) async fn register(
        simulator: SocketAddr,
        seen: watch::Receiver<Seen>,
    ) -> Result<Self, BoxError> {
        let client = http::client();
        let request = call(simulator, Method::POST, "register")
            .header("Lambda-Extension-Name", "freeze-after-next")
            .header("Content-Type", "application/json")
            .body(Body::from(r#"{"events":["INVOKE"]}"#))?;
        let response = success(client.request(request).await?)?;
        let id = response
            .headers()
            .get(ID_HEADER)
            .ok_or("the simulator gave the extension no identifier")?
            .to_str()?
            .to_owned();

        let (report, failed) = watch::channel(None);
        let task = tokio::spawn(async move {
            if let Err(error) = follow(&client, simulator, &id, seen).await {
                report.send_replace(Some(error.to_string()));
            }
        });
        Ok(Self {
            task: task.abort_handle(),
            failed,
        })
    }

    /// Resolves, with the reason, if the extension fails.
    pub(super) async fn failed(&mut self) -> String {
        match self.failed.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "the extension's task has ended".to_owned(),
        }
    }
}

impl Drop for Extension {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invoke {
    request_id: String,
}

/// Polling for the next event is how an extension says that it is done with the last one.
async fn follow(
    client: &HttpClient,
    simulator: SocketAddr,
    id: &str,
    mut seen: watch::Receiver<Seen>,
) -> Result<(), BoxError> {
    loop {
        let request = call(simulator, Method::GET, "event/next")
            .header(ID_HEADER, id)
            .body(Body::empty())?;
        let response = success(client.request(request).await?)?;
        let event = body::to_bytes(Body::new(response.into_body()), usize::MAX).await?;
        let Invoke { request_id } = serde_json::from_slice(&event)?;
        seen.wait_for(|seen| seen.of(&request_id).next_polled.is_some())
            .await?;
    }
}

fn call(simulator: SocketAddr, method: Method, path: &str) -> request::Builder {
    Request::builder()
        .method(method)
        .uri(format!("http://{simulator}/{API}/{path}"))
}

fn success<B>(response: Response<B>) -> Result<Response<B>, BoxError> {
    let status = response.status();
    if status.is_success() {
        Ok(response)
    } else {
        Err(format!("the simulator answered the extension with {status}").into())
    }
}
