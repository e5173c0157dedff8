//! A Runtime API that does nothing but tell the time, with a thread for each connection.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// A request of any size that one sees often.
const PAYLOAD: &str = r#"{"version":"2.0","routeKey":"GET /orders/{id}","rawPath":"/orders/17","headers":{"accept":"*/*","host":"api.example"},"pathParameters":{"id":"17"},"isBase64Encoded":false}"#;

const PATIENCE: Duration = Duration::from_secs(10);

/// What has happened on the wire, and when.
enum Seen {
    Delivered(Instant),
    Answered(Instant),
    Next(Instant),
}

/// One function, which is killed when this is dropped.
pub(crate) struct Api {
    function: Child,
    events: Sender<()>,
    seen: Receiver<Seen>,
}

impl Api {
    /// One of this binary's own functions.
    pub(crate) fn start(function: &str) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        Self::spawn(command.env("FUNCTION", function)).map(|(api, _)| api)
    }

    /// Any function; with the microseconds from its start to its first `GET /next`.
    pub(crate) fn spawn(function: &mut Command) -> io::Result<(Self, f64)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let started = Instant::now();
        let function = function
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .stdin(Stdio::null())
            .spawn()?;
        let (events, delivered) = channel();
        let (tell, seen) = channel();
        let delivered = Arc::new(Mutex::new(delivered));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (delivered, tell) = (Arc::clone(&delivered), tell.clone());
                // Its end is the function's.
                thread::spawn(move || converse(&stream, &delivered, &tell));
            }
        });
        let api = Self {
            function,
            events,
            seen,
        };
        let took = api.next()?.duration_since(started);
        Ok((api, took.as_secs_f64() * 1e6))
    }

    /// From the event to its answer, in microseconds.
    pub(crate) fn latency(&mut self) -> io::Result<f64> {
        self.invoke().map(|(latency, _)| latency)
    }

    /// From the event to the function's asking for the next one, in microseconds.
    pub(crate) fn cycle(&mut self) -> io::Result<f64> {
        self.invoke().map(|(_, cycle)| cycle)
    }

    fn invoke(&self) -> io::Result<(f64, f64)> {
        self.events.send(()).map_err(io::Error::other)?;
        let (Seen::Delivered(delivered), Seen::Answered(answered)) = (self.wait()?, self.wait()?)
        else {
            return Err(io::Error::other("an answer without an event"));
        };
        let next = self.next()?;
        let micros = |at: Instant| at.duration_since(delivered).as_secs_f64() * 1e6;
        Ok((micros(answered), micros(next)))
    }

    fn next(&self) -> io::Result<Instant> {
        match self.wait()? {
            Seen::Next(at) => Ok(at),
            _ => Err(io::Error::other("something else before GET /next")),
        }
    }

    fn wait(&self) -> io::Result<Seen> {
        self.seen.recv_timeout(PATIENCE).map_err(io::Error::other)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.function.kill();
        let _ = self.function.wait();
    }
}

fn converse(
    stream: &TcpStream,
    events: &Mutex<Receiver<()>>,
    tell: &Sender<Seen>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        let mut header = String::new();
        while {
            header.clear();
            reader.read_line(&mut header)? > 2
        } {
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        reader.read_exact(&mut vec![0; length])?;
        let at = Instant::now();
        if line.contains("/invocation/next") {
            tell.send(Seen::Next(at))?;
            events.lock().map_err(|_| "poisoned")?.recv()?;
            let answer = format!(
                "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: it\r\n\
                 lambda-runtime-deadline-ms: {}\r\ncontent-length: {}\r\n\r\n{PAYLOAD}",
                deadline()?,
                PAYLOAD.len()
            );
            tell.send(Seen::Delivered(Instant::now()))?;
            writer.write_all(answer.as_bytes())?;
        } else if line.contains("/register") {
            writer.write_all(
                b"HTTP/1.1 200 OK\r\nlambda-extension-identifier: it\r\ncontent-length: 0\r\n\r\n",
            )?;
        } else if line.contains("/event/next") {
            // Until the function ends.
            reader.read_line(&mut line)?;
        } else {
            tell.send(Seen::Answered(at))?;
            writer.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
        }
    }
}

fn deadline() -> Result<u128, std::time::SystemTimeError> {
    let at = std::time::SystemTime::now() + Duration::from_secs(60);
    Ok(at.duration_since(std::time::UNIX_EPOCH)?.as_millis())
}
