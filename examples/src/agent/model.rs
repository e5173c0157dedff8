//! A stand-in for a model: the wire format of OpenAI's chat completions, and two answers.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle, time::sleep};

/// How long it thinks.
const THINKING: Duration = Duration::from_millis(30);

/// A running stand-in; it ends when dropped.
pub struct StandIn {
    address: SocketAddr,
    server: AbortHandle,
}

impl StandIn {
    /// Opens one on a free port of loopback.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let app = Router::new().route("/v1/chat/completions", post(complete));
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self {
            address,
            server: server.abort_handle(),
        })
    }

    /// What a function needs in [`MODEL_VARIABLE`](super::MODEL_VARIABLE).
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn complete(Json(request): Json<Value>) -> Json<Value> {
    sleep(THINKING).await;
    let messages = request["messages"].as_array();
    let last = messages.and_then(|messages| messages.last());
    let found = last.filter(|message| message["role"] == "tool");
    let (reason, message) = match found {
        Some(found) => ("stop", answer(&found["content"])),
        None => ("tool_calls", call()),
    };
    Json(json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [{ "index": 0, "message": message, "finish_reason": reason }],
        "usage": { "prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30 },
    }))
}

fn answer(found: &Value) -> Value {
    json!({ "role": "assistant", "content": format!("I looked: {found}") })
}

fn call() -> Value {
    json!({
        "role": "assistant",
        "content": null,
        "tool_calls": [{
            "id": "call_1",
            "type": "function",
            "function": { "name": "find_order", "arguments": r#"{"id":"7"}"# },
        }],
    })
}
