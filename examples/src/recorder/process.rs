//! The harness's handle on the recorder's process.

use std::{io, net::SocketAddr, path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::{Ask, Mark, client};

/// A running recorder; it is killed when dropped, and ends by itself if this process disappears.
pub struct Recorder {
    address: SocketAddr,
    child: Child,
}

impl Recorder {
    /// Starts `binary`, the binary `side-effects` of this package.
    pub async fn start(binary: &Path) -> io::Result<Self> {
        let mut child = Command::new(binary)
            // Held open: its end tells the recorder that this process is gone.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut first_line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut first_line).await?;
        }
        let address = first_line.trim().parse().map_err(|_| {
            io::Error::other(format!("the recorder gave no address but `{first_line}`"))
        })?;
        Ok(Self { address, child })
    }

    /// Where it listens: what a function needs in [`ADDRESS_VARIABLE`](super::ADDRESS_VARIABLE).
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The whole record so far, in the order of arrival.
    pub async fn record(&self) -> io::Result<Vec<Mark>> {
        client::ask(self.address, &Ask::Record).await
    }

    /// Ends the recorder and waits until it is gone.
    pub async fn stop(mut self) -> io::Result<()> {
        self.child.kill().await
    }
}
