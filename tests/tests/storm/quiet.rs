//! Ten thousand invocations with panics and failures, and not a line of output.

use std::{cell::Cell, panic, sync::Once};

use tracing::{
    Event, Level, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};

thread_local! {
    static REFUSED: Cell<u32> = const { Cell::new(0) };
}

/// Silences the storm's own panics, and what Tethered logs.
pub(crate) fn install() {
    static ONCE: Once = Once::new();

    ONCE.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let payload = info.payload().downcast_ref::<String>();
            if !payload.is_some_and(|text| text.starts_with("storm panic ")) {
                loud(info);
            }
        }));
        tracing::subscriber::set_global_default(Log).expect("no other subscriber is set");
    });
}

/// Runs `spawn`; whether the scope refused its task, which Tethered says in a warning.
pub(crate) fn refuses<T>(spawn: impl FnOnce() -> T) -> (T, bool) {
    let before = REFUSED.get();
    let value = spawn();
    (value, REFUSED.get() > before)
}

struct Log;

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target().starts_with("tethered")
    }

    fn event(&self, _: &Event<'_>) {
        REFUSED.set(REFUSED.get() + 1);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
