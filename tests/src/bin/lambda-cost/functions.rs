//! The functions that are compared, in processes of their own.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tethered::{after_response, serverless_handler, spawn_tracked, wait_until};
use tokio::time::sleep;

/// What a handler awaits: a query, say.
const QUERY: Duration = Duration::from_millis(5);

#[tokio::main]
pub(crate) async fn run(function: &str) -> Result<(), Error> {
    match function {
        "bare" => lambda_runtime::run(service_fn(bare)).await,
        "tethered" => tethered::lambda::run(service_fn(tethered)).await,
        "spawns" => tethered::lambda::run(service_fn(spawns)).await,
        "waits" => tethered::lambda::run(service_fn(waits)).await,
        _ => tethered::lambda::run(service_fn(waits_and_spawns)).await,
    }
}

async fn bare(event: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(event.payload)
}

#[serverless_handler]
async fn tethered(event: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(event.payload)
}

#[serverless_handler]
async fn spawns(event: LambdaEvent<Value>) -> Result<Value, Error> {
    side_effects();
    Ok(event.payload)
}

#[serverless_handler]
async fn waits(event: LambdaEvent<Value>) -> Result<Value, Error> {
    sleep(QUERY).await;
    Ok(event.payload)
}

#[serverless_handler]
async fn waits_and_spawns(event: LambdaEvent<Value>) -> Result<Value, Error> {
    side_effects();
    sleep(QUERY).await;
    Ok(event.payload)
}

/// Two that go on after the answer, one that begins there.
fn side_effects() {
    wait_until!(sleep(2 * QUERY));
    wait_until!(async {
        spawn_tracked!(sleep(2 * QUERY));
    });
    after_response!(sleep(QUERY));
}
