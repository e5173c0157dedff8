//! `TETHERED_CALLBACKS_BACKGROUND`, read once, when the set is made.

use super::*;
use std::{env, process::Command};

/// What a set does under `value`, in a process of its own.
fn under(value: &str) -> String {
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "variable::child", "--nocapture"])
        .env("TETHERED_CALLBACKS_BACKGROUND", value)
        .env("CHILD", "1")
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    let text = String::from_utf8(child.stdout).unwrap();
    let (_, said) = text.split_once("said: ").unwrap();
    said.lines().next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn child() {
    if env::var_os("CHILD").is_none() {
        return;
    }
    let callbacks = match Callbacks::new() {
        Ok(callbacks) => callbacks,
        Err(error) => return println!("said: {error}"),
    };
    let journal = Journal::new();
    for (mut callbacks, what) in [
        (callbacks, "set by the variable"),
        (Callbacks::new().unwrap().background(false), "set in code"),
    ] {
        callbacks.on_async("slow", slow(&journal, "slow", 100));
        let started = journal.now();
        let emit = async { callbacks.emit("event").await.unwrap() };
        let (took, ..) = invoke(async {
            emit.await;
            journal.now() - started
        })
        .await;
        if what == "set in code" {
            assert_eq!(took, 100);
        } else {
            println!("said: {took}");
        }
    }
}

#[test]
fn it_says_whether_an_emit_waits() {
    for value in ["true", "Yes", "1"] {
        assert_eq!(under(value), "0", "{value}");
    }
    for value in ["false", "False", "NO", "0"] {
        assert_eq!(under(value), "100", "{value}");
    }
}

#[test]
fn anything_else_is_an_error_that_names_it() {
    let error = under("falsch");
    assert!(
        error.starts_with("TETHERED_CALLBACKS_BACKGROUND is `falsch`"),
        "{error}"
    );
}
