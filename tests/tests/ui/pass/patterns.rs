//! Arguments may be patterns. For `host`, their names are references.
#![deny(warnings, clippy::pedantic)]

use std::{sync::Arc, time::SystemTime};

use tethered::{Drain, Host, JoinError, serverless_handler};

struct Context(SystemTime);

impl Host for Context {
    fn deadline(&self) -> Option<SystemTime> {
        Some(self.0)
    }

    fn keep_alive(&self, drain: Drain) -> Result<(), Drain> {
        Err(drain)
    }
}

struct Event<T> {
    payload: T,
    context: Context,
}

#[serverless_handler(host = context)]
async fn of_a_struct(
    Event {
        mut payload,
        context,
    }: Event<Vec<u8>>,
) -> Result<(Vec<u8>, Context), JoinError> {
    payload.push(1);
    Ok((payload, context))
}

#[serverless_handler(host = Arc::clone(host))]
async fn nested(
    ((ref host, _), &later): ((Arc<Context>, String), &SystemTime),
) -> Result<bool, JoinError> {
    Ok(host.0 == later)
}

#[serverless_handler(host = Context(event.context.0))]
async fn a_field(event: Event<u8>, [first, .., _last]: [u8; 3]) -> Result<u8, JoinError> {
    Ok(event.payload + first)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), JoinError> {
    let later = SystemTime::now() + std::time::Duration::from_secs(60);
    let (payload, Context(time)) = of_a_struct(Event {
        payload: vec![],
        context: Context(later),
    })
    .await?;
    assert!(nested(((Arc::new(Context(time)), String::new()), &later)).await?);
    assert_eq!(
        a_field(
            Event {
                payload: payload[0],
                context: Context(later)
            },
            [1, 2, 3]
        )
        .await?,
        2
    );
    Ok(())
}
