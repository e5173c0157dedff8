//! Frozen for real after each invocation.

use std::{path::Path, time::Duration};

use serde_json::json;
use tethered_examples::{
    clock::Stamp,
    local_lambda::{Answer, LocalLambda, Outcome},
    recorder::{ADDRESS_VARIABLE, Phase, Recorder},
};

struct Environment {
    recorder: Recorder,
    lambda: LocalLambda,
}

/// Longer than any scenario but those that wait for their deadline.
const TIMEOUT: Duration = Duration::from_secs(20);

impl Environment {
    async fn start(mode: &str) -> Self {
        let recorder = Path::new(env!("CARGO_BIN_EXE_recorder"));
        let recorder = Recorder::start(recorder).await.unwrap();
        let function = Path::new(env!("CARGO_BIN_EXE_scenarios"));
        let lambda = LocalLambda::builder(function)
            .env(ADDRESS_VARIABLE, recorder.address().to_string())
            .env("MODE", mode)
            .env("RUST_BACKTRACE", "0")
            .start()
            .await
            .unwrap();
        Self { recorder, lambda }
    }

    async fn invoke(&mut self, scenario: &str, timeout: Duration) -> Answer {
        self.lambda.invoke(json!(scenario), timeout).await.unwrap()
    }

    /// When `name` came to `phase` in the invocation of `answer`.
    async fn at(&self, answer: &Answer, name: &str, phase: Phase) -> Option<Stamp> {
        let record = self.recorder.record().await.unwrap();
        let mut marks = record.iter().filter(|mark| {
            mark.request_id == answer.request_id && mark.name == name && mark.phase == phase
        });
        let at = marks.next().map(|mark| mark.at);
        assert!(marks.next().is_none(), "{name} twice");
        at
    }

    async fn done(&self, answer: &Answer, name: &str) -> Stamp {
        let at = self.at(answer, name, Phase::Done).await;
        at.unwrap_or_else(|| panic!("{name} is not done"))
    }

    async fn started(&self, answer: &Answer, name: &str) -> Stamp {
        let at = self.at(answer, name, Phase::Started).await;
        at.unwrap_or_else(|| panic!("{name} has not started"))
    }

    /// Everything of [`one_of_each`] is done before GET /next, and in its order.
    async fn assert_in_order(&self, answer: &Answer) {
        let times = answer.timeline;
        assert!(self.done(answer, "tracked").await < times.answered);
        assert!(self.done(answer, "blocking").await < times.answered);
        assert!(self.done(answer, "wait_until").await > times.answered);
        assert!(self.done(answer, "wait_until").await < times.next_polled);
        assert!(self.started(answer, "after_response").await > times.answered);
        assert!(self.done(answer, "after_response").await < times.next_polled);
    }
}

fn error_message(answer: &Answer) -> &str {
    match &answer.outcome {
        Outcome::Error { message, .. } => message,
        Outcome::Response(value) => panic!("answered {value}"),
    }
}

#[tokio::test]
async fn everything_is_done_in_order_and_before_the_freeze() {
    for mode in ["run", "layer", "bare handler", "answer first"] {
        let mut lambda = Environment::start(mode).await;
        for scenario in ["answers", "fails", "panics", "answers"] {
            let answer = lambda.invoke(scenario, TIMEOUT).await;
            lambda.assert_in_order(&answer).await;
            match scenario {
                "answers" => assert_eq!(answer.outcome, Outcome::Response(json!("answer"))),
                "fails" => assert_eq!(error_message(&answer), "the handler fails"),
                _ => assert_eq!(
                    error_message(&answer),
                    "Lambda panicked: the handler panics"
                ),
            }
        }
        lambda.lambda.stop().await.unwrap();
    }
}

#[tokio::test]
async fn with_the_context_as_host_keep_alive_tasks_come_before_the_answer() {
    let mut lambda = Environment::start("host").await;
    let answer = lambda.invoke("answers", TIMEOUT).await;
    for name in ["tracked", "wait_until", "after_response"] {
        assert!(lambda.done(&answer, name).await < answer.timeline.answered);
    }
    let timeout = Duration::from_secs(1);
    let answer = lambda.invoke("hangs", timeout).await;
    assert!(error_message(&answer).contains("hosted (tests/src/bin/scenarios/main.rs:"));
}

#[tokio::test]
async fn a_late_handler_answers_before_it_would_be_killed() {
    let mut lambda = Environment::start("run").await;
    let timeout = Duration::from_secs(1);
    let answer = lambda.invoke("hangs", timeout).await;
    let message = error_message(&answer);
    for unfinished in ["hanging task (", "handler (", "timed out after"] {
        assert!(message.contains(unfinished), "{message}");
    }
    assert!(!message.contains("saves"), "{message}");
    // Told in time to save their work.
    let told = lambda.done(&answer, "tracked saves").await;
    assert!(told < answer.timeline.answered);
    lambda.done(&answer, "keep-alive saves").await;
    let age = answer.timeline.next_polled.ms_since(answer.timeline.thawed);
    assert!((900.0..1_000.0).contains(&age), "{age}");

    let answer = lambda.invoke("blocks", timeout).await;
    let message = error_message(&answer);
    assert!(message.contains("blocking task ("), "{message}");

    // Nothing of all that is left in the next one.
    let answer = lambda.invoke("answers", TIMEOUT).await;
    lambda.assert_in_order(&answer).await;
}

#[tokio::test]
async fn a_keep_alive_task_that_hangs_ends_at_the_deadline_and_is_named() {
    let mut lambda = Environment::start("run").await;
    let answer = lambda.invoke("lingers", Duration::from_secs(1)).await;
    assert_eq!(answer.outcome, Outcome::Response(json!("answer")));
    let times = answer.timeline;
    assert!(times.answered.ms_since(times.thawed) < 500.0);
    assert!(times.next_polled.ms_since(times.thawed) < 1_000.0);
    lambda.done(&answer, "saves").await;
    let log = lambda.lambda.log();
    assert!(
        log.contains("lingering task (") && log.contains("timed out"),
        "{log}"
    );
}

#[tokio::test]
async fn the_first_failure_cancels_the_rest() {
    let mut lambda = Environment::start("run").await;
    let answer = lambda.invoke("loses-a-task", TIMEOUT).await;
    let message = error_message(&answer);
    assert!(message.starts_with("failing task ("), "{message}");
    assert!(message.ends_with(": no table"), "{message}");
    lambda.started(&answer, "sibling").await;
    assert!(lambda.done(&answer, "keep-alive").await > answer.timeline.answered);
    // The sibling does not come back with the next invocation either.
    let next = lambda.invoke("answers", TIMEOUT).await;
    lambda.assert_in_order(&next).await;
    assert_eq!(lambda.at(&answer, "sibling", Phase::Done).await, None);
}

#[tokio::test]
async fn the_tasks_of_a_dropped_handler_are_done_before_the_freeze() {
    let mut lambda = Environment::start("run").await;
    let answer = lambda.invoke("gives-up", TIMEOUT).await;
    assert_eq!(answer.outcome, Outcome::Response(json!("gave up")));
    // What the outer handler holds now is as if it had started it itself.
    lambda.assert_in_order(&answer).await;
}
