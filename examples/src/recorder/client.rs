//! The functions' side of the wire.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt},
    net,
};

use super::{Ask, Phase};

/// The environment variable that tells a function where its recorder listens.
pub const ADDRESS_VARIABLE: &str = "SIDE_EFFECTS_RECORDER";

/// What one invocation writes to the recorder with.
#[derive(Clone, Debug)]
pub struct Pen {
    recorder: SocketAddr,
    request_id: Arc<str>,
}

impl Pen {
    /// A pen for one invocation, to the recorder that the environment names.
    pub fn from_env(request_id: &str) -> io::Result<Self> {
        let address = env::var(ADDRESS_VARIABLE)
            .map_err(|error| io::Error::other(format!("{ADDRESS_VARIABLE}: {error}")))?;
        Ok(Self {
            recorder: address.parse().map_err(io::Error::other)?,
            request_id: request_id.into(),
        })
    }

    /// Writes one line; returns when the recorder has acknowledged it.
    pub async fn write(&self, name: &str, phase: Phase) -> io::Result<()> {
        let true = ask(self.recorder, &self.line(name, phase)).await? else {
            return Err(refused());
        };
        Ok(())
    }

    /// [`write`](Pen::write) for a thread that may block.
    pub fn write_blocking(&self, name: &str, phase: Phase) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.recorder)?;
        stream.write_all(&encode(&self.line(name, phase))?)?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        let true = serde_json::from_str(&answer)? else {
            return Err(refused());
        };
        Ok(())
    }

    fn line(&self, name: &str, phase: Phase) -> Ask {
        Ask::Write {
            request_id: self.request_id.as_ref().to_owned(),
            name: name.to_owned(),
            phase,
        }
    }
}

/// Asks on a connection of its own, so that no side effect waits for another one's.
pub(super) async fn ask<T: DeserializeOwned>(recorder: SocketAddr, ask: &Ask) -> io::Result<T> {
    let mut stream = tokio::io::BufReader::new(net::TcpStream::connect(recorder).await?);
    stream.write_all(&encode(ask)?).await?;
    let mut answer = String::new();
    stream.read_line(&mut answer).await?;
    Ok(serde_json::from_str(&answer)?)
}

fn encode(ask: &Ask) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(ask)?;
    line.push(b'\n');
    Ok(line)
}

fn refused() -> io::Error {
    io::Error::other("the recorder did not acknowledge")
}
