//! What can go wrong with a function.

use std::{error::Error, fmt, io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why a function could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The simulator checks a condition and then waits for its change: on a runtime with several
    /// threads it can lose the wake-up in between.
    NeedsCurrentThreadRuntime,
    /// The simulator, the tap or the extension could not be set up.
    Setup(Box<dyn Error + Send + Sync>),
    /// The binary could not be run.
    Spawn(PathBuf, io::Error),
    /// The function did not ask for its first event: it ended, or time ran out.
    Init {
        /// How it ended; `None` if it was still running.
        status: Option<ExitStatus>,
        /// What the function had printed.
        log: String,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsCurrentThreadRuntime => {
                f.write_str("LocalLambda needs a tokio runtime of the flavor `current_thread`")
            }
            Self::Setup(error) => write!(f, "the local Lambda could not be set up: {error}"),
            Self::Spawn(path, error) => write!(f, "could not run {}: {error}", path.display()),
            Self::Init { status, log } => {
                f.write_str("the function did not ask for its first event: ")?;
                match status {
                    Some(status) => write!(f, "it ended ({status})")?,
                    None => f.write_str("time ran out")?,
                }
                write_log(f, log)
            }
        }
    }
}

impl Error for StartError {}

/// What an invocation was waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The function had not asked for the event.
    Delivery,
    /// The function had the event and had not answered.
    Answer,
    /// The function had answered and not come back for the next event.
    Next,
    /// The function had done its part; the environment was to be frozen.
    Freeze,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delivery => "the function to take the event",
            Self::Answer => "the function's answer",
            Self::Next => "the function's GET /next after its answer",
            Self::Freeze => "the freeze",
        })
    }
}

/// Why an invocation did not go the whole way. The environment is over then, as on Lambda: its
/// process has ended or been killed.
#[derive(Debug)]
pub enum InvokeError {
    /// Time ran out, and the function was killed.
    TimedOut {
        /// The invocation's request id.
        request_id: String,
        /// The time that it had.
        timeout: Duration,
        /// What was still missing.
        waiting: Waiting,
        /// What the function had printed.
        log: String,
    },
    /// The function's process ended.
    Exited {
        /// The invocation's request id.
        request_id: String,
        /// How it ended.
        status: ExitStatus,
        /// What was still missing.
        waiting: Waiting,
        /// What the function had printed.
        log: String,
    },
    /// An earlier invocation ended the environment.
    EnvironmentOver,
    /// The local Lambda itself failed.
    Harness(String),
}

impl fmt::Display for InvokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut {
                request_id,
                timeout,
                waiting,
                log,
            } => {
                write!(
                    f,
                    "invocation {request_id} timed out after {timeout:?}, waiting for {waiting}"
                )?;
                write_log(f, log)
            }
            Self::Exited {
                request_id,
                status,
                waiting,
                log,
            } => {
                write!(
                    f,
                    "the function ended ({status}) during invocation {request_id}, \
                     which was waiting for {waiting}"
                )?;
                write_log(f, log)
            }
            Self::EnvironmentOver => f.write_str("this environment is over: start a new one"),
            Self::Harness(error) => write!(f, "the local Lambda failed: {error}"),
        }
    }
}

impl Error for InvokeError {}

fn write_log(f: &mut fmt::Formatter<'_>, log: &str) -> fmt::Result {
    if log.is_empty() {
        f.write_str("; it printed nothing")
    } else {
        write!(f, "; it printed:\n{}", log.trim_end())
    }
}
