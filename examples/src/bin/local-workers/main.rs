//! Workers on this machine: the real workerd serves the workers of `examples/worker`, and every
//! side effect is counted outside of them. `.ci/workers.sh` builds them and calls this.
//!
//! `local-workers WORKERD BUILT ROUNDS`

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
    let [workerd, built, rounds] = &arguments[..] else {
        return Err(Error::other("local-workers WORKERD BUILT ROUNDS"));
    };
    let (workerd, built) = (Path::new(workerd), Path::new(built));
    let rounds = rounds.parse().map_err(Error::other)?;
    let recorder = Recorder::start()?;
    let world = World {
        workerd: Workerd::start(workerd, built, &recorder.url())?,
        recorder,
    };

    let latency = latency::measure(&world, rounds)?;
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

    let [nothing, by_hand, tethered] = latency.medians;
    println!("\nanswers, medians of {rounds} interleaved rounds, ratios as 95% intervals:");
    println!("  with nothing in the background {nothing:.1?}");
    for (what, median, (least, most)) in [
        (
            "`ctx.wait_until` by hand",
            by_hand,
            latency.by_hand_to_nothing,
        ),
        ("`wait_until!`", tethered, latency.tethered_to_nothing),
    ] {
        println!("  with {what} {median:.1?}, {least:.3} to {most:.3} times that");
    }
    let (least, most) = latency.tethered_to_by_hand;
    println!("  `wait_until!` to by hand {least:.3} to {most:.3}");
    let (_, worst) = latency.tethered_to_nothing;
    println!("  at most {MOST_RATIO} times that with nothing: {worst:.3}");
    missed += usize::from(worst > MOST_RATIO);

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
