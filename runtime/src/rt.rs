//! The one seam to the platform: tasks, threads, time.
//!
//! On native targets it is tokio, always. Nothing else in the crate names tokio's runtime.

pub use tokio::time::Instant;
pub(crate) use tokio::{
    runtime::Handle,
    task::{AbortHandle, JoinHandle, spawn, spawn_blocking},
    time::{Sleep, sleep, sleep_until, timeout_at},
};
