//! An agent as a function with Tethered: no trace of a run outlives its invocation.
//!
//! Read it beside `agent-bare.rs`, which does the same with bare `tokio::spawn`.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use rig_agent::agent::{
    AgentHook, CompletionCallAction, CompletionCallEvent, DispatchAction, DispatchEvent,
    HookContext, ModelTurnAction, ModelTurnFinished, RunSettled, RunStart, RunStartAction,
};
use serde_json::{Value, json};
use tethered::{Callbacks, serverless_handler};
use tethered_examples::agent::{Post, Question, Trace, Traces, assistant};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let post = Post::from_env()?;
    let mut callbacks = Callbacks::new()?;
    callbacks
        .on_async("traces", move |trace: Arc<Trace>| {
            post.clone().send(Trace::clone(&trace))
        })
        .keep_alive();
    let callbacks = Arc::new(callbacks);
    tethered::lambda::run(service_fn(move |event| handler(event, callbacks.clone()))).await
}

#[serverless_handler]
async fn handler(
    event: LambdaEvent<Question>,
    callbacks: Arc<Callbacks<Trace>>,
) -> Result<Value, Error> {
    let traces = Traces::of(&event.context.request_id);
    let hook = Hook {
        callbacks,
        traces: traces.clone(),
    };
    let answer = assistant(hook)?.prompt(event.payload.question).await?;
    Ok(json!({ "answer": answer.output(), "traces": traces.made() }))
}

struct Hook {
    callbacks: Arc<Callbacks<Trace>>,
    traces: Traces,
}

impl Hook {
    async fn tell(&self, what: impl Into<String>) {
        let emitted = self.callbacks.emit(self.traces.next(what)).await;
        emitted.expect("no handler of traces raises");
    }
}

impl AgentHook for Hook {
    async fn on_run_start(&self, _: &HookContext, _: RunStart<'_>) -> RunStartAction {
        self.tell("the run starts").await;
        RunStartAction::Continue
    }

    async fn on_completion_call(
        &self,
        _: &HookContext,
        event: CompletionCallEvent<'_>,
    ) -> CompletionCallAction {
        self.tell(format!("turn {} asks the model", event.turn))
            .await;
        CompletionCallAction::Continue
    }

    async fn on_model_turn_finished(
        &self,
        _: &HookContext,
        event: ModelTurnFinished<'_>,
    ) -> ModelTurnAction {
        let tokens = event.usage.total_tokens.unwrap_or_default();
        self.tell(format!("turn {} took {tokens} tokens", event.turn))
            .await;
        ModelTurnAction::Continue
    }

    async fn on_dispatch(&self, _: &HookContext, event: DispatchEvent<'_>) -> DispatchAction {
        if let Some(tool) = event.tool_name() {
            self.tell(format!("calls {tool}")).await;
        }
        DispatchAction::Proceed
    }

    async fn on_run_settled(&self, _: &HookContext, _: RunSettled<'_>) {
        self.tell("the run has settled").await;
    }
}
