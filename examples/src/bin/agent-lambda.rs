//! An agent's traces under a Lambda that freezes the process for real: with Tethered's callbacks,
//! and with bare `tokio::spawn`.
//!
//! ```sh
//! cargo run -p tethered-examples --features agent --bin agent-lambda
//! ```
//!
//! Exits with 0 if Tethered had every trace at the sink, in order, before each freeze, and the bare
//! version had not.

use std::{error::Error, path::Path, process::ExitCode, time::Duration};

use serde_json::json;
use tethered_examples::{
    agent::{MODEL_VARIABLE, SINK_VARIABLE, Sink, StandIn},
    binaries,
    local_lambda::{LocalLambda, Outcome},
};
use tokio::time::{sleep, timeout};

type BoxError = Box<dyn Error + Send + Sync>;

/// From the end of the build to the end of the run.
const TIME_LIMIT: Duration = Duration::from_mins(2);

/// Lambda ends an environment when it likes, and what is in flight then is lost.
const ENVIRONMENTS: usize = 3;
const QUESTIONS: usize = 5;

/// From one invocation's freeze to the next question.
const PAUSE: Duration = Duration::from_millis(100);

/// The function's timeout. No question comes near it.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    match demonstrate() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demonstrate() -> Result<bool, BoxError> {
    let binaries = binaries::build(&["agent", "agent-bare"], &["agent"])?;
    // The simulator needs a single thread; see `LocalLambda`.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (kept, leaked) = runtime.block_on(async {
        let both = async {
            let kept = run(&binaries.join("agent")).await?;
            Ok::<_, BoxError>((kept, run(&binaries.join("agent-bare")).await?))
        };
        timeout(TIME_LIMIT, both)
            .await
            .map_err(|_| format!("not done after {TIME_LIMIT:?}"))?
    })?;
    println!("{:<44}{:>12}{:>14}", "", "Tethered", "tokio::spawn");
    for (label, of) in ROWS {
        println!("{label:<44}{:>12}{:>14}", of(&kept), of(&leaked));
    }
    let passed = kept.in_time == kept.made && kept.in_order == kept.made && leaked.lost > 0;
    println!(
        "{}",
        if passed {
            "✔ With Tethered every trace was at the sink, in order, before the freeze."
        } else {
            "✘ Tethered lost, deferred or misordered a trace, or the bare version lost none."
        }
    );
    Ok(passed)
}

#[derive(Default)]
struct Count {
    invocations: usize,
    made: usize,
    in_time: usize,
    late: usize,
    lost: usize,
    in_order: usize,
    answered: Vec<f64>,
}

type Cell = fn(&Count) -> String;

const ROWS: [(&str, Cell); 7] = [
    ("invocations", |count| count.invocations.to_string()),
    ("traces made", |count| count.made.to_string()),
    ("at the sink before the freeze", |count| {
        count.in_time.to_string()
    }),
    ("late: during a later invocation", |count| {
        count.late.to_string()
    }),
    ("lost", |count| count.lost.to_string()),
    ("in the order in which they were made", |count| {
        count.in_order.to_string()
    }),
    ("answered after, median, in ms", |count| {
        let mut answered = count.answered.clone();
        answered.sort_by(f64::total_cmp);
        let median = answered.get(answered.len() / 2).copied();
        format!("{:.0}", median.unwrap_or_default())
    }),
];

/// Asks `function` in every environment, and counts what the sink has got.
async fn run(function: &Path) -> Result<Count, BoxError> {
    let (model, sink) = (StandIn::open().await?, Sink::open().await?);
    let mut count = Count::default();
    // What was made, and what was in time, for each invocation.
    let mut invocations = Vec::new();
    for _ in 0..ENVIRONMENTS {
        let mut lambda = LocalLambda::builder(function)
            .env(MODEL_VARIABLE, model.url())
            .env(SINK_VARIABLE, sink.url())
            .start()
            .await?;
        for _ in 0..QUESTIONS {
            let question = json!({ "question": "Where is order 7?" });
            let answer = lambda.invoke(question, FUNCTION_TIMEOUT).await?;
            let Outcome::Response(response) = &answer.outcome else {
                return Err(format!("{:?}\n{}", answer.outcome, lambda.log()).into());
            };
            let made = response["traces"].as_u64().ok_or("a count of traces")?;
            let id = answer.request_id;
            let at = answer.timeline;
            count.answered.push(at.answered.ms_since(at.received));
            invocations.push((usize::try_from(made)?, sink.of(&id).len(), id));
            sleep(PAUSE).await;
        }
        lambda.stop().await?;
    }
    for (made, in_time, id) in invocations {
        let received = sink.of(&id);
        let numbers = received.iter().zip(1..);
        count.invocations += 1;
        count.made += made;
        count.in_time += in_time;
        count.late += received.len() - in_time;
        count.lost += made - received.len();
        count.in_order += numbers
            .filter(|(trace, number)| trace.number == *number)
            .count();
    }
    Ok(count)
}
