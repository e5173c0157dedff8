//! The guarantees on Lambda: a real function binary over the real `lambda_runtime`. Side effects are
//! read from the record of a process of its own.

mod clock;
mod deadline;
mod freeze;
mod hooks;
mod hostile;
mod order;
mod shutdown;
mod streaming;
mod triggers;
mod workers;

use std::time::Duration;

use serde_json::json;
use tethered_tests::{
    function::Function,
    runtime_api::{Ask, Call, RuntimeApi},
};

/// Longer than any scenario but those that wait for their deadline.
const LONG: Duration = Duration::from_secs(20);

/// The function of the scenarios, in `mode`, against an API that is set up with `set_up`.
async fn start_with(
    mode: &str,
    env: &[(&str, &str)],
    set_up: impl FnOnce(&RuntimeApi),
) -> Function {
    let api = RuntimeApi::start().await;
    set_up(&api);
    let env = [&[("MODE", mode)], env].concat();
    let (function, recorder) = (
        env!("CARGO_BIN_EXE_scenarios"),
        env!("CARGO_BIN_EXE_recorder"),
    );
    Function::start(api, function, recorder, &env).await
}

async fn start(mode: &str) -> Function {
    start_with(mode, &[], |_| ()).await
}

/// An event of the queue with a record for each body, numbered from 1.
fn queue(bodies: &[&str]) -> serde_json::Value {
    let record = |(index, body): (usize, &&str)| json!({ "messageId": (index + 1).to_string(), "body": body, "eventSource": "aws:sqs" });
    json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// An event of EventBridge.
fn bus(scenario: &str) -> serde_json::Value {
    json!({ "version": "0", "detail-type": "Order placed", "detail": scenario })
}

/// Everything of `one_of_each` is done in its order: some before the answer, all before GET /next.
async fn assert_in_order(function: &Function, answer: &Call, next: &Call) {
    let id = &answer.request_id;
    assert!(function.done(id, "tracked").await.at < answer.began);
    assert!(function.done(id, "blocking").await.at < answer.began);
    assert!(function.done(id, "wait_until").await.at > answer.at);
    assert!(function.done(id, "wait_until").await.at < next.at);
    let after = function.at(
        id,
        "after_response",
        tethered_examples::recorder::Phase::Started,
    );
    assert!(after.await.unwrap().at > answer.at);
    assert!(function.done(id, "after_response").await.at < next.at);
}

fn assert_is(answer: &Call, ask: Ask, body: &str) {
    assert_eq!(answer.ask, ask, "{answer:?}");
    assert!(answer.body.contains(body), "{body} not in {}", answer.body);
}
