//! A Durable Object whose state is the host.

use tethered::{serverless_handler, wait_until};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::Recorder;

#[durable_object(fetch)]
pub struct Counter {
    state: State,
    env: Env,
}

impl DurableObject for Counter {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
    }

    #[serverless_handler(host = self.state)]
    async fn fetch(&self, req: Request) -> Result<Response> {
        let path = req.path();
        let run = path.rsplit('/').next().unwrap_or("");
        let recorder = Recorder::new(&self.env, run)?;
        wait_until!(recorder.record_after(100, "kept"));
        Response::ok("answered")
    }
}
