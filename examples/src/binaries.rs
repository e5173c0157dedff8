//! Builds the binaries of this package and finds them.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Builds `names` with cargo, with `features` of this package, in the profile and target directory of the running binary, and
/// returns the directory in which they are.
///
/// Works from a binary and from a test. Cargo's own output goes to stderr.
pub fn build(names: &[&str], features: &[&str]) -> Result<PathBuf, Box<dyn Error + Send + Sync>> {
    let directory = profile_directory(&env::current_exe()?)
        .ok_or("this binary is not in a target directory of cargo")?;
    let target = directory.parent().unwrap_or(Path::new("."));
    let profile = match directory.file_name().and_then(OsStr::to_str) {
        // The one profile whose directory has another name.
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--locked", "--profile", profile])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .arg("--target-dir")
        .arg(target)
        .stdin(Stdio::null());
    for name in names {
        cargo.args(["--bin", name]);
    }
    for feature in features {
        cargo.args(["--features", feature]);
    }
    // What `cargo run` says about its own package would make build scripts that look at it run again.
    for (variable, _) in env::vars_os().filter(|(name, _)| is_about_the_package(name)) {
        cargo.env_remove(variable);
    }
    let status = cargo.status().map_err(|error| {
        io::Error::new(error.kind(), format!("could not run {cargo:?}: {error}"))
    })?;
    if status.success() {
        Ok(directory)
    } else {
        Err(format!("`cargo build` of {} failed ({status})", names.join(", ")).into())
    }
}

fn is_about_the_package(variable: &OsStr) -> bool {
    let prefixes = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ];
    variable
        .to_str()
        .is_some_and(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
}

/// `…/target/debug/x` and `…/target/debug/deps/x-0123` are both of `…/target/debug`.
fn profile_directory(executable: &Path) -> Option<PathBuf> {
    let directory = executable.parent()?;
    if directory.ends_with("deps") {
        directory.parent().map(Path::to_owned)
    } else {
        Some(directory.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_and_a_binary_have_the_same_profile_directory() {
        for executable in ["/t/debug/local-lambda", "/t/debug/deps/end_to_end-0123"] {
            let directory = profile_directory(Path::new(executable));
            assert_eq!(directory.as_deref(), Some(Path::new("/t/debug")));
        }
    }
}
