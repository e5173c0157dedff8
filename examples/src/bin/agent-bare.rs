//! An agent as a function with bare `tokio::spawn`: which traces are lost between two invocations.
//!
//! Read it beside `agent.rs`: the same agent, but that nothing waits for its traces.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use rig_agent::agent::{
    AgentHook, CompletionCallAction, CompletionCallEvent, DispatchAction, DispatchEvent,
    HookContext, ModelTurnAction, ModelTurnFinished, RunSettled, RunStart, RunStartAction,
};
use serde_json::{Value, json};
use tethered_examples::agent::{Post, Question, Traces, assistant};
use tokio::spawn;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let post = Post::from_env()?;
    lambda_runtime::run(service_fn(move |event| handler(event, post.clone()))).await
}

async fn handler(event: LambdaEvent<Question>, post: Post) -> Result<Value, Error> {
    let traces = Traces::of(&event.context.request_id);
    let hook = Hook {
        post,
        traces: traces.clone(),
    };
    let answer = assistant(hook)?.prompt(event.payload.question).await?;
    Ok(json!({ "answer": answer.output(), "traces": traces.made() }))
}

struct Hook {
    post: Post,
    traces: Traces,
}

impl Hook {
    fn tell(&self, what: impl Into<String>) {
        spawn(self.post.clone().send(self.traces.next(what)));
    }
}

impl AgentHook for Hook {
    async fn on_run_start(&self, _: &HookContext, _: RunStart<'_>) -> RunStartAction {
        self.tell("the run starts");
        RunStartAction::Continue
    }

    async fn on_completion_call(
        &self,
        _: &HookContext,
        event: CompletionCallEvent<'_>,
    ) -> CompletionCallAction {
        self.tell(format!("turn {} asks the model", event.turn));
        CompletionCallAction::Continue
    }

    async fn on_model_turn_finished(
        &self,
        _: &HookContext,
        event: ModelTurnFinished<'_>,
    ) -> ModelTurnAction {
        let tokens = event.usage.total_tokens.unwrap_or_default();
        self.tell(format!("turn {} took {tokens} tokens", event.turn));
        ModelTurnAction::Continue
    }

    async fn on_dispatch(&self, _: &HookContext, event: DispatchEvent<'_>) -> DispatchAction {
        if let Some(tool) = event.tool_name() {
            self.tell(format!("calls {tool}"));
        }
        DispatchAction::Proceed
    }

    async fn on_run_settled(&self, _: &HookContext, _: RunSettled<'_>) {
        self.tell("the run has settled");
    }
}
