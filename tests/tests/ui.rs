//! What compiles, and what does not with which words. A file of `ui/pass` or `ui/fail` is one rule.
//!
//! New words are blessed, never typed: `TRYBUILD=overwrite cargo test --test ui`.

use std::{env, process::Command};

/// The compiler whose words stand in `ui/fail`.
const BLESSED: &str = "rustc 1.95.";

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    let compiler = compiler();
    if compiler.starts_with(BLESSED) {
        cases.compile_fail("tests/ui/fail/*.rs");
    } else {
        let skipped = format!("ui/fail is skipped: it needs {BLESSED}x, this is {compiler}");
        assert!(env::var_os("CI").is_none(), "{skipped}");
        println!("{skipped}");
    }
}

fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    String::from_utf8(version.expect("rustc runs").stdout).expect("a version")
}
