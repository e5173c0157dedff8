//! Where traces go: an HTTP server, which a function's freeze does not touch, and its client.

use std::{
    env,
    error::Error,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Json, Router, body::Body, extract::State, http::Request, routing::post};
use tokio::{net::TcpListener, task::AbortHandle, time::sleep};

use super::{SINK_VARIABLE, Trace};
use crate::local_lambda::http::{HttpClient, client};

/// How long a trace is on its way: a service for traces is not as near as a server on loopback.
const DISTANCE: Duration = Duration::from_millis(60);

/// A running sink; it ends when dropped.
pub struct Sink {
    address: SocketAddr,
    traces: Received,
    server: AbortHandle,
}

type Received = Arc<Mutex<Vec<Trace>>>;

fn lock(traces: &Received) -> MutexGuard<'_, Vec<Trace>> {
    traces.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sink {
    /// Opens one on a free port of loopback.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let traces = Received::default();
        let receive = |State(traces): State<Received>, Json(trace): Json<Trace>| async move {
            lock(&traces).push(trace);
        };
        let app = Router::new()
            .route("/traces", post(receive))
            .with_state(traces.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self {
            address,
            traces,
            server: server.abort_handle(),
        })
    }

    /// What a function needs in [`SINK_VARIABLE`].
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/traces", self.address)
    }

    /// What it has received of one invocation, in the order of arrival.
    #[must_use]
    pub fn of(&self, request_id: &str) -> Vec<Trace> {
        let traces = lock(&self.traces);
        let own = traces.iter().filter(|trace| trace.request_id == request_id);
        own.cloned().collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The functions' side: sends traces to the sink that the environment names.
#[derive(Clone)]
pub struct Post {
    client: HttpClient,
    url: Arc<str>,
}

impl Post {
    /// To the sink of [`SINK_VARIABLE`].
    pub fn from_env() -> Result<Self, env::VarError> {
        Ok(Self {
            client: client(),
            url: env::var(SINK_VARIABLE)?.into(),
        })
    }

    /// Sends one; returns when the sink has acknowledged it.
    pub async fn send(self, trace: Trace) -> Result<(), Box<dyn Error + Send + Sync>> {
        sleep(DISTANCE).await;
        let request = Request::post(&*self.url)
            .header("content-type", "application/json")
            .body(Body::from(serde_json::to_vec(&trace)?))?;
        let status = self.client.request(request).await?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("the sink answered with {status}").into())
        }
    }
}
