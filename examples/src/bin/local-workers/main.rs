//! Workers on this machine: the real workerd serves the workers of `examples/worker`, and every
//! side effect is counted outside of them. `.ci/workers.sh` builds them and calls this.
//!
//! `local-workers WORKERD BUILT ROUNDS`, or with `serve` in place of the rounds: then the example's
//! page stays up until the input ends.

mod http;
mod latency;
mod recorder;
mod scenario;
mod scenarios;
mod workerd;

use std::{
    env, fs,
    io::{self, Error},
    path::Path,
    process::ExitCode,
};

use tethered_examples::Ratio;

use crate::{
    recorder::Recorder,
    scenario::World,
    workerd::{Worker, Workerd},
};

/// What is aimed at, and what may not be exceeded.
struct Limit {
    goal: f64,
    ceiling: f64,
}

/// How much longer an answer may take than one with nothing in the background.
const RATIO: Limit = Limit {
    goal: 1.1,
    ceiling: 1.25,
};

/// By how many KB a small worker may grow against `ctx.wait_until` by hand.
const GROWTH: Limit = Limit {
    goal: 40.0,
    ceiling: 40.8,
};

impl Limit {
    /// Says how `value` stands; 1 if it is beyond what may not be exceeded.
    fn check(&self, value: f64) -> usize {
        let Self { goal, ceiling } = self;
        let word = if value <= *goal { "reached" } else { "MISSED" };
        println!("  {value:.3}: the goal of {goal} is {word}, the ceiling is {ceiling}");
        usize::from(value > *ceiling)
    }
}

fn main() -> Result<ExitCode, Error> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [workerd, built, rounds] = &arguments[..] else {
        return Err(Error::other("local-workers WORKERD BUILT ROUNDS"));
    };
    let (workerd, built) = (Path::new(workerd), Path::new(built));
    let recorder = Recorder::start()?;
    let url = recorder.url();
    let start = |served: &[Worker]| Workerd::start(workerd, built, &url, served);
    let folders = ["example", "bare", "scenarios", "scenarios-unwind"];
    let world = World {
        workerd: start(&folders.map(|folder| (folder.to_owned(), folder)))?,
        recorder,
    };

    if rounds == "serve" {
        println!("http://{}", world.workerd.address("example"));
        io::copy(&mut io::stdin(), &mut io::sink())?;
        return Ok(ExitCode::SUCCESS);
    }
    let rounds = rounds.parse().map_err(Error::other)?;
    let rows = scenarios::all(&world)?;
    let latency = latency::measure(start, rounds)?;
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

    let pairs = latency.pairs;
    println!("\nanswers, medians of {pairs} interleaved pairs, ratios as 95% intervals:");
    let [nothing, _] = latency.by_hand_to_nothing.medians;
    println!("  with nothing in the background {nothing:.1}µs");
    for (what, ratio) in [
        ("`ctx.wait_until` by hand", &latency.by_hand_to_nothing),
        ("`wait_until!`", &latency.tethered_to_nothing),
    ] {
        let ([_, median], low, high) = (ratio.medians, ratio.low, ratio.high);
        println!("  with {what} {median:.1}µs, {low:.3} to {high:.3} times that");
    }
    let Ratio { low, high, .. } = latency.tethered_to_by_hand;
    println!("  `wait_until!` to by hand {low:.3} to {high:.3}");
    let (least, most) = latency.processes;
    println!("  `wait_until!` to nothing, by process {least:.3} to {most:.3}");
    missed += RATIO.check(latency.tethered_to_nothing.high);

    let size = |worker: &str| {
        let wasm = built.join(worker).join("index_bg.wasm");
        Ok::<_, Error>(f64::from(
            u32::try_from(fs::metadata(wasm)?.len()).map_err(Error::other)?,
        ))
    };
    let (example, by_hand) = (size("example")? / 1024.0, size("by-hand")? / 1024.0);
    println!(
        "\nwasm of the small worker {example:.1} KB, by hand {by_hand:.1} KB, the difference:"
    );
    missed += GROWTH.check(example - by_hand);

    if missed > 0 {
        println!("\n{missed} wrong; the console:");
        for line in world.workerd.console() {
            println!("  {line}");
        }
        return Ok(ExitCode::FAILURE);
    }
    println!("\nevery side effect is accounted for");
    Ok(ExitCode::SUCCESS)
}
