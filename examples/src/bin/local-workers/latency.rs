//! Answers of a worker that does nothing in the background, of one that calls `ctx.wait_until` by
//! hand, and of one that says `wait_until!`.

use std::{io::Result, time::Duration};

use crate::{http::Client, scenario::World};

const ANSWERS: [(&str, &str); 3] = [
    ("nothing", "/nothing"),
    ("by-hand", "/by-hand"),
    ("wait-until", "/one-after-answer"),
];

/// How long each of [`ANSWERS`] took, asked in turn.
type Sample = [Duration; 3];

/// A ratio of medians, by its 95% interval.
pub(crate) type Interval = (f64, f64);

pub(crate) struct Latency {
    pub(crate) medians: Sample,
    pub(crate) by_hand_to_nothing: Interval,
    pub(crate) tethered_to_nothing: Interval,
    pub(crate) tethered_to_by_hand: Interval,
}

/// Asks all of them by turns, `rounds` times.
pub(crate) fn measure(world: &World, rounds: usize) -> Result<Latency> {
    let connect = |(worker, _): (&str, _)| Client::connect(world.workerd.address(worker));
    let mut clients = ANSWERS.map(connect);
    let mut samples = Vec::new();
    for round in 0..rounds + 100 {
        let mut sample = Sample::default();
        for turn in 0..ANSWERS.len() {
            let which = (round + turn) % ANSWERS.len();
            let client = clients[which].as_mut().map_err(|error| error.kind())?;
            sample[which] = client.get(ANSWERS[which].1)?.elapsed;
        }
        // The first ones warm up.
        if round >= 100 {
            samples.push(sample);
        }
    }
    let resamples = resamples(&samples);
    let interval = |of: usize, to: usize| {
        let ratio = |medians: &Sample| medians[of].as_secs_f64() / medians[to].as_secs_f64();
        let mut ratios: Vec<_> = resamples.iter().map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        let last = ratios.len() - 1;
        (ratios[last / 40], ratios[last - last / 40])
    };
    Ok(Latency {
        medians: medians(&samples),
        by_hand_to_nothing: interval(1, 0),
        tethered_to_nothing: interval(2, 0),
        tethered_to_by_hand: interval(2, 1),
    })
}

fn medians(samples: &[Sample]) -> Sample {
    [0, 1, 2].map(|which| {
        let mut column: Vec<_> = samples.iter().map(|sample| sample[which]).collect();
        column.sort_unstable();
        column[column.len() / 2]
    })
}

/// The medians of a thousand resamples of the rounds (the bootstrap of Efron, 1979).
fn resamples(samples: &[Sample]) -> Vec<Sample> {
    // xorshift64 (Marsaglia, 2003), from a fixed seed: the same samples give the same interval.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut pick = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        samples[usize::try_from(state % samples.len() as u64).unwrap_or(0)]
    };
    let mut resample = || samples.iter().map(|_| pick()).collect::<Vec<_>>();
    (0..1000).map(|_| medians(&resample())).collect()
}
