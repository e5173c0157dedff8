//! An assistant of `rig-agent`, as the functions `agent` and `agent-bare` use it.
//!
//! It asks a model, which wants a tool, gives the tool's result to the model, and has the answer.
//! On the way an `AgentHook` of the function makes traces of it, which go to a [`Sink`] over HTTP.
//! The model is a [`StandIn`] on this machine that speaks the wire format of OpenAI's chat
//! completions.

mod model;
mod sink;
mod trace;

use std::{convert::Infallible, env};

use rig_agent::{
    AgentBuilder,
    agent::{Agent, AgentHook},
};
use rig_core::{providers::openai::OpenAIConfig, tool::PortableTool};
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::{
    model::StandIn,
    sink::{Post, Sink},
    trace::{Trace, Traces},
};

/// The environment variable that tells a function where its model is.
pub const MODEL_VARIABLE: &str = "OPENAI_BASE_URL";

/// The environment variable that tells a function where its traces go.
pub const SINK_VARIABLE: &str = "TRACE_SINK";

/// What the functions are asked.
#[derive(Debug, Deserialize)]
pub struct Question {
    /// In plain words.
    pub question: String,
}

/// An assistant that tells `hook` what it does.
pub fn assistant(hook: impl AgentHook + 'static) -> Result<Agent, env::VarError> {
    let mut config = OpenAIConfig::new("a stand-in asks for no key");
    config.base_url = env::var(MODEL_VARIABLE)?;
    let model = config.client().chat("stand-in");
    let builder = AgentBuilder::new(model).preamble("You look orders up.");
    Ok(builder
        .tool(FindOrder)
        .default_max_turns(4)
        .add_hook(hook)
        .build())
}

/// The one tool.
struct FindOrder;

#[derive(Deserialize)]
struct Order {
    id: String,
}

impl PortableTool for FindOrder {
    const NAME: &'static str = "find_order";
    type Args = Order;
    type Output = String;
    type Error = Infallible;

    fn description(&self) -> String {
        "Tells the state of an order.".to_owned()
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": { "id": { "type": "string" } },
            "required": ["id"],
        })
    }

    async fn call(&self, Order { id }: Order) -> Result<String, Infallible> {
        Ok(format!("order {id} has been shipped"))
    }
}
