//! Messages of a real queue, delivered in batches to a function that a real freeze stops between
//! them: what fails is delivered again, what is done is not, and what a message started is done
//! before it is acknowledged.
//!
//! ```sh
//! bash .ci/sqs.sh     # starts a queue on this machine, then this, with its address
//! ```
//!
//! Exits with 0 if every side effect happened as often, and when, it should have.

mod function;
mod mapping;
mod parcel;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    process::ExitCode,
    time::{Duration, Instant},
};

use aws_sdk_sqs::{
    Client, Config,
    config::{Credentials, Region},
    types::{QueueAttributeName, SendMessageBatchRequestEntry},
};
use tethered_examples::{
    binaries,
    clock::Stamp,
    local_lambda::LocalLambda,
    recorder::{ADDRESS_VARIABLE, Mark, Phase, Recorder},
};

use crate::{
    mapping::{Batch, Mapping},
    parcel::{Fate, Parcel},
};

type BoxError = Box<dyn Error + Send + Sync>;

const PARCELS: u32 = 30;

/// The function's timeout, which a parcel that hangs uses up.
const TIMEOUT: Duration = Duration::from_secs(1);

/// AWS recommends six times the function's timeout; here nothing else takes a message.
const VISIBILITY: Duration = Duration::from_secs(3);

/// Until the queue is empty.
const TIME_LIMIT: Duration = Duration::from_mins(1);

fn main() -> Result<ExitCode, BoxError> {
    // The same binary is the function, which it starts below.
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        function::run()?;
        return Ok(ExitCode::SUCCESS);
    }
    let endpoint = env::args().nth(1).ok_or("the queue's address is missing")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(deliver(&endpoint))
}

async fn deliver(endpoint: &str) -> Result<ExitCode, BoxError> {
    let client = client(endpoint);
    let queue = fill(&client).await?;
    let binaries = binaries::build(&["side-effects"], &[])?;
    let recorder = Recorder::start(&binaries.join("side-effects")).await?;
    let mut lambda = LocalLambda::builder(&env::current_exe()?)
        .env(ADDRESS_VARIABLE, recorder.address().to_string())
        .start()
        .await?;
    let mapping = Mapping {
        client: &client,
        queue: &queue,
        timeout: TIMEOUT,
    };
    let mut batches = Vec::new();
    let started = Instant::now();
    loop {
        match mapping.next(&mut lambda).await? {
            Some(batch) => batches.push(batch),
            None if mapping.left().await? == 0 => break,
            None => {}
        }
        if started.elapsed() > TIME_LIMIT {
            return Err(format!("the queue is not empty after {TIME_LIMIT:?}").into());
        }
    }
    let record = recorder.record().await?;
    lambda.stop().await?;
    let wrong = judge(&batches, &record);
    for line in &wrong {
        println!("  {line}");
    }
    Ok(ExitCode::from(u8::from(!wrong.is_empty())))
}

fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version_latest()
        .endpoint_url(endpoint)
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("none", "none", None, None, "none"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// A new queue with all parcels in it.
async fn fill(client: &Client) -> Result<String, BoxError> {
    let name = format!("parcels-{}", std::process::id());
    let visibility = VISIBILITY.as_secs().to_string();
    let queue = client
        .create_queue()
        .queue_name(name)
        .attributes(QueueAttributeName::VisibilityTimeout, visibility)
        .send()
        .await?;
    let queue = queue.queue_url().ok_or("a queue without its address")?;
    let numbers: Vec<_> = (0..PARCELS).collect();
    for numbers in numbers.chunks(10) {
        let mut batch = client.send_message_batch().queue_url(queue);
        for &number in numbers {
            let body = serde_json::to_string(&Parcel {
                number,
                fate: fate(number),
            })?;
            let entry = SendMessageBatchRequestEntry::builder();
            batch = batch.entries(entry.id(number.to_string()).message_body(body).build()?);
        }
        let sent = batch.send().await?;
        if let Some(entry) = sent.failed().first() {
            return Err(format!("a message was not sent: {entry:?}").into());
        }
    }
    Ok(queue.to_owned())
}

fn fate(number: u32) -> Fate {
    Fate::ALL[number as usize % Fate::ALL.len()]
}

/// What is not as it should be.
fn judge(batches: &[Batch], record: &[Mark]) -> Vec<String> {
    let answered: BTreeMap<_, Stamp> = batches
        .iter()
        .map(|batch| (&batch.answer.request_id, batch.answer.timeline.answered))
        .collect();
    let mut happened = BTreeMap::<&str, u32>::new();
    let mut wrong = Vec::new();
    for mark in record.iter().filter(|mark| mark.phase == Phase::Done) {
        *happened.entry(&mark.name).or_default() += 1;
        if answered
            .get(&mark.request_id)
            .is_none_or(|at| mark.at > *at)
        {
            wrong.push(format!("{} after its message was acknowledged", mark.name));
        }
    }
    let expected: BTreeSet<String> = (0..PARCELS)
        .flat_map(|number| (1..=2).map(move |nth| (number, nth)))
        .flat_map(|(number, nth)| {
            let done = fate(number).done(nth).iter();
            done.map(move |what| format!("{what} {number} {nth}"))
        })
        .collect();
    for name in &expected {
        match happened.remove(name.as_str()) {
            Some(1) => {}
            Some(times) => wrong.push(format!("{name}: {times} times")),
            None => wrong.push(format!("{name}: never")),
        }
    }
    wrong.extend(
        happened
            .keys()
            .map(|name| format!("{name}: should not have happened")),
    );
    let deliveries: usize = batches.iter().map(|batch| batch.size).sum();
    let failed: usize = batches.iter().map(|batch| batch.failed).sum();
    let failing = (0..PARCELS)
        .filter(|number| fate(*number) != Fate::Ships)
        .count();
    println!(
        "{PARCELS} messages, {failing} of which fail once: {} batches, {deliveries} deliveries, {failed} of them \
         reported as failed; {} side effects expected, {} wrong",
        batches.len(),
        expected.len(),
        wrong.len()
    );
    if deliveries != PARCELS as usize + failing || failed != failing {
        wrong.push("a message was delivered once too often or too rarely".into());
    }
    wrong
}
