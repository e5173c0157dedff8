//! What Tethered costs an invocation, in pairs: the same function with and without it, one
//! invocation each in turn. Both are started anew time and again: two processes of one function
//! differ by more than the function with Tethered does from the one without.
//!
//! ```sh
//! cargo run --release -p tethered-tests --bin lambda-cost            # 5000 pairs
//! cargo run --release -p tethered-tests --bin lambda-cost -- 2000
//! ```
//!
//! `start BARE WITH` compares the starts of two binaries. Exits with 1 where the worse end of a 95% interval is beyond its limit.

mod api;
mod functions;

use std::{
    env, io,
    process::{Command, ExitCode},
};

#[cfg(target_os = "linux")]
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use tethered_examples::Ratio;

use crate::api::Api;

/// How often both functions are started.
const PROCESSES: usize = 50;

/// Not measured, in each process: connections are made, pages are touched.
const WARM_UP: usize = 100;

/// Pairs of starts.
const STARTS: usize = 300;

struct Comparison {
    what: &'static str,
    base: &'static str,
    other: &'static str,
    /// In microseconds, of one invocation.
    measure: fn(&mut Api) -> io::Result<f64>,
    /// The most that `other` may take as a multiple of `base`.
    limit: Option<f64>,
}

const COMPARISONS: [Comparison; 3] = [
    Comparison {
        what: "latency, answer first: a 5 ms handler with three side effects / without",
        base: "waits",
        other: "waits-and-spawns",
        measure: Api::latency,
        limit: Some(1.02),
    },
    Comparison {
        what: "cycle (1 / throughput): a handler without tasks, with Tethered / bare",
        base: "bare",
        other: "tethered",
        measure: Api::cycle,
        limit: Some(1.0 / 0.98),
    },
    Comparison {
        what: "latency, for the scale: a handler that does nothing with three side effects / without",
        base: "tethered",
        other: "spawns",
        measure: Api::latency,
        limit: None,
    },
];

impl Comparison {
    /// Of two processes.
    fn pairs(&self, pairs: usize) -> io::Result<Vec<[f64; 2]>> {
        let mut apis = [Api::start(self.base)?, Api::start(self.other)?];
        for api in &mut apis {
            for _ in 0..WARM_UP {
                (self.measure)(api)?;
            }
        }
        let mut pair = || {
            let mut pair = [0.0; 2];
            let first = usize::from(fastrand::bool());
            for side in [first, 1 - first] {
                pair[side] = (self.measure)(&mut apis[side])?;
            }
            Ok(pair)
        };
        (0..pairs).map(|_| pair()).collect()
    }
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error + Send + Sync>> {
    if let Ok(function) = env::var("FUNCTION") {
        functions::run(&function)?;
        return Ok(ExitCode::SUCCESS);
    }
    #[cfg(target_os = "linux")]
    on_one_processor()?;
    let arguments: Vec<_> = env::args().skip(1).collect();
    if let [start, bare, with] = arguments.as_slice()
        && start == "start"
    {
        return starts(bare, with);
    }
    let pairs: usize = arguments.first().map_or(Ok(5_000), |pairs| pairs.parse())?;
    let seed = fastrand::u64(..);
    fastrand::seed(seed);
    println!(
        "{pairs} pairs each, of {PROCESSES} processes, in random order, seed {seed}; medians in µs, \
         95% intervals"
    );
    let mut holds = true;
    for comparison in COMPARISONS {
        let measured: io::Result<Vec<_>> = (0..PROCESSES)
            .map(|_| comparison.pairs(pairs.div_ceil(PROCESSES)))
            .collect();
        let ratio = Ratio::of(&measured?);
        let verdict = match comparison.limit {
            None => "",
            Some(limit) if ratio.high <= limit => "holds",
            Some(_) => "DOES NOT HOLD",
        };
        holds &= verdict != "DOES NOT HOLD";
        println!("{}\n  {ratio}  {verdict}", comparison.what);
    }
    Ok(ExitCode::from(u8::from(!holds)))
}

/// Stays on one processor, with all that is started: else a process is faster or slower than another
/// by where its threads have come to lie. A function with less than 1,769 MB has no more than one.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
#[cfg(target_os = "linux")]
fn on_one_processor() -> nix::Result<()> {
    let this = Pid::from_raw(0);
    let (allowed, mut one) = (sched_getaffinity(this)?, CpuSet::new());
    let first = (0..CpuSet::count()).find(|&processor| allowed.is_set(processor) == Ok(true));
    one.set(first.unwrap_or_default())?;
    sched_setaffinity(this, &one)
}

/// From the start of the process to its first `GET /next`, in pairs of two binaries.
fn starts(bare: &str, with: &str) -> Result<ExitCode, Box<dyn std::error::Error + Send + Sync>> {
    let start = |binary: &str| Api::spawn(&mut Command::new(binary)).map(|(_, micros)| micros);
    let mut pairs = Vec::new();
    for _ in 0..STARTS {
        pairs.push(vec![[start(bare)?, start(with)?]]);
    }
    let ratio = Ratio::of(&pairs);
    let (later, at_worst) = ratio.later();
    let holds = at_worst <= 1_000.0;
    println!(
        "start to the first GET /next, {STARTS} pairs, in µs: {ratio}\n  \
         later by {later:.0}, at worst {at_worst:.0}; limit 1000  {}",
        if holds { "holds" } else { "DOES NOT HOLD" }
    );
    Ok(ExitCode::from(u8::from(!holds)))
}
