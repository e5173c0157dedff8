//! Answers of one module, on three routes: with nothing in the background, with `ctx.wait_until` by
//! hand, and with `wait_until!`.
//!
//! Two isolates with one route differ by as much as two routes, and two processes by more, so there
//! are several of both. The isolates are asked in an order that is drawn anew for each round: what
//! one leaves for after its answer meets the request that follows, whichever that is.

use std::{io::Result, time::Duration};

use fastrand::Rng;

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

/// How long each of [`ROUTES`] took in one round, on one of its isolates.
type Sample = [Duration; 3];

/// A ratio of medians, from least to most.
pub(crate) type Interval = (f64, f64);

pub(crate) struct Latency {
    pub(crate) pairs: usize,
    pub(crate) medians: Sample,
    /// The 95% intervals of all pairs together.
    pub(crate) by_hand_to_nothing: Interval,
    pub(crate) tethered_to_nothing: Interval,
    pub(crate) tethered_to_by_hand: Interval,
    /// Of the processes, each by itself.
    pub(crate) processes: Interval,
}

/// Asks each isolate `rounds` times, in all the processes that `start` serves its workers with.
pub(crate) fn measure(
    start: impl Fn(&[Worker]) -> Result<Workerd>,
    rounds: usize,
) -> Result<Latency> {
    // The same orders and resamples in each run.
    let mut random = Rng::with_seed(0x9E37_79B9_7F4A_7C15);
    let isolate = |number| (format!("answers-{number}"), "answers");
    let isolates: Vec<_> = (0..OF_EACH * ROUTES.len()).map(isolate).collect();
    let (mut samples, mut processes) = (Vec::new(), Vec::new());
    for _ in 0..PROCESSES {
        let workerd = start(&isolates)?;
        let of_process = ask(&workerd, &isolates, rounds.div_ceil(PROCESSES), &mut random)?;
        processes.push(ratio(&medians(&of_process), 2, 0));
        samples.extend(of_process);
    }
    processes.sort_by(f64::total_cmp);
    let resamples = resamples(&samples, &mut random);
    let interval = |of: usize, to: usize| {
        let mut ratios: Vec<_> = resamples.iter().map(|it| ratio(it, of, to)).collect();
        ratios.sort_by(f64::total_cmp);
        let last = ratios.len() - 1;
        (ratios[last / 40], ratios[last - last / 40])
    };
    Ok(Latency {
        pairs: samples.len(),
        medians: medians(&samples),
        by_hand_to_nothing: interval(1, 0),
        tethered_to_nothing: interval(2, 0),
        tethered_to_by_hand: interval(2, 1),
        processes: (processes[0], processes[PROCESSES - 1]),
    })
}

/// Each isolate is asked for one route alone.
fn ask(
    workerd: &Workerd,
    served: &[Worker],
    rounds: usize,
    random: &mut Rng,
) -> Result<Vec<Sample>> {
    let connect = |(name, _): &Worker| Client::connect(workerd.address(name));
    let mut clients = served.iter().map(connect).collect::<Result<Vec<_>>>()?;
    let mut order: Vec<_> = (0..served.len()).collect();
    let mut samples = Vec::new();
    for round in 0..WARM_UP + rounds {
        let mut of_round = [Sample::default(); OF_EACH];
        random.shuffle(&mut order);
        for &isolate in &order {
            let (number, route) = (isolate / ROUTES.len(), isolate % ROUTES.len());
            of_round[number][route] = clients[isolate].get(ROUTES[route])?.elapsed;
        }
        if round >= WARM_UP {
            samples.extend(of_round);
        }
    }
    Ok(samples)
}

fn ratio(medians: &Sample, of: usize, to: usize) -> f64 {
    medians[of].as_secs_f64() / medians[to].as_secs_f64()
}

fn medians(samples: &[Sample]) -> Sample {
    [0, 1, 2].map(|route| {
        let mut column: Vec<_> = samples.iter().map(|sample| sample[route]).collect();
        let middle = column.len() / 2;
        *column.select_nth_unstable(middle).1
    })
}

/// The medians of a thousand resamples (the bootstrap of Efron, 1979).
fn resamples(samples: &[Sample], random: &mut Rng) -> Vec<Sample> {
    let mut resample = || {
        let picked = samples
            .iter()
            .map(|_| samples[random.usize(..samples.len())]);
        picked.collect::<Vec<_>>()
    };
    (0..1000).map(|_| medians(&resample())).collect()
}
