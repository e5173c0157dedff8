//! Answers of one module, on three routes: with nothing in the background, with `ctx.wait_until` by
//! hand, and with `wait_until!`.
//!
//! Two isolates with one route differ by as much as two routes, and two processes by more, so there
//! are several of both. The isolates are asked in an order that is drawn anew for each round: what
//! one leaves for after its answer meets the request that follows, whichever that is.

use std::io::Result;

use tethered_examples::Ratio;

use crate::{
    http::Client,
    workerd::{Worker, Workerd},
};

const ROUTES: [&str; 3] = ["/nothing", "/by-hand", "/wait-until"];

const PROCESSES: usize = 4;

/// How many isolates of a process each route has.
const OF_EACH: usize = 5;

/// Rounds until what is asked again and again is compiled for good.
const WARM_UP: usize = 500;

/// How many microseconds each of [`ROUTES`] took in one round, on one of its isolates.
type Sample = [f64; 3];

pub(crate) struct Latency {
    pub(crate) pairs: usize,
    pub(crate) by_hand_to_nothing: Ratio,
    pub(crate) tethered_to_nothing: Ratio,
    pub(crate) tethered_to_by_hand: Ratio,
    /// Of `wait_until!` to nothing, the least and the most of the processes.
    pub(crate) processes: (f64, f64),
}

/// Asks each isolate `rounds` times, in all the processes that `start` serves its workers with.
pub(crate) fn measure(
    start: impl Fn(&[Worker]) -> Result<Workerd>,
    rounds: usize,
) -> Result<Latency> {
    // The same orders and resamples in each run.
    fastrand::seed(0x9E37_79B9_7F4A_7C15);
    let isolate = |number| (format!("answers-{number}"), "answers");
    let isolates: Vec<_> = (0..OF_EACH * ROUTES.len()).map(isolate).collect();
    let (mut samples, mut processes) = (Vec::new(), Vec::new());
    for _ in 0..PROCESSES {
        let workerd = start(&isolates)?;
        let of_process = ask(&workerd, &isolates, rounds.div_ceil(PROCESSES))?;
        processes.push(ratio(&of_process, 2, 0).value());
        samples.extend(of_process);
    }
    processes.sort_by(f64::total_cmp);
    Ok(Latency {
        pairs: samples.len(),
        by_hand_to_nothing: ratio(&samples, 1, 0),
        tethered_to_nothing: ratio(&samples, 2, 0),
        tethered_to_by_hand: ratio(&samples, 2, 1),
        processes: (processes[0], processes[PROCESSES - 1]),
    })
}

/// Each isolate is asked for one route alone.
fn ask(workerd: &Workerd, served: &[Worker], rounds: usize) -> Result<Vec<Sample>> {
    let connect = |(name, _): &Worker| Client::connect(workerd.address(name));
    let mut clients = served.iter().map(connect).collect::<Result<Vec<_>>>()?;
    let mut order: Vec<_> = (0..served.len()).collect();
    let mut samples = Vec::new();
    for round in 0..WARM_UP + rounds {
        let mut of_round = [Sample::default(); OF_EACH];
        fastrand::shuffle(&mut order);
        for &isolate in &order {
            let (number, route) = (isolate / ROUTES.len(), isolate % ROUTES.len());
            let answer = clients[isolate].get(ROUTES[route])?;
            of_round[number][route] = answer.elapsed.as_secs_f64() * 1e6;
        }
        if round >= WARM_UP {
            samples.extend(of_round);
        }
    }
    Ok(samples)
}

/// Of the answers of one route to those of another.
fn ratio(samples: &[Sample], of: usize, to: usize) -> Ratio {
    let pairs: Vec<_> = samples.iter().map(|it| [[it[to], it[of]]]).collect();
    Ratio::of(&pairs)
}
