//! The batch: every event file, in the order of their names, through one function.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use tethered_examples::{
    local_lambda::{Answer, LocalLambda, Outcome},
    orders::{Expected, OrderEvent, expected},
    recorder::{self, Recorder},
};

use crate::{
    BoxError,
    judge::{self, Effect},
    progress::Progress,
};

/// How many environments the batch runs in, one after the other: Lambda ends one when it likes, and
/// what is in flight then is lost.
pub(crate) const ENVIRONMENTS: usize = 3;

/// From one event's freeze to the next event, which finds its process frozen.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// The function's timeout. No event comes near it.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(10);

/// One of the functions that are compared.
#[derive(Clone, Copy)]
pub(crate) struct Version {
    pub(crate) binary: &'static str,
    pub(crate) how: &'static str,
}

/// An event file.
pub(crate) struct Event {
    pub(crate) title: String,
    pub(crate) payload: Value,
    pub(crate) expected: Vec<Expected>,
}

/// An invocation, and what became of its side effects.
pub(crate) struct Run {
    /// Counted through all environments, from 1.
    pub(crate) number: usize,
    pub(crate) environment: usize,
    pub(crate) title: String,
    pub(crate) answer: Answer,
    pub(crate) effects: Vec<Effect>,
}

/// Reads `examples/events`.
pub(crate) fn events() -> Result<Vec<Event>, BoxError> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let mut files = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    files.iter().map(|file| event(file)).collect()
}

fn event(file: &Path) -> Result<Event, BoxError> {
    let read = || -> Result<Event, BoxError> {
        let payload: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
        let event: OrderEvent = serde_json::from_value(payload.clone())?;
        Ok(Event {
            title: title(&event),
            payload,
            expected: expected(&event)?,
        })
    };
    read().map_err(|error| format!("{}: {error}", file.display()).into())
}

fn title(event: &OrderEvent) -> String {
    match event {
        OrderEvent::Api(request) => request.route_key.clone().unwrap_or_default(),
        OrderEvent::Queue(batch) => match batch.records.len() {
            1 => "SQS, 1 message".to_owned(),
            many => format!("SQS, {many} messages"),
        },
        OrderEvent::Plain(command) => format!("plain, {}", command.action()),
    }
}

/// Runs all events through `version` in every environment, and judges the record.
pub(crate) async fn run(
    version: Version,
    events: &[Event],
    binaries: &Path,
    progress: &Progress,
) -> Result<Vec<Run>, BoxError> {
    let name = version.binary;
    progress.waiting_for("the recorder to start".to_owned());
    let recorder = Recorder::start(&binaries.join("side-effects")).await?;
    let mut runs = Vec::new();
    for environment in 1..=ENVIRONMENTS {
        progress.waiting_for(format!("environment {environment} of `{name}` to start"));
        let mut lambda = LocalLambda::builder(&binaries.join(name))
            .env(recorder::ADDRESS_VARIABLE, recorder.address().to_string())
            .start()
            .await?;
        for (index, event) in events.iter().enumerate() {
            let number = runs.len() + 1;
            progress.waiting_for(format!(
                "invocation #{number} of `{name}` ({}) to be answered and frozen",
                event.title
            ));
            let payload = event.payload.clone();
            if index > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let answer = lambda.invoke(payload, FUNCTION_TIMEOUT).await?;
            runs.push(Run {
                number,
                environment,
                title: event.title.clone(),
                answer,
                effects: Vec::new(),
            });
        }
        progress.waiting_for(format!("environment {environment} of `{name}` to end"));
        lambda.stop().await?;
    }
    progress.waiting_for("the recorder's record".to_owned());
    let record = recorder.record().await?;
    recorder.stop().await?;
    let expected = events.iter().cycle().map(|event| event.expected.as_slice());
    judge::judge(&mut runs, expected, &record)?;
    Ok(runs)
}

impl Run {
    /// What was answered, in a word, and whether it is good news.
    pub(crate) fn status(&self) -> (String, bool) {
        match &self.answer.outcome {
            Outcome::Error { .. } => ("error".to_owned(), false),
            Outcome::Response(payload) => {
                if let Some(status) = payload["statusCode"].as_u64() {
                    (status.to_string(), status < 400)
                } else if let Some(failed) = payload["batchItemFailures"].as_array() {
                    match failed.len() {
                        0 => ("batch ok".to_owned(), true),
                        failed => (format!("{failed} to retry"), false),
                    }
                } else {
                    ("ok".to_owned(), true)
                }
            }
        }
    }
}
