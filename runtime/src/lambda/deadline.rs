//! The deadline of an invocation, as its header tells it.

use std::{
    sync::Once,
    time::{Duration, SystemTime},
};

use lambda_runtime::Context;

use crate::{Drain, Host, log};

/// The longest that an invocation may last.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// A header that is further from the wall clock than this, in either direction, is no deadline:
/// `cargo lambda watch` sends ten minutes past midnight of the first of January 1970.
const CREDIBLE: Duration = Duration::from_secs(24 * 60 * 60);

/// When the platform kills the invocation of `context`; without a credible header, when it would
/// kill the longest one.
///
/// It is read from the wall clock at each invocation, and never as a moment of the monotonic clock
/// that an earlier one knew: the process may have been frozen for hours in between, or restored
/// from a snapshot on another machine, and what the monotonic clock says of that time differs from
/// one to the next. Within one invocation it is the other way round: the wall clock may be set, the
/// monotonic one only goes on.
pub(super) fn deadline(context: &Context) -> SystemTime {
    static SAID: Once = Once::new();

    credible(context.deadline).unwrap_or_else(|| {
        SAID.call_once(|| {
            log::warn(format_args!(
                "`Lambda-Runtime-Deadline-Ms: {}` is no deadline of a running invocation: \
                 those like it get {LONGEST:?}",
                context.deadline
            ));
        });
        SystemTime::now() + LONGEST
    })
}

/// A header in milliseconds since the epoch, if it may be the deadline of a running invocation.
fn credible(millis: u64) -> Option<SystemTime> {
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))?;
    let now = SystemTime::now();
    let distance = at.duration_since(now).or_else(|_| now.duration_since(at));
    distance
        .is_ok_and(|distance| distance <= CREDIBLE)
        .then_some(at)
}

/// For `#[serverless_handler(host = event.context)]` under `lambda_runtime::run`: its deadline, if
/// it is credible.
///
/// Only the layer sees when the response has been sent, so keep-alive tasks are joined before the
/// handler returns; under [`run`](super::run), which has opened the invocation already, they are
/// not.
impl Host for Context {
    fn deadline(&self) -> Option<SystemTime> {
        credible(self.deadline)
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        Err(drain)
    }
}
