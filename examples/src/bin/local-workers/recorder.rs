//! Side effects, written down outside of the workers: a `GET` of any path is one, counted by path.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

#[derive(Clone)]
pub(crate) struct Recorder {
    address: SocketAddr,
    seen: Arc<Mutex<HashMap<String, Vec<Instant>>>>,
}

impl Recorder {
    /// Listens on loopback until the process ends.
    pub(crate) fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let recorder = Self {
            address: listener.local_addr()?,
            seen: Arc::default(),
        };
        let writer = recorder.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let writer = writer.clone();
                // A thousand at once are expected, and each needs little.
                let serve = move || drop(writer.serve(stream));
                let _ = thread::Builder::new().stack_size(64 << 10).spawn(serve);
            }
        });
        Ok(recorder)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        while let Some(request) = lines.next() {
            let request = request?;
            // No side effect has a body: the headers end the request.
            for header in lines.by_ref() {
                if header?.is_empty() {
                    break;
                }
            }
            let path = request.split(' ').nth(1).unwrap_or("").replace("%20", " ");
            self.seen().entry(path).or_default().push(Instant::now());
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
        }
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Vec<Instant>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often `effect` has happened.
    pub(crate) fn count(&self, effect: &str) -> usize {
        self.seen().get(effect).map_or(0, Vec::len)
    }

    /// When `effect` last happened.
    pub(crate) fn last(&self, effect: &str) -> Option<Instant> {
        self.seen().get(effect)?.last().copied()
    }

    /// Waits until `effect` has happened `count` times; how often it has after at most `patience`.
    pub(crate) fn wait(&self, effect: &str, count: usize, patience: Duration) -> usize {
        let started = Instant::now();
        while self.count(effect) < count && started.elapsed() < patience {
            thread::sleep(Duration::from_millis(2));
        }
        self.count(effect)
    }
}
