//! The function's process.

use std::{
    collections::HashMap,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    task::JoinSet,
};

/// How long the end of an ended process's output is waited for.
const LOG_TIMEOUT: Duration = Duration::from_secs(1);

/// A running function; it is killed when dropped.
pub(super) struct Function {
    child: Child,
    id: u32,
    log: Log,
    readers: JoinSet<()>,
}

impl Function {
    pub(super) fn spawn(binary: &Path, env: &HashMap<String, String>) -> io::Result<Self> {
        let mut child = Command::new(binary)
            .envs(env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let id = child
            .id()
            .ok_or_else(|| io::Error::other("a process that just started has no id"))?;
        let log = Log::default();
        let mut readers = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(log.clone().collect(stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.spawn(log.clone().collect(stderr));
        }
        Ok(Self {
            child,
            id,
            log,
            readers,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Resolves when the process ends by itself.
    pub(super) async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// SIGKILL, which also ends a frozen process; then waits until it is gone.
    pub(super) async fn kill(&mut self) -> io::Result<()> {
        if self.has_ended() {
            return Ok(());
        }
        self.child.kill().await
    }

    /// Whether the process has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// What the function has printed so far, stdout and stderr together, as in a Lambda's log.
    pub(super) fn log(&self) -> String {
        self.log.text()
    }

    /// What the function has printed, to the last byte; for one that has ended.
    pub(super) async fn whole_log(&mut self) -> String {
        let ends = async { while self.readers.join_next().await.is_some() {} };
        // A child that it left behind may still hold its stdout: then what there is has to do.
        let _ = tokio::time::timeout(LOG_TIMEOUT, ends).await;
        self.log()
    }

    /// Resolves when the process has really stopped, all its threads included (or has ended): a
    /// SIGSTOP takes effect some time after it was sent.
    #[cfg(target_os = "linux")]
    pub(super) async fn stopped(&self) -> io::Result<()> {
        use nix::{
            sys::wait::{Id, WaitPidFlag, waitid},
            unistd::Pid,
        };
        let pid = i32::try_from(self.id).map_err(io::Error::other)?;
        // `WNOWAIT` leaves the exit status to tokio.
        let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        let wait = move || waitid(Id::Pid(Pid::from_raw(pid)), flags);
        tokio::task::spawn_blocking(wait)
            .await
            .map_err(io::Error::other)??;
        Ok(())
    }

    /// Other systems have no way to wait for it without taking the exit status away from tokio.
    #[cfg(not(target_os = "linux"))]
    pub(super) async fn stopped(&self) -> io::Result<()> {
        Ok(())
    }
}

/// What a process has printed so far.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Reads `stream` to its end, which comes with the process's.
    async fn collect(self, mut stream: impl AsyncRead + Unpin) {
        let mut chunk = Vec::with_capacity(4096);
        while let Ok(1..) = stream.read_buf(&mut chunk).await {
            self.lock().append(&mut chunk);
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock()).into_owned()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
