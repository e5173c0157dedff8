//! What `cargo` takes and what it makes.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

/// CPU time of a `cargo check` that has nothing to do but the one crate.
pub(crate) fn check(root: &Path, name: &str) -> io::Result<Duration> {
    let lib = fs::File::options()
        .append(true)
        .open(root.join(name).join("src/lib.rs"))?;
    lib.set_modified(SystemTime::now())?;
    let before = of_children()?;
    cargo(root, &["check", "--quiet", "--package", name])?;
    Ok(of_children()?.saturating_sub(before))
}

/// The program as a stripped release binary.
pub(crate) fn build(root: &Path, program: &Path, to: &Path) -> io::Result<()> {
    fs::File::options()
        .append(true)
        .open(program)?
        .set_modified(SystemTime::now())?;
    cargo(
        root,
        &[
            "build",
            "--quiet",
            "--release",
            "--package",
            "program",
            "--config",
            "profile.release.strip=true",
        ],
    )?;
    fs::copy(target(root).join("release/program"), to)?;
    Ok(())
}

/// The size of `.text` and of the file.
pub(crate) fn sizes(binary: &Path) -> io::Result<(u64, u64)> {
    let listing = Command::new("size")
        .args(["-A", "-d"])
        .arg(binary)
        .output()?;
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    let text = listing.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(".text")).then(|| words.next()?.parse().ok())?
    });
    let text = text.ok_or_else(|| io::Error::other("`size` shows no .text"))?;
    Ok((text, fs::metadata(binary)?.len()))
}

pub(crate) fn target(root: &Path) -> PathBuf {
    root.join("target")
}

fn cargo(root: &Path, args: &[&str]) -> io::Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root)
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TARGET_DIR", target(root))
        .status()?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| io::Error::other(format!("cargo {args:?} failed")))
}

/// User and system time of the processes that were waited for, and of those that they waited for.
fn of_children() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name before it may have spaces in it.
    let (_, numbers) = stat.rsplit_once(')').ok_or(io::ErrorKind::InvalidData)?;
    let ticks = numbers
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(str::parse::<u64>);
    let ticks: u64 = ticks.sum::<Result<_, _>>().map_err(io::Error::other)?;
    // Linux shows ticks of 10 ms, whatever its own are.
    Ok(Duration::from_millis(ticks * 10))
}
