//! The local Lambda itself: what the counts of the demonstration rest on.

use std::{fs, path::Path, process::ExitStatus, time::Duration};

use serde_json::{Value, json};
use tethered_examples::{
    local_lambda::{InvokeError, LocalLambda, Outcome, StartError, Waiting},
    recorder::{self, Phase, Recorder},
};

const LONG: Duration = Duration::from_secs(20);

/// Tracked tasks for 35 ms, keep-alive ones for 90 ms; and then the handler fails.
fn reconcile() -> Value {
    json!({ "action": "reconcile", "ledger": "l", "bookedCents": 2, "bankedCents": 1 })
}

async fn start(binary: &str) -> (LocalLambda, Recorder) {
    let side_effects = env!("CARGO_BIN_EXE_side-effects");
    let recorder = Recorder::start(Path::new(side_effects)).await.unwrap();
    let lambda = LocalLambda::builder(Path::new(binary))
        .env(recorder::ADDRESS_VARIABLE, recorder.address().to_string())
        .start()
        .await
        .unwrap();
    (lambda, recorder)
}

#[tokio::test]
async fn the_freeze_comes_after_the_next_poll() {
    let (mut lambda, recorder) = start(env!("CARGO_BIN_EXE_orders")).await;
    for _ in 0..2 {
        let answer = lambda.invoke(reconcile(), LONG).await.unwrap();
        let Outcome::Error { message, .. } = answer.outcome else {
            panic!("{:?}", answer.outcome);
        };
        assert_eq!(message, "l: booked 2, banked 1");

        let at = answer.timeline;
        let steps = [
            at.thawed,
            at.received,
            at.answered,
            at.next_polled,
            at.frozen,
        ];
        assert!(steps.is_sorted(), "{at:?}");
        // The function asks for the next event only after its keep-alive task: had the simulator
        // frozen it at the response, that task would not have ended.
        let record = recorder.record().await.unwrap();
        let paged = record.iter().find(|mark| {
            (mark.request_id.as_str(), mark.name.as_str(), mark.phase)
                == (answer.request_id.as_str(), "page l", Phase::Done)
        });
        let paged = paged.expect("the keep-alive task ended").at;
        assert!(
            at.answered < paged && paged < at.next_polled,
            "{at:?}, paged at {paged:?}"
        );
    }
    lambda.stop().await.unwrap();
}

#[tokio::test]
async fn a_frozen_function_does_nothing_until_it_is_thawed() {
    let (mut lambda, recorder) = start(env!("CARGO_BIN_EXE_orders-bare")).await;
    let answer = lambda.invoke(reconcile(), LONG).await.unwrap();
    let status = format!("/proc/{}/status", lambda.pid());
    if cfg!(target_os = "linux") {
        let status = fs::read_to_string(&status).unwrap();
        assert!(status.contains("State:\tT"), "{status}");
    }
    // Longer than its side effects take. A freeze that leaks can only make this fail.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let record = recorder.record().await.unwrap();
    let mut ended = record.iter().filter(|mark| mark.phase == Phase::Done);
    assert!(
        ended.all(|mark| mark.at < answer.timeline.frozen),
        "{record:?}"
    );
    lambda.stop().await.unwrap();
    assert!(!Path::new(&status).exists(), "it was ended while frozen");
}

#[tokio::test]
async fn an_invocation_that_does_not_come_back_ends_the_environment() {
    let (mut lambda, _recorder) = start(env!("CARGO_BIN_EXE_orders")).await;
    // Tethered ends its tasks in time for a deadline; one that is over already leaves it none.
    let error = lambda
        .invoke(reconcile(), Duration::ZERO)
        .await
        .unwrap_err();
    let InvokeError::TimedOut { waiting, .. } = &error else {
        panic!("{error}");
    };
    assert!(
        matches!(waiting, Waiting::Delivery | Waiting::Answer),
        "{error}"
    );
    let error = lambda.invoke(reconcile(), LONG).await.unwrap_err();
    assert!(matches!(error, InvokeError::EnvironmentOver), "{error}");
}

#[tokio::test]
async fn a_function_that_ends_before_its_first_event_is_reported_with_what_it_printed() {
    // It has no recorder, so any handler fails; but without a Runtime API it does not even begin.
    let lambda = LocalLambda::builder(Path::new(env!("CARGO_BIN_EXE_orders-bare")))
        .env("AWS_LAMBDA_RUNTIME_API", "not an address")
        .start()
        .await;
    let Err(StartError::Init { status, log }) = lambda else {
        panic!("it started");
    };
    assert_eq!(
        status.map(|status: ExitStatus| status.success()),
        Some(false)
    );
    assert!(!log.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_of_several_threads_is_refused() {
    let lambda = LocalLambda::builder(Path::new("anything")).start().await;
    assert!(matches!(lambda, Err(StartError::NeedsCurrentThreadRuntime)));
}
