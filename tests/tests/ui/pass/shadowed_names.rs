//! Nothing of the expansion is looked up in the user's scope.
#![deny(warnings, clippy::pedantic)]
#![forbid(unsafe_code)]

use tethered::{Value, serverless_handler, spawn_tracked, wait_until};

struct Option;
struct Box;
struct Duration;
#[allow(non_camel_case_types)]
struct handler;
trait Future {}
mod std {}
mod core {}
mod tokio {}
macro_rules! shadow { ($($name:ident)*) => { $(#[allow(non_snake_case)] fn $name() {})* } }
shadow!(Some None Ok Err run fail log);
type Result = ::core::result::Result<(), tethered::JoinError>;

impl Future for Option {}

#[serverless_handler(timeout = "5s", join = join_all, on_drop = abort, max_concurrent = 2)]
async fn invoke(output: impl Future, boxed: Box, (_, _): (Duration, u8)) -> Result {
    spawn_tracked!(async { Value(boxed) });
    wait_until!(async { Value(Option) });
    drop(output);
    Result::Ok(())
}

fn main() {
    for name in [Some, None, Ok, Err, run, fail, log] {
        name();
    }
    drop((handler, invoke(Option, Box, (Duration, 1))));
}
