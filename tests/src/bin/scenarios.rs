//! A function for the end-to-end tests: an event names what it is to go through.

use std::{env, thread, time::Duration};

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::Deserialize;
use tethered::{
    Scope, after_response, serverless_handler, spawn_blocking_tracked, spawn_tracked, wait_until,
};
use tethered_examples::recorder::{Pen, Phase};
use tokio::time::{sleep, timeout};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scenario {
    /// One task of each macro, and an answer.
    Answers,
    /// The same, and an error.
    Fails,
    /// The same, and a panic.
    Panics,
    /// A body and tasks that do not end by themselves.
    Hangs,
    /// A blocking closure that outlives the deadline.
    Blocks,
    /// An answer, and a keep-alive task that does not end by itself.
    Lingers,
    /// A task that fails, and one that would go on.
    LosesATask,
    /// A handler inside this one that is dropped half-way.
    GivesUp,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    match env::var("MODE").as_deref() {
        Ok("layer") => {
            let runtime = Runtime::new(service_fn(handler));
            runtime.layer(tethered::lambda::layer()).run().await
        }
        Ok("host") => lambda_runtime::run(service_fn(hosted)).await,
        _ => tethered::lambda::run(service_fn(handler)).await,
    }
}

#[serverless_handler]
async fn handler(event: LambdaEvent<Scenario>) -> Result<&'static str, Error> {
    go_through(event).await
}

/// For a `main` that stays as it was.
#[serverless_handler(host = event.context)]
async fn hosted(event: LambdaEvent<Scenario>) -> Result<&'static str, Error> {
    go_through(event).await
}

async fn go_through(event: LambdaEvent<Scenario>) -> Result<&'static str, Error> {
    let pen = Pen::from_env(&event.context.request_id)?;
    match event.payload {
        Scenario::Answers => {
            one_of_each(&pen);
            Ok("answer")
        }
        Scenario::Fails => {
            one_of_each(&pen);
            Err("the handler fails".into())
        }
        Scenario::Panics => {
            one_of_each(&pen);
            panic!("the handler panics")
        }
        Scenario::Hangs => {
            spawn_tracked!(name = "hanging task", forever(pen.clone(), "hangs"));
            spawn_tracked!(save_when_told(pen.clone(), "tracked saves"));
            wait_until!(save_when_told(pen, "keep-alive saves"));
            std::future::pending().await
        }
        Scenario::Blocks => {
            spawn_blocking_tracked!(name = "blocking task", thread::park);
            Ok("never sent")
        }
        Scenario::Lingers => {
            wait_until!(name = "lingering task", forever(pen.clone(), "lingers"));
            wait_until!(save_when_told(pen, "saves"));
            Ok("answer")
        }
        Scenario::LosesATask => {
            spawn_tracked!(effect(pen.clone(), "sibling", 10_000));
            spawn_tracked!(name = "failing task", async {
                sleep(Duration::from_millis(50)).await;
                Err::<(), _>("no table")
            });
            wait_until!(effect(pen, "keep-alive", 150));
            Ok("never sent")
        }
        Scenario::GivesUp => {
            let dropped = timeout(Duration::from_millis(20), half_way(pen)).await;
            Ok(if dropped.is_err() {
                "gave up"
            } else {
                "waited"
            })
        }
    }
}

#[serverless_handler]
async fn half_way(pen: Pen) -> Result<(), Error> {
    one_of_each(&pen);
    std::future::pending().await
}

fn one_of_each(pen: &Pen) {
    spawn_tracked!(effect(pen.clone(), "tracked", 100));
    spawn_blocking_tracked!({
        let pen = pen.clone();
        move || {
            pen.write_blocking("blocking", Phase::Started)?;
            thread::sleep(Duration::from_millis(60));
            pen.write_blocking("blocking", Phase::Done)
        }
    });
    wait_until!(effect(pen.clone(), "wait_until", 200));
    after_response!(effect(pen.clone(), "after_response", 50));
}

async fn effect(pen: Pen, name: &'static str, millis: u64) -> std::io::Result<()> {
    pen.write(name, Phase::Started).await?;
    sleep(Duration::from_millis(millis)).await;
    pen.write(name, Phase::Done).await
}

async fn forever(pen: Pen, name: &'static str) -> std::io::Result<()> {
    pen.write(name, Phase::Started).await?;
    std::future::pending().await
}

async fn save_when_told(pen: Pen, name: &'static str) -> std::io::Result<()> {
    pen.write(name, Phase::Started).await?;
    Scope::current().cancellation_token().cancelled().await;
    pen.write(name, Phase::Done).await
}
