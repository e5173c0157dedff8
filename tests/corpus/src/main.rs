//! Puts `#[tethered::no_detach]` on every function of well-known crates, compiles them against
//! their real dependencies, and compares what it reports to [`reports.md`](../reports.md).
//!
//! ```sh
//! cargo run -p tethered-corpus                  # all
//! cargo run -p tethered-corpus -- hyper h2      # some
//! cargo run -p tethered-corpus -- --bless hyper # writes the rows of new reports, to be judged
//! ```
//!
//! It fails for a report that is not in the table, a row that is not reported any more, a row that
//! is not judged `true`, and any other error, which is one that the attribute brought: each crate
//! is compiled without it first. The sources are copied to `target/corpus`, where `hyper.errors` has
//! the compiler's words in full; the environment variable `TETHERED_PATH` names another folder for
//! the crate `tethered`.

mod check;
mod copy;
mod crates;
mod functions;
mod table;
mod trial;
mod verdict;

use std::{env, fs, process::ExitCode};

use anyhow::{Result, bail};

use crate::{copy::Sources, crates::CRATES, table::Table};

const REPORTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reports.md");

fn main() -> Result<ExitCode> {
    let (flags, names): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|a| a.starts_with('-'));
    let bless = flags == ["--bless"];
    if !(bless || flags.is_empty()) {
        bail!("the only flag is `--bless`");
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| !CRATES.iter().any(|k| k.name == **name))
    {
        bail!("`{unknown}` is not in the table of `src/crates.rs`");
    }
    let mut table = Table::parse(&fs::read_to_string(REPORTS).unwrap_or_default());
    let root = copy::root()?;
    let sources = Sources::fetch(&root)?;
    let (mut functions, mut reports, mut new_errors, mut failed) = (0, 0, 0, 0);
    println!(
        "{:<20} functions  reports  new errors  seconds without/with",
        "crate"
    );
    for krate in CRATES {
        if !(names.is_empty() || names.iter().any(|name| name == krate.name)) {
            continue;
        }
        let trial = match trial::run(krate, &sources, &root.join("target")) {
            Ok(trial) => trial,
            Err(error) => {
                println!("{:<20} {error:#}", krate.name);
                failed += 1;
                continue;
            }
        };
        if bless {
            table.bless(krate.name, krate.version, trial.functions, &trial.reports);
            fs::write(REPORTS, table.to_string())?;
        }
        println!(
            "{:<20} {:>9}  {:>7}  {:>10}  {:>7.1}/{:.1}",
            krate.name,
            trial.functions,
            trial.reports.len(),
            trial.new_errors.len(),
            trial.times.0.as_secs_f32(),
            trial.times.1.as_secs_f32(),
        );
        for file in &trial.unread {
            println!("  left as it is, for it does not parse: {}", file.display());
        }
        let problems = verdict::problems(&trial, table.rows(krate.name, krate.version));
        for problem in &problems {
            println!("  {problem}");
        }
        functions += trial.functions;
        reports += trial.reports.len();
        new_errors += trial.new_errors.len();
        failed += usize::from(!problems.is_empty());
    }
    println!(
        "{:<20} {functions:>9}  {reports:>7}  {new_errors:>10}",
        "total"
    );
    if failed > 0 {
        println!("{failed} of the crates failed");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
