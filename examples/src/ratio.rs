//! The ratio of two medians, and how sure it is.

use std::fmt;

const RESAMPLES: usize = 1_000;

/// Of the second of each pair to the first, with its 95% interval.
#[derive(Debug)]
pub struct Ratio {
    /// Of the first, and of the second.
    pub medians: [f64; 2],
    /// Where the interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

impl Ratio {
    /// Of pairs that were measured in groups. The interval is the bootstrap's (Efron, 1979), which
    /// draws whole groups: what a process is lucky or unlucky with, it has from its start to its end.
    #[must_use]
    pub fn of(groups: &[impl AsRef<[[f64; 2]]>]) -> Self {
        let mut ratios: Vec<_> = (0..RESAMPLES)
            .map(|_| {
                let drawn = (0..groups.len()).map(|_| &groups[fastrand::usize(0..groups.len())]);
                let [base, other] = medians(drawn);
                other / base
            })
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        Self {
            medians: medians(groups),
            low: ratios[RESAMPLES / 40],
            high: ratios[RESAMPLES - 1 - RESAMPLES / 40],
        }
    }

    /// Of the medians.
    #[must_use]
    pub fn value(&self) -> f64 {
        let [base, other] = self.medians;
        other / base
    }

    /// How much later the second is, and the worse end of that.
    #[must_use]
    pub fn later(&self) -> (f64, f64) {
        let [base, other] = self.medians;
        (other - base, (self.high - 1.0) * base)
    }
}

fn medians<'a>(groups: impl IntoIterator<Item = &'a (impl AsRef<[[f64; 2]]> + 'a)>) -> [f64; 2] {
    let pairs: Vec<_> = groups.into_iter().flat_map(AsRef::as_ref).collect();
    [0, 1].map(|side| {
        let mut values: Vec<_> = pairs.iter().map(|pair| pair[side]).collect();
        let middle = values.len() / 2;
        *values.select_nth_unstable_by(middle, f64::total_cmp).1
    })
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            medians: [base, other],
            low,
            high,
        } = self;
        write!(
            f,
            "{other:.1} / {base:.1} = {:.4} [{low:.4}, {high:.4}]",
            self.value()
        )
    }
}
