//! The start of an environment.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use lambda_simulator::{FreezeMode, Simulator};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{
    environment::{LocalLambda, NEVER},
    error::StartError,
    extension::Extension,
    function::Function,
    tap::{Seen, Tap},
};

/// How long a function may take to ask for its first event, as on Lambda.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How a function is started.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `start`"]
pub struct Builder {
    binary: PathBuf,
    env: HashMap<String, String>,
}

impl LocalLambda {
    /// A function that is to run in an environment of its own.
    pub fn builder(binary: &Path) -> Builder {
        Builder {
            binary: binary.to_owned(),
            env: HashMap::new(),
        }
    }
}

impl Builder {
    /// Sets an environment variable of the function; it goes before Lambda's own.
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(key.into(), value.into());
        self
    }

    /// Starts the function and waits until it has asked for its first event.
    pub async fn start(self) -> Result<LocalLambda, StartError> {
        if Handle::current().runtime_flavor() != RuntimeFlavor::CurrentThread {
            return Err(StartError::NeedsCurrentThreadRuntime);
        }
        let name = self.binary.file_stem().unwrap_or_default();
        let simulator = Simulator::builder()
            .function_name(name.to_string_lossy())
            .freeze_mode(FreezeMode::Process)
            // It may not freeze before the extension is ready.
            .extension_ready_timeout(NEVER)
            .build()
            .await
            .map_err(|error| StartError::Setup(error.into()))?;
        let tap = Tap::open(simulator.addr())
            .await
            .map_err(|error| StartError::Setup(error.into()))?;
        let extension = Extension::register(simulator.addr(), tap.seen())
            .await
            .map_err(StartError::Setup)?;

        let mut env = simulator.lambda_env_vars();
        // Lambda's library path hides what a binary built on this machine may be linked to.
        env.remove("LD_LIBRARY_PATH");
        env.insert("AWS_LAMBDA_RUNTIME_API".into(), tap.address().to_string());
        env.extend(self.env);
        let mut function = Function::spawn(&self.binary, &env)
            .map_err(|error| StartError::Spawn(self.binary, error))?;
        simulator.register_freeze_pid(function.id());
        initialized(&mut function, &tap).await?;
        Ok(LocalLambda {
            function,
            extension,
            tap,
            simulator,
        })
    }
}

async fn initialized(function: &mut Function, tap: &Tap) -> Result<(), StartError> {
    let mut seen = tap.seen();
    let status = tokio::select! {
        Ok(_) = seen.wait_for(Seen::initialized) => return Ok(()),
        status = function.exited() => status.ok(),
        () = tokio::time::sleep(INIT_TIMEOUT) => None,
    };
    let _ = function.kill().await;
    let log = function.whole_log().await;
    Err(StartError::Init { status, log })
}
