//! What the rounds say about a goal, though what else the machine does falls on them too.

/// What a variant took, of what the crate without attributes took in the same round; sorted.
pub(crate) struct Ratios(Vec<f64>);

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    Missed,
    /// The goal is within the interval.
    Open,
}

impl Ratios {
    pub(crate) fn of(these: &[f64], bare: &[f64]) -> Self {
        let rounds = these.iter().zip(bare);
        let mut ratios: Vec<_> = rounds.map(|(these, bare)| these / bare).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        Self(ratios)
    }

    /// The median with its 95% interval.
    pub(crate) fn median(&self) -> (f64, [f64; 2]) {
        let Self(ratios) = self;
        let last = ratios.len() - 1;
        let median = f64::midpoint(ratios[last / 2], ratios[ratios.len() / 2]);
        // Fewer rounds than six prove nothing.
        let interval = match rank(ratios.len()) {
            Some(rank) => [ratios[rank], ratios[last - rank]],
            None => [0.0, f64::INFINITY],
        };
        (median, interval)
    }

    pub(crate) fn verdict(&self, goal: f64) -> Verdict {
        let (_, [least, most]) = self.median();
        if least > goal {
            Verdict::Missed
        } else if most <= goal {
            Verdict::Met
        } else {
            Verdict::Open
        }
    }
}

/// How many of the outermost values can be left out at either end, so that the true median is
/// between the next two with 95% certainty: each value is as likely above it as below, however the
/// noise is distributed.
#[expect(clippy::cast_precision_loss, reason = "there are few rounds")]
fn rank(rounds: usize) -> Option<usize> {
    let mut found = None;
    // That exactly `below` values are below the true median, and that at most so many are.
    let mut exactly = 0.5_f64.powf(rounds as f64);
    let mut at_most = 0.0;
    for below in 0..rounds {
        at_most += exactly;
        if 2.0 * at_most > 0.05 {
            break;
        }
        found = Some(below);
        exactly *= (rounds - below) as f64 / (below + 1) as f64;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_the_sign_test() {
        let ranks = [5, 6, 8, 9, 12, 15, 20].map(rank);
        let expected = [None, Some(0), Some(0), Some(1), Some(2), Some(3), Some(5)];
        assert_eq!(ranks, expected);
    }

    #[test]
    fn a_goal_is_missed_only_where_that_is_shown() {
        // Six rounds of a machine that is now quick and now slow, and twice so in the midst of one.
        let bare = [4.0, 5.1, 4.4, 6.0, 4.1, 4.9];
        let noise = [1.01, 0.99, 1.08, 0.98, 1.02, 0.93];
        let verdict = |cost: f64| {
            let mut these = bare;
            for (this, noise) in these.iter_mut().zip(noise) {
                *this *= cost * noise;
            }
            Ratios::of(&these, &bare).verdict(1.10)
        };
        assert_eq!(verdict(1.01), Verdict::Met);
        assert_eq!(verdict(1.06), Verdict::Open);
        assert_eq!(verdict(1.15), Verdict::Open);
        assert_eq!(verdict(1.19), Verdict::Missed);
    }
}
