//! One execution environment: its invocations and its end.

use std::{io, process::ExitStatus, time::Duration};

use lambda_simulator::{InvocationBuilder, Simulator};
use serde_json::Value;
use tokio::{sync::watch, time::timeout};

use super::{
    error::{InvokeError, Waiting},
    extension::Extension,
    function::Function,
    invocation::{Answer, Outcome, Timeline},
    tap::{Seen, Tap},
};
use crate::clock::Stamp;

/// The limit of a wait that another one bounds.
pub(super) const NEVER: Duration = Duration::from_hours(1);

/// One execution environment with one function in it.
///
/// Dropping it kills the function, frozen or not. Needs a tokio runtime of the flavor
/// `current_thread`, with IO and time.
pub struct LocalLambda {
    // In the order of their end: the function first, so that nothing thaws it on the way.
    pub(super) function: Function,
    pub(super) extension: Extension,
    pub(super) tap: Tap,
    pub(super) simulator: Simulator,
}

impl LocalLambda {
    /// Thaws the function, gives it `event`, and returns when it has answered, has asked for its
    /// next event and has been frozen.
    ///
    /// `timeout` is the function's timeout: its deadline, and when it is over, its end by SIGKILL
    /// and [`InvokeError::TimedOut`].
    pub async fn invoke(&mut self, event: Value, timeout: Duration) -> Result<Answer, InvokeError> {
        if self.function.has_ended() {
            return Err(InvokeError::EnvironmentOver);
        }
        let invocation = InvocationBuilder::new()
            .payload(event)
            .timeout_ms(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))
            .build()
            .map_err(|error| InvokeError::Harness(error.to_string()))?;
        let thawed = Stamp::now();
        let request_id = self.simulator.enqueue(invocation).await;
        let end = self.until_frozen(&request_id, timeout).await;
        let waiting = self.waiting(&request_id);
        match end {
            End::Frozen => self.answer(request_id, thawed, Stamp::now()).await,
            End::TimedOut => {
                let _ = self.function.kill().await;
                Err(InvokeError::TimedOut {
                    request_id,
                    timeout,
                    waiting,
                    log: self.function.whole_log().await,
                })
            }
            End::Exited(status) => Err(InvokeError::Exited {
                request_id,
                status,
                waiting,
                log: self.function.whole_log().await,
            }),
            End::Broken(reason) => Err(InvokeError::Harness(reason)),
        }
    }

    async fn until_frozen(&mut self, request_id: &str, limit: Duration) -> End {
        let mut seen = self.tap.seen();
        let asked_to_stop = async {
            if let Err(error) = asked_for_next(&mut seen, request_id).await {
                return End::Broken(error.to_string());
            }
            if let Err(error) = self.simulator.wait_for_frozen(NEVER).await {
                return End::Broken(error.to_string());
            }
            End::Frozen
        };
        let end = tokio::select! {
            end = timeout(limit, asked_to_stop) => end.unwrap_or(End::TimedOut),
            status = self.function.exited() => match status {
                Ok(status) => End::Exited(status),
                Err(error) => End::Broken(error.to_string()),
            },
            reason = self.extension.failed() => End::Broken(reason),
        };
        match end {
            End::Frozen => match self.function.stopped().await {
                Ok(()) => End::Frozen,
                Err(error) => End::Broken(error.to_string()),
            },
            end => end,
        }
    }

    fn waiting(&self, request_id: &str) -> Waiting {
        let seen = self.tap.seen();
        let sighting = seen.borrow().of(request_id);
        if sighting.received.is_none() {
            Waiting::Delivery
        } else if sighting.answered.is_none() {
            Waiting::Answer
        } else if sighting.next_polled.is_none() {
            Waiting::Next
        } else {
            Waiting::Freeze
        }
    }

    async fn answer(
        &self,
        request_id: String,
        thawed: Stamp,
        frozen: Stamp,
    ) -> Result<Answer, InvokeError> {
        let missing =
            |what: &str| InvokeError::Harness(format!("{what} of {request_id} is missing"));
        let state = self
            .simulator
            .get_invocation_state(&request_id)
            .await
            .ok_or_else(|| missing("the state"))?;
        let outcome = match (state.response, state.error) {
            (Some(response), _) => Outcome::Response(response.payload),
            (None, Some(error)) => Outcome::Error {
                kind: error.error_type,
                message: error.error_message,
            },
            (None, None) => return Err(missing("the answer")),
        };
        let seen = self.tap.seen();
        let sighting = seen.borrow().of(&request_id);
        let timeline = Timeline {
            thawed,
            received: sighting.received.ok_or_else(|| missing("the delivery"))?,
            answered: sighting
                .answered
                .ok_or_else(|| missing("the answer's time"))?,
            next_polled: sighting.next_polled.ok_or_else(|| missing("GET /next"))?,
            frozen,
        };
        Ok(Answer {
            request_id,
            outcome,
            timeline,
        })
    }

    /// What the function has printed so far, stdout and stderr together.
    #[must_use]
    pub fn log(&self) -> String {
        self.function.log()
    }

    /// The process id of the function.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.function.id()
    }

    /// Ends the environment as Lambda ends one that has no extension: SIGKILL, without thawing it.
    /// What was in flight is lost. Returns all that the function has printed.
    pub async fn stop(mut self) -> io::Result<String> {
        self.function.kill().await?;
        let log = self.function.whole_log().await;
        self.simulator.shutdown().await;
        Ok(log)
    }
}

async fn asked_for_next(
    seen: &mut watch::Receiver<Seen>,
    request_id: &str,
) -> Result<(), watch::error::RecvError> {
    seen.wait_for(|seen| seen.of(request_id).next_polled.is_some())
        .await
        .map(drop)
}

enum End {
    Frozen,
    TimedOut,
    Exited(ExitStatus),
    Broken(String),
}
