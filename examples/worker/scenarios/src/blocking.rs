//! Does not compile: there are no threads to block.

use tethered::spawn_blocking_tracked;

pub(crate) fn compress() {
    spawn_blocking_tracked!(|| ());
}
