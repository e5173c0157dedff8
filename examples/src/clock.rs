//! One wall clock for everything that ends up on a timeline, whichever process saw it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment, in microseconds of this machine's wall clock, comparable between processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(u64);

impl Stamp {
    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
    }

    /// Milliseconds from `earlier` to this moment, negative if it came before.
    #[must_use]
    pub fn ms_since(self, earlier: Self) -> f64 {
        let distance = Duration::from_micros(self.0.abs_diff(earlier.0)).as_secs_f64() * 1e3;
        if self < earlier { -distance } else { distance }
    }
}

#[cfg(test)]
mod tests {
    use super::Stamp;

    #[test]
    fn distances_have_a_sign() {
        let (early, late) = (Stamp(1_000), Stamp(3_500));
        assert!((late.ms_since(early) - 2.5).abs() < f64::EPSILON);
        assert!((early.ms_since(late) + 2.5).abs() < f64::EPSILON);
    }
}
