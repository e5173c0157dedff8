//! A stand-in for a collector.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value,
};
use prost::Message;
use tokio::{net::TcpListener, task::AbortHandle};

/// A span that has arrived.
struct Arrived {
    /// Its name.
    name: String,
    /// Its attribute of that name.
    request_id: String,
}

type Spans = Arc<Mutex<Vec<Arrived>>>;

/// Takes OTLP over HTTP and keeps what it gets; it ends when dropped.
pub(crate) struct Collector {
    address: SocketAddr,
    spans: Spans,
    server: AbortHandle,
}

impl Collector {
    /// Listens on a free port of loopback.
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let spans = Spans::default();
        let app = Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&spans));
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self {
            address,
            spans,
            server: server.abort_handle(),
        })
    }

    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The spans of an invocation that have arrived so far, by name.
    pub(crate) fn arrived(&self, request_id: &str) -> Vec<String> {
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = spans.iter().filter(|span| span.request_id == request_id);
        let mut names: Vec<_> = of_it.map(|span| span.name.clone()).collect();
        names.sort_unstable();
        names
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(spans): State<Spans>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let scopes = request
        .resource_spans
        .into_iter()
        .flat_map(|resource| resource.scope_spans);
    let arrived = scopes.flat_map(|scope| scope.spans).map(|span| {
        let mut attributes = span.attributes.into_iter();
        let request_id = attributes.find(|attribute| attribute.key == "request_id");
        let value = request_id.and_then(|attribute| attribute.value?.value);
        Arrived {
            name: span.name,
            request_id: match value {
                Some(Value::StringValue(id)) => id,
                _ => String::new(),
            },
        }
    });
    let mut spans = spans.lock().unwrap_or_else(PoisonError::into_inner);
    spans.extend(arrived);
    StatusCode::OK
}
