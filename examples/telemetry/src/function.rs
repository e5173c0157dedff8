//! A function whose spans leave before each freeze: the exporter is flushed in `on_drained`.
//!
//! With `WITHOUT_HOOK` in its environment they leave when the exporter's own timer says so, which
//! a freeze does not wait for.

use std::{env, time::Duration};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use opentelemetry::{
    KeyValue, global,
    trace::{Span, Tracer},
};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::Value;
use tethered::{after_response, serverless_handler, spawn_tracked, wait_until};
use tokio::{task, time::sleep};

#[tokio::main]
pub(crate) async fn run() -> Result<(), Error> {
    // It sends to where `OTEL_EXPORTER_OTLP_ENDPOINT` says. Its client blocks, and may not be made
    // or dropped by a thread that must not.
    let exporter = task::spawn_blocking(|| SpanExporter::builder().with_http().build()).await??;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .build();
    global::set_tracer_provider(provider.clone());

    let mut function = tethered::lambda::builder();
    if env::var_os("WITHOUT_HOOK").is_none() {
        function = function.on_drained(move || {
            let provider = provider.clone();
            async move {
                // It blocks until the collector has answered.
                let flushed = task::spawn_blocking(move || provider.force_flush()).await;
                if let Ok(Err(error)) = flushed {
                    eprintln!("spans were not sent: {error}");
                }
            }
        });
    }
    function.run(service_fn(handler)).await
}

#[serverless_handler]
async fn handler(event: LambdaEvent<Value>) -> Result<(), Error> {
    let request_id = event.context.request_id;
    spawn_tracked!(work("count", request_id.clone(), 5));
    wait_until!(work("measure", request_id.clone(), 30));
    after_response!(work("warm", request_id.clone(), 10));
    work("charge", request_id, 10).await;
    Ok(())
}

/// One span.
async fn work(name: &'static str, request_id: String, millis: u64) {
    let mut span = global::tracer("shop").start(name);
    span.set_attribute(KeyValue::new("request_id", request_id));
    sleep(Duration::from_millis(millis)).await;
    span.end();
}
