//! A Runtime API that a test tells what to answer, and that writes down what it was asked.
//!
//! It speaks plain HTTP/1.1 over a socket of its own, so that it can do what no well-behaved server
//! does: answer with anything, break off, or never answer.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tethered_examples::clock::Stamp;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::AbortHandle,
    time::timeout,
};

/// Longer than anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the API is asked, by the end of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// `GET /restore/next`, which SnapStart answers in the restored environment.
    Restore,
    /// `GET /next`
    Next,
    /// `POST /response`
    Response,
    /// `POST /error`
    Error,
    /// `POST /register`, of an extension.
    Register,
    /// `GET /event/next`, of an extension.
    ExtensionNext,
}

/// How the API answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// As Lambda does.
    Well,
    /// With this status and nothing else.
    Status(u16),
    /// It closes the connection instead.
    Close,
    /// It closes the connection once it has read this many chunks of the body.
    CloseAfter(usize),
    /// Not at all.
    Never,
}

/// What the API was asked.
#[derive(Clone, Debug)]
pub struct Call {
    /// What for.
    pub ask: Ask,
    /// Of which invocation.
    pub request_id: String,
    /// When the head had arrived.
    pub began: Stamp,
    /// When the body had arrived.
    pub at: Stamp,
    /// The body.
    pub body: String,
    /// When each chunk of a streamed body had arrived.
    pub chunks: Vec<Stamp>,
}

/// An event to be delivered.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its request id.
    pub id: String,
    /// Its JSON.
    pub payload: String,
    /// The header's value.
    pub deadline_ms: String,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    replies: HashMap<Ask, Reply>,
    calls: Vec<Call>,
    /// The events that were handed out, by their ids, and when.
    delivered: Vec<(String, Stamp)>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// A running API; it ends when dropped.
pub struct RuntimeApi {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: AbortHandle,
}

impl RuntimeApi {
    /// Listens on a free port of loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::<Shared>::default();
        let serving = Arc::clone(&shared);
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                // A connection that breaks is the function's business.
                tokio::spawn(async move { converse(stream, &shared).await });
            }
        });
        Self {
            address,
            shared,
            server: server.abort_handle(),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers to `ask` in this way from now on.
    pub fn reply(&self, ask: Ask, reply: Reply) {
        self.shared.lock().replies.insert(ask, reply);
    }

    /// Hands `payload` to the next who asks, with a deadline `timeout` from now.
    pub fn event(&self, id: &str, payload: &impl ToString, timeout: Duration) {
        let deadline = std::time::SystemTime::now() + timeout;
        let deadline = deadline.duration_since(std::time::UNIX_EPOCH).unwrap();
        self.event_until(id, payload, &deadline.as_millis().to_string());
    }

    /// The same with any header.
    pub fn event_until(&self, id: &str, payload: &impl ToString, deadline_ms: &str) {
        self.shared.lock().events.push_back(Event {
            id: id.to_owned(),
            payload: payload.to_string(),
            deadline_ms: deadline_ms.to_owned(),
        });
        self.shared.changed.notify_waiters();
    }

    /// Everything that it was asked so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// How often it was asked so far.
    pub fn count(&self, ask: Ask) -> usize {
        let state = self.shared.lock();
        state.calls.iter().filter(|call| call.ask == ask).count()
    }

    /// When the event was handed out.
    pub fn delivered(&self, id: &str) -> Option<Stamp> {
        let state = self.shared.lock();
        let mut delivered = state.delivered.iter();
        delivered.find(|(other, _)| other == id).map(|(_, at)| *at)
    }

    /// Waits until `found` finds what it looks for among the calls.
    pub async fn wait<T>(&self, mut found: impl FnMut(&[Call]) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let changed = self.shared.changed.notified();
                if let Some(found) = found(&self.shared.lock().calls) {
                    return found;
                }
                changed.await;
            }
        };
        let found = timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("not among {:?}", self.calls()))
    }

    /// Waits for the answer to the event `id`.
    pub async fn answer(&self, id: &str) -> Call {
        self.wait(|calls| {
            let is_answer = |call: &&Call| {
                matches!(call.ask, Ask::Response | Ask::Error) && call.request_id == id
            };
            calls.iter().find(is_answer).cloned()
        })
        .await
    }

    /// Waits for the `count`th `GET /next`.
    pub async fn next(&self, count: usize) -> Call {
        self.wait(|calls| {
            let mut nexts = calls.iter().filter(|call| call.ask == Ask::Next);
            nexts.nth(count - 1).cloned()
        })
        .await
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Head {
    ask: Option<Ask>,
    request_id: String,
    length: Option<usize>,
}

async fn converse(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(head) = read_head(&mut stream).await? {
        let began = Stamp::now();
        let Some(ask) = head.ask else {
            return Ok(());
        };
        let reply = shared
            .lock()
            .replies
            .get(&ask)
            .copied()
            .unwrap_or(Reply::Well);
        let mut call = Call {
            ask,
            request_id: head.request_id,
            began,
            at: began,
            body: String::new(),
            chunks: Vec::new(),
        };
        let whole = read_body(&mut stream, head.length, reply, &mut call).await?;
        call.at = Stamp::now();
        shared.lock().calls.push(call);
        shared.changed.notify_waiters();
        if !whole {
            return Ok(());
        }
        match reply {
            Reply::Close | Reply::CloseAfter(_) => return Ok(()),
            Reply::Never => std::future::pending().await,
            Reply::Status(status) => {
                let answer = format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await?;
            }
            Reply::Well => {
                let answer = well(ask, shared).await;
                stream.write_all(answer.as_bytes()).await?;
            }
        }
    }
    Ok(())
}

async fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Head>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default();
    let mut segments = path.rsplit('/');
    let (last, before) = (segments.next(), segments.next().unwrap_or_default());
    let ask = match (last, before) {
        (Some("next"), "event") => Some(Ask::ExtensionNext),
        (Some("next"), "restore") => Some(Ask::Restore),
        (Some("next"), _) => Some(Ask::Next),
        (Some("response"), _) => Some(Ask::Response),
        (Some("error"), _) => Some(Ask::Error),
        (Some("register"), _) => Some(Ask::Register),
        _ => None,
    };
    let mut head = Head {
        ask,
        request_id: before.to_owned(),
        length: Some(0),
    };
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            return Ok(Some(head));
        }
        if let Some(length) = header.strip_prefix("content-length: ") {
            head.length = length.parse().ok();
        } else if header == "transfer-encoding: chunked" {
            head.length = None;
        }
    }
}

/// Reads the body; `false` where the connection is to be closed in the middle of it.
async fn read_body(
    stream: &mut BufReader<TcpStream>,
    length: Option<usize>,
    reply: Reply,
    call: &mut Call,
) -> io::Result<bool> {
    if let Some(length) = length {
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        call.body = String::from_utf8_lossy(&body).into_owned();
        return Ok(true);
    }
    loop {
        if reply == Reply::CloseAfter(call.chunks.len()) {
            return Ok(false);
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let length = usize::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; length + 2];
        stream.read_exact(&mut chunk).await?;
        if length == 0 {
            return Ok(true);
        }
        call.chunks.push(Stamp::now());
        call.body
            .push_str(&String::from_utf8_lossy(&chunk[..length]));
    }
}

async fn well(ask: Ask, shared: &Shared) -> String {
    match ask {
        Ask::Response | Ask::Error => {
            "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        Ask::Register => "HTTP/1.1 200 OK\r\nlambda-extension-identifier: it\r\n\
                          content-length: 2\r\n\r\n{}"
            .to_owned(),
        Ask::ExtensionNext => std::future::pending().await,
        Ask::Restore => "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(),
        Ask::Next => {
            let event = loop {
                let changed = shared.changed.notified();
                if let Some(event) = shared.lock().events.pop_front() {
                    break event;
                }
                changed.await;
            };
            let delivered = (event.id.clone(), Stamp::now());
            shared.lock().delivered.push(delivered);
            format!(
                "HTTP/1.1 200 OK\r\n\
                 lambda-runtime-aws-request-id: {}\r\n\
                 lambda-runtime-deadline-ms: {}\r\n\
                 lambda-runtime-invoked-function-arn: arn:aws:lambda:test\r\n\
                 content-type: application/json\r\n\
                 content-length: {}\r\n\r\n{}",
                event.id,
                event.deadline_ms,
                event.payload.len(),
                event.payload
            )
        }
    }
}
