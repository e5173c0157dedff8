//! Nothing but examples, which Cargo finds in `tests/ui/pass`.
