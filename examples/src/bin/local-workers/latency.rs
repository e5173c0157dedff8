//! Answers of a worker that goes on in the background, beside those of one that does nothing there.

use std::{io::Result, time::Duration};

use crate::{http::Client, scenario::World};

/// The ratio of the medians, and its 95% interval.
pub(crate) struct Ratio {
    pub(crate) medians: (Duration, Duration),
    pub(crate) interval: (f64, f64),
}

/// Asks both by turns, `pairs` times.
pub(crate) fn measure(world: &World, pairs: usize) -> Result<Ratio> {
    let mut nothing = Client::connect(world.workerd.address("bare"))?;
    let mut first = Client::connect(world.workerd.address("scenarios"))?;
    let mut samples = Vec::new();
    for turn in 0..pairs + 100 {
        let (mut bare, mut tethered) = (Duration::ZERO, Duration::ZERO);
        for which in [turn % 2, (turn + 1) % 2] {
            if which == 0 {
                bare = nothing.get("/nothing")?.elapsed;
            } else {
                tethered = first.get("/one-after-answer")?.elapsed;
            }
        }
        // The first ones warm up.
        if turn >= 100 {
            samples.push((bare, tethered));
        }
    }
    let medians = medians(samples.iter());
    let mut ratios = bootstrap(&samples);
    ratios.sort_by(f64::total_cmp);
    let last = ratios.len() - 1;
    Ok(Ratio {
        medians,
        interval: (ratios[last / 40], ratios[last - last / 40]),
    })
}

fn medians<'a>(samples: impl Iterator<Item = &'a (Duration, Duration)>) -> (Duration, Duration) {
    let (mut bare, mut tethered): (Vec<_>, Vec<_>) = samples.copied().unzip();
    bare.sort_unstable();
    tethered.sort_unstable();
    (bare[bare.len() / 2], tethered[tethered.len() / 2])
}

/// Ratios of the medians of a thousand resamples of the pairs.
fn bootstrap(samples: &[(Duration, Duration)]) -> Vec<f64> {
    // xorshift64 (Marsaglia 2003), from a fixed seed: the same samples give the same interval.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let pick = |at: u64| &samples[usize::try_from(at % samples.len() as u64).unwrap_or(0)];
    (0..1000)
        .map(|_| {
            let resample: Vec<_> = samples.iter().map(|_| *pick(random())).collect();
            let (bare, tethered) = medians(resample.iter());
            tethered.as_secs_f64() / bare.as_secs_f64()
        })
        .collect()
}
