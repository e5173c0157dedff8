//! Spans under a real freeze: with the exporter flushed in `on_drained`, and without.
//!
//! ```sh
//! cargo run -p tethered-telemetry
//! ```
//!
//! Exits with 0 if with the hook every span had arrived at the collector when the function was
//! frozen, and without it some had not.

mod collector;
mod function;

use std::{env, error::Error, process::ExitCode, time::Duration};

use serde_json::json;
use tethered_examples::local_lambda::LocalLambda;

use crate::collector::Collector;

const INVOCATIONS: usize = 20;

/// One for each task of the handler, and one for its body.
const SPANS: [&str; 4] = ["charge", "count", "measure", "warm"];

fn main() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    // The same binary is the function, which it starts below.
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        function::run()?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (with, without) = runtime.block_on(async {
        let with = arrived_at_the_freeze(false).await?;
        let without = arrived_at_the_freeze(true).await?;
        Ok::<_, Box<dyn Error + Send + Sync>>((with, without))
    })?;
    let all = INVOCATIONS * SPANS.len();
    println!("{INVOCATIONS} invocations, {all} spans; at the collector when the function froze:");
    println!("  with on_drained     {with}");
    println!("  without             {without}");
    Ok(ExitCode::from(u8::from(with != all || without == all)))
}

/// How many spans had arrived when their invocation was frozen.
async fn arrived_at_the_freeze(without_hook: bool) -> Result<usize, Box<dyn Error + Send + Sync>> {
    let collector = Collector::start().await?;
    let mut lambda = LocalLambda::builder(&env::current_exe()?)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    if without_hook {
        lambda = lambda.env("WITHOUT_HOOK", "1");
    }
    let mut lambda = lambda.start().await?;
    let mut arrived = 0;
    for _ in 0..INVOCATIONS {
        let answer = lambda.invoke(json!({}), Duration::from_secs(20)).await?;
        arrived += collector.arrived(&answer.request_id).len();
    }
    lambda.stop().await?;
    Ok(arrived)
}
