//! The extension that makes Lambda send SIGTERM, and does nothing else.
//!
//! Lambda sends a function SIGTERM only where an extension is registered, one without events
//! included: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>.
//! `lambda-extension` does the same, with a server for logs and telemetry beside it.

use std::time::Duration;

use lambda_runtime::Error;
use lambda_runtime_api_client::{PooledClient, body::Body, build_request};

use crate::rt::{self, Instant};

const API: &str = "/2020-01-01/extension";
const ID: &str = "lambda-extension-identifier";

/// How long the API may take. A function that starts late is worse than one without SIGTERM.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long after a failed wait the next one begins.
const PAUSE: Duration = Duration::from_secs(1);

/// Registers the extension, which has to be before the function's first `GET /next`, and goes on to
/// wait for its events, of which there are none.
pub(super) async fn register() -> Result<(), Error> {
    let client = PooledClient::builder().build();
    let request = build_request()
        .method("POST")
        .uri(format!("{API}/register"))
        .header("lambda-extension-name", "tethered-shutdown")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"events":[]}"#))?;
    let registered = rt::timeout_at(Instant::now() + PATIENCE, client.call(request));
    let response = registered.await.map_err(|_| "no answer within 1 s")??;
    if !response.status().is_success() {
        return Err(format!("the answer was {}", response.status()).into());
    }
    let id = response.headers().get(ID).cloned();
    let id = id.ok_or("the answer has no identifier")?;
    rt::spawn(async move {
        // Lambda takes an extension that does not wait for one that is not ready. The connection
        // does not outlive a snapshot, so the wait begins again.
        loop {
            let request = build_request()
                .method("GET")
                .uri(format!("{API}/event/next"))
                .header(ID, &id)
                .body(Body::empty());
            let Ok(request) = request else { return };
            let _ = client.call(request).await;
            rt::sleep(PAUSE).await;
        }
    });
    Ok(())
}
