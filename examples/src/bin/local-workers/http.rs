//! As much of HTTP/1.1 as measuring answers takes: one connection that is kept open.

use std::{
    io::{BufRead as _, BufReader, Error, Read as _, Result, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) elapsed: Duration,
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request, and does not wait for its answer.
    pub(crate) fn send(&mut self, path: &str) -> Result<()> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: worker\r\n\r\n");
        self.stream.get_mut().write_all(request.as_bytes())
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        let started = Instant::now();
        self.send(path)?;
        let status = self
            .line()?
            .split(' ')
            .nth(1)
            .and_then(|it| it.parse().ok());
        let status = status.ok_or_else(|| Error::other("no status"))?;
        let mut length = None;
        let mut chunked = false;
        loop {
            let header = self.line()?.to_ascii_lowercase();
            match header.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().ok(),
                Some(("transfer-encoding", value)) => chunked = value == "chunked",
                Some(_) => {}
                None => break,
            }
        }
        let mut body = Vec::new();
        if chunked {
            while let Ok(size @ 1..) = usize::from_str_radix(&self.line()?, 16) {
                self.read(size, &mut body)?;
                self.line()?;
            }
            self.line()?;
        } else {
            self.read(length.unwrap_or(0), &mut body)?;
        }
        Ok(Answer {
            status,
            body: String::from_utf8_lossy(&body).into_owned(),
            elapsed: started.elapsed(),
        })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(Error::other("the connection was closed"));
        }
        Ok(line.trim_end().to_owned())
    }

    fn read(&mut self, size: usize, into: &mut Vec<u8>) -> Result<()> {
        let start = into.len();
        into.resize(start + size, 0);
        self.stream.read_exact(&mut into[start..])
    }
}

/// One request on a connection of its own.
pub(crate) fn get(from: SocketAddr, path: &str) -> Result<Answer> {
    Client::connect(from)?.get(&path.replace(' ', "%20"))
}
