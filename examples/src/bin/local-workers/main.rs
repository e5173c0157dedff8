//! Workers on this machine: the real workerd serves the workers of `examples/worker`, and every
//! side effect is counted outside of them. `.ci/workers.sh` builds them and calls this.
//!
//! `local-workers WORKERD BUILT PAIRS`

mod http;
mod latency;
mod recorder;
mod scenario;
mod scenarios;
mod workerd;

use std::{env, fs, io::Error, path::Path, process::ExitCode};

use crate::{recorder::Recorder, scenario::World, workerd::Workerd};

/// An answer may be this much slower than one with nothing in the background.
const MOST_RATIO: f64 = 1.1;
/// A small worker may grow by this many bytes against `ctx.wait_until` by hand.
const MOST_GROWTH: u64 = 40 * 1024;

fn main() -> Result<ExitCode, Error> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [workerd, built, pairs] = &arguments[..] else {
        return Err(Error::other("local-workers WORKERD BUILT PAIRS"));
    };
    let (workerd, built) = (Path::new(workerd), Path::new(built));
    let pairs = pairs.parse().map_err(Error::other)?;
    let recorder = Recorder::start()?;
    let world = World {
        workerd: Workerd::start(workerd, built, &recorder.url())?,
        recorder,
    };

    let ratio = latency::measure(&world, pairs)?;
    let rows = scenarios::all(&world)?;
    let mut missed = 0;
    println!(
        "{:40} {:>22}  side effects, counted outside of the worker",
        "", "answered"
    );
    for row in &rows {
        println!("{:40} {:>22}  {}", row.title, row.answered, row.effects);
        for wrong in &row.wrong {
            println!("{:40} MISSED: {wrong}", "");
            missed += 1;
        }
    }

    let (bare, tethered) = ratio.medians;
    let (least, most) = ratio.interval;
    println!(
        "\nanswer with nothing in the background {bare:.1?}, with `wait_until!` {tethered:.1?}: \
         ratio within {least:.3} to {most:.3} (95% of {pairs} interleaved pairs), at most {MOST_RATIO}"
    );
    missed += usize::from(most > MOST_RATIO);

    let size = |worker: &str| {
        Ok::<_, Error>(fs::metadata(built.join(worker).join("index_bg.wasm"))?.len())
    };
    let (example, by_hand) = (size("example")?, size("by-hand")?);
    let growth = example.saturating_sub(by_hand);
    println!(
        "wasm of the small worker: {example} bytes, by hand {by_hand}: {growth} more, at most {MOST_GROWTH}"
    );
    missed += usize::from(growth > MOST_GROWTH);

    if missed > 0 {
        println!("\n{missed} missed; the console:");
        for line in world.workerd.console() {
            println!("  {line}");
        }
        return Ok(ExitCode::FAILURE);
    }
    println!("all as it should be");
    Ok(ExitCode::SUCCESS)
}
