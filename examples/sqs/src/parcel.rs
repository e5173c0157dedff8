//! What is in the queue, and what has to have happened when it is empty.

use serde::{Deserialize, Serialize};

/// The body of a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Parcel {
    pub(crate) number: u32,
    pub(crate) fate: Fate,
}

/// What happens to a parcel when it is delivered for the first time. The second time all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    /// It is shipped.
    Ships,
    /// Its record's own future fails, before it has anybody told.
    HasNoRoom,
    /// The same by a panic.
    Panics,
    /// A tracked task of it fails.
    LosesItsCount,
    /// A keep-alive task of it fails, when the record's own future is over.
    LosesItsMail,
    /// It is not done when the function's deadline comes.
    Hangs,
}

impl Fate {
    pub(crate) const ALL: [Self; 6] = [
        Self::Ships,
        Self::HasNoRoom,
        Self::Panics,
        Self::LosesItsCount,
        Self::LosesItsMail,
        Self::Hangs,
    ];

    /// The side effects of a parcel that are done when it is delivered for the `nth` time.
    pub(crate) fn done(self, nth: u32) -> &'static [&'static str] {
        match (self, nth) {
            (Self::Ships, 1) => &["count", "mail", "ship"],
            (Self::Ships, _) => &[],
            (Self::HasNoRoom | Self::Panics, 1) => &["count"],
            (Self::LosesItsCount, 1) => &["mail", "ship"],
            (Self::LosesItsMail, 1) => &["count", "ship"],
            (Self::Hangs, 1) => &["count", "mail"],
            (_, 2) => &["count", "mail", "ship"],
            _ => &[],
        }
    }
}
