//! The tap between function and simulator: forwards everything, notes when what passed.

use std::{collections::HashMap, io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, Uri, uri::PathAndQuery},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, sync::watch, task::AbortHandle};

use super::http::{self, HttpClient};
use crate::clock::Stamp;

/// A running tap; it ends when dropped.
pub(super) struct Tap {
    address: SocketAddr,
    seen: watch::Receiver<Seen>,
    server: AbortHandle,
}

impl Tap {
    /// Opens a tap on a free port of loopback, in front of `simulator`.
    pub(super) async fn open(simulator: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (seen, receiver) = watch::channel(Seen::default());
        let tap = Arc::new(Forward {
            simulator,
            client: http::client(),
            seen,
        });
        let app = Router::new().fallback(forward).with_state(tap);
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self {
            address,
            seen: receiver,
            server: server.abort_handle(),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the tap has seen, to look at or to wait on.
    pub(super) fn seen(&self) -> watch::Receiver<Seen> {
        self.seen.clone()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What has passed the tap.
#[derive(Debug, Default)]
pub(super) struct Seen {
    initialized: bool,
    current: Option<String>,
    invocations: HashMap<String, Sighting>,
}

/// What has passed the tap of one invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sighting {
    pub(super) received: Option<Stamp>,
    pub(super) answered: Option<Stamp>,
    pub(super) next_polled: Option<Stamp>,
}

impl Seen {
    /// Whether the function has asked for its first event.
    pub(super) fn initialized(&self) -> bool {
        self.initialized
    }

    pub(super) fn of(&self, request_id: &str) -> Sighting {
        self.invocations
            .get(request_id)
            .copied()
            .unwrap_or_default()
    }

    fn asked_for_next(&mut self, at: Stamp) {
        self.initialized = true;
        let Some(id) = &self.current else { return };
        let sighting = self.invocations.entry(id.clone()).or_default();
        // A poll that comes before the answer ends nothing.
        if sighting.answered.is_some() {
            sighting.next_polled = Some(at);
            self.current = None;
        }
    }

    fn delivered(&mut self, request_id: &str, at: Stamp) {
        self.current = Some(request_id.to_owned());
        self.invocations
            .entry(request_id.to_owned())
            .or_default()
            .received = Some(at);
    }

    fn answered(&mut self, request_id: &str, at: Stamp) {
        let sighting = self.invocations.entry(request_id.to_owned()).or_default();
        sighting.answered.get_or_insert(at);
    }
}

struct Forward {
    simulator: SocketAddr,
    client: HttpClient,
    seen: watch::Sender<Seen>,
}

/// The calls of the Runtime API that an invocation consists of.
enum Call<'a> {
    Next,
    Answer(&'a str),
    Other,
}

impl<'a> Call<'a> {
    fn of(method: &Method, path: &'a str) -> Self {
        let Some(rest) = path.strip_prefix("/2018-06-01/runtime/invocation/") else {
            return Self::Other;
        };
        match (method, rest.split_once('/')) {
            (&Method::GET, None) if rest == "next" => Self::Next,
            (&Method::POST, Some((id, "response" | "error"))) => Self::Answer(id),
            _ => Self::Other,
        }
    }
}

async fn forward(State(tap): State<Arc<Forward>>, mut request: Request) -> Response {
    let now = Stamp::now();
    let call = Call::of(request.method(), request.uri().path());
    match &call {
        Call::Next => tap.seen.send_modify(|seen| seen.asked_for_next(now)),
        Call::Answer(id) => tap.seen.send_modify(|seen| seen.answered(id, now)),
        Call::Other => {}
    }
    let is_next = matches!(call, Call::Next);

    let path = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    match format!("http://{}{path}", tap.simulator).parse::<Uri>() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
    let response = match tap.client.request(request).await {
        Ok(response) => response,
        Err(error) => return (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    };
    let id = response.headers().get("lambda-runtime-aws-request-id");
    if let Some(id) = id.and_then(|id| id.to_str().ok()).filter(|_| is_next) {
        tap.seen
            .send_modify(|seen| seen.delivered(id, Stamp::now()));
    }
    response.map(Body::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_ends_an_invocation_only_after_its_answer() {
        let mut seen = Seen::default();
        assert!(!seen.initialized());
        seen.asked_for_next(Stamp::now());
        assert!(seen.initialized());
        seen.delivered("a", Stamp::now());
        seen.asked_for_next(Stamp::now());
        assert_eq!(seen.of("a").next_polled, None, "not answered yet");
        seen.answered("a", Stamp::now());
        seen.asked_for_next(Stamp::now());
        let ended = seen.of("a");
        assert!(ended.received <= ended.answered && ended.answered <= ended.next_polled);
        assert!(ended.next_polled.is_some());
    }

    #[test]
    fn a_next_belongs_to_the_invocation_before_it() {
        let mut seen = Seen::default();
        seen.delivered("a", Stamp::now());
        seen.answered("a", Stamp::now());
        seen.asked_for_next(Stamp::now());
        let ended = seen.of("a");
        seen.delivered("b", Stamp::now());
        seen.answered("b", Stamp::now());
        assert_eq!(seen.of("b").next_polled, None);
        seen.asked_for_next(Stamp::now());
        assert_eq!(seen.of("a"), ended);
    }

    #[test]
    fn calls_are_told_apart() {
        let path = |rest: &str| format!("/2018-06-01/runtime/invocation/{rest}");
        assert!(matches!(Call::of(&Method::GET, &path("next")), Call::Next));
        for verb in ["response", "error"] {
            let path = path(&format!("some-id/{verb}"));
            assert!(matches!(
                Call::of(&Method::POST, &path),
                Call::Answer("some-id")
            ));
        }
        for other in [
            "/2018-06-01/runtime/init/error",
            "/2020-01-01/extension/register",
        ] {
            assert!(matches!(Call::of(&Method::POST, other), Call::Other));
        }
    }
}
