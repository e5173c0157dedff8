//! A function binary against a [`RuntimeApi`].

use std::{
    path::Path,
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use tethered_examples::recorder::{ADDRESS_VARIABLE, Mark, Phase, Recorder};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::runtime_api::RuntimeApi;

/// Longer than any function of the tests runs on.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running function with its API and its recorder; all end when dropped.
pub struct Function {
    /// What it speaks with.
    pub api: RuntimeApi,
    recorder: Recorder,
    child: Child,
}

impl Function {
    /// Starts `binary` with `mode`, against `api`.
    pub async fn start(
        api: RuntimeApi,
        binary: &str,
        recorder: &str,
        env: &[(&str, &str)],
    ) -> Self {
        let recorder = Recorder::start(Path::new(recorder)).await.unwrap();
        let child = Command::new(binary)
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("RUST_BACKTRACE", "0")
            .env(ADDRESS_VARIABLE, recorder.address().to_string())
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            api,
            recorder,
            child,
        }
    }

    /// Sends SIGTERM.
    pub async fn terminate(&self) {
        let id = self.child.id().expect("it still runs").to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(killed.unwrap().success());
    }

    /// Waits for its end; yields how it ended and what it printed.
    pub async fn ended(self) -> (ExitStatus, String) {
        let ending = timeout(PATIENCE, self.child.wait_with_output()).await;
        let Output {
            status,
            stdout,
            stderr,
        } = ending.expect("it ends").unwrap();
        let log = [stdout, stderr].concat();
        (status, String::from_utf8_lossy(&log).into_owned())
    }

    /// Kills it; yields what it printed.
    pub async fn killed(mut self) -> String {
        self.child.start_kill().unwrap();
        self.ended().await.1
    }

    /// The record so far.
    pub async fn record(&self) -> Vec<Mark> {
        self.recorder.record().await.unwrap()
    }

    /// The only mark of `name` at `phase` in the invocation `id`, if there is one.
    pub async fn at(&self, id: &str, name: &str, phase: Phase) -> Option<Mark> {
        let record = self.record().await;
        let mut marks = record
            .into_iter()
            .filter(|mark| mark.request_id == id && mark.name == name && mark.phase == phase);
        let mark = marks.next();
        assert!(marks.next().is_none(), "{name} twice");
        mark
    }

    /// Reads the record until `found` finds what it looks for.
    pub async fn until<T>(&self, found: impl Fn(&[Mark]) -> Option<T>) -> T {
        let reading = async {
            loop {
                if let Some(found) = found(&self.record().await) {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        };
        if let Ok(found) = timeout(PATIENCE, reading).await {
            return found;
        }
        panic!("not in {:?}", self.record().await)
    }

    /// Waits until `name` is done.
    pub async fn until_done(&self, id: &str, name: &str) -> Mark {
        let is_it =
            |mark: &&Mark| mark.request_id == id && mark.name == name && mark.phase == Phase::Done;
        self.until(|record| record.iter().find(is_it).cloned())
            .await
    }

    /// The same where there has to be one.
    pub async fn done(&self, id: &str, name: &str) -> Mark {
        let mark = self.at(id, name, Phase::Done).await;
        mark.unwrap_or_else(|| panic!("{name} is not done"))
    }
}
