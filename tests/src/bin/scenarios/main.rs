//! A function for the end-to-end tests: an event names what it is to go through.

use std::{env, thread, time::Duration};

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde_json::Value;
use tethered::{
    KeepAlive, Scope, after_response, lambda::partial_batch, serverless_handler,
    spawn_blocking_tracked, spawn_tracked, wait_until,
};
use tethered_examples::recorder::{Pen, Phase};
use tokio::time::{sleep, timeout};

mod event;
mod plans;
mod streams;

use crate::event::{Event, Record, Scenario};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let shared = || tethered::lambda::builder().on_error(|error| eprintln!("hook: {error}"));
    match env::var("MODE").as_deref() {
        Ok("layer") => {
            let runtime = Runtime::new(service_fn(handler));
            runtime.layer(tethered::lambda::layer()).run().await
        }
        Ok("host") => lambda_runtime::run(service_fn(hosted)).await,
        Ok("bare handler") => shared().run(service_fn(go_through)).await,
        Ok("concurrent") => {
            shared()
                .overlap(2)
                .run_concurrent(service_fn(handler))
                .await
        }
        Ok("capped") => {
            let capped = shared().overlap(0).drain_cap(Duration::from_millis(300));
            capped.run_concurrent(service_fn(handler)).await
        }
        Ok("answer first") => {
            let answers = shared().keep_alive(KeepAlive::AnswerFirst);
            answers.run(service_fn(handler)).await
        }
        Ok("wide margin") => {
            let wide = shared().margin(Duration::from_millis(600));
            let wide = wide.grace(Duration::from_millis(100));
            wide.run(service_fn(handler)).await
        }
        Ok("without shutdown") => shared().without_shutdown().run(service_fn(handler)).await,
        Ok("hook") => {
            let hooked = shared().on_drained(async || hook("drained").await);
            hooked.run(service_fn(handler)).await
        }
        Ok("rare hook") => {
            let hooked = shared().on_drained(async || hook("drained").await);
            let rare = hooked.on_drained_every(Duration::from_secs(3600));
            rare.run(service_fn(handler)).await
        }
        Ok("slow hook") => {
            let slow = shared().on_drained(async || std::future::pending().await);
            let slow = slow.on_drained_timeout(Duration::from_millis(200));
            slow.run(service_fn(handler)).await
        }
        Ok("panicking hook") => {
            let panics = shared().on_drained(async || panic!("no exporter"));
            panics.run(service_fn(handler)).await
        }
        Ok("streams") => shared().run(service_fn(streams::handler)).await,
        Ok("http") => shared().run_http(service_fn(streams::page)).await,
        Ok("http streams") => {
            shared()
                .run_http_streaming(service_fn(streams::pages))
                .await
        }
        _ => tethered::lambda::run(service_fn(handler)).await,
    }
}

/// Leaves its mark under the name `name`, as an invocation of its own.
async fn hook(name: &'static str) {
    let pen = Pen::from_env("hook").unwrap();
    pen.write(name, Phase::Done).await.unwrap();
}

#[serverless_handler]
async fn handler(event: LambdaEvent<Event>) -> Result<Value, Error> {
    go_through(event).await
}

/// For a `main` that stays as it was.
#[serverless_handler(host = event.context)]
async fn hosted(event: LambdaEvent<Event>) -> Result<Value, Error> {
    go_through(event).await
}

/// A queue's message: its body says what it goes through.
async fn process(pen: Pen, record: Record) -> Result<(), Error> {
    match record.body.as_str() {
        "fails" => Err("no table".into()),
        "panics" => panic!("no room"),
        "loses a task" => {
            wait_until!(async { Err::<(), _>("no mail") });
            Ok(())
        }
        "hangs" => std::future::pending().await,
        _ => Ok(effect(pen, "record", 20).await?),
    }
}

async fn go_through(event: LambdaEvent<Event>) -> Result<Value, Error> {
    let pen = Pen::from_env(&event.context.request_id)?;
    match event.payload {
        Event::Plan(plan) => Ok(plans::go_through(&pen, plan)?.into()),
        Event::Direct(scenario) | Event::Bus { detail: scenario } => {
            Ok(play(pen, scenario).await?.into())
        }
        Event::Queue { records } => {
            let id = |record: &Record| record.message_id.clone();
            let process = |record| process(pen.clone(), record);
            let answer = partial_batch(records, id, process).await;
            Ok(serde_json::to_value(answer)?)
        }
    }
}

async fn play(pen: Pen, scenario: Scenario) -> Result<&'static str, Error> {
    match scenario {
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
            spawn_blocking_tracked!(name = "blocking task", move || {
                let written = pen.write_blocking("blocks", Phase::Started);
                thread::park();
                written
            });
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
        Scenario::LosesAKeepAliveTask => {
            wait_until!(name = "keep-alive task", async { Err::<(), _>("no mail") });
            Ok("answer")
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
    wait_until!(effect(pen.clone(), "wait_until", 350));
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
