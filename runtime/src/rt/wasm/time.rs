//! Time by the JavaScript host: `std`'s clocks panic here.

use std::{
    cell::Cell,
    ops::{Add, Sub},
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};

use super::{Kept, VALUES, keep, since_epoch};

/// The longest time that `setTimeout` takes: 2³¹ − 1 milliseconds.
const LONGEST: u64 = i32::MAX as u64;

/// A moment of the JavaScript host's clock, in milliseconds, which never goes back.
///
/// On Cloudflare Workers the clock stands still while code runs, and goes on when it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The present moment.
    #[must_use]
    // Asked for in some fifteen places.
    #[inline(never)]
    pub fn now() -> Self {
        thread_local! {
            static LATEST: Cell<u64> = const { Cell::new(0) };
        }

        // `Date` may be set back.
        let latest = LATEST.get().max(since_epoch());
        LATEST.set(latest);
        Self(latest)
    }

    /// The time from `self` to now.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Self::now() - *self
    }

    /// The time from `earlier` to `self`; zero if that is later.
    #[must_use]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        *self - earlier
    }

    /// `None` if the moment is further away than the clock can tell.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        // Without the 128 bits of `Duration::as_millis` and `checked_mul`, which are much code. What is
        // less than a millisecond is one: a wait is never too short.
        let below = duration.subsec_nanos().div_ceil(1_000_000);
        if duration.as_secs() > u64::MAX / 2000 {
            return None;
        }
        let after = duration.as_secs() * 1000 + u64::from(below);
        self.0.checked_add(after).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Never, if the moment is further away than the clock can tell.
    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration).unwrap_or(Self(u64::MAX))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Zero if `earlier` is later.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

#[wasm_bindgen]
extern "C" {
    /// Calls `callback` with `key`.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: i32, key: usize) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: f64);
}

thread_local! {
    /// What all of them call: a closure or a promise for each would cost as much as its timer.
    static FIRE: JsValue = Closure::<dyn Fn(usize)>::new(fire).into_js_value();
}

/// Whom a timer wakes: nobody once it has fired.
type Place = Cell<Option<Waker>>;

/// A running `setTimeout`, which is cleared when it is dropped.
struct Timeout {
    id: f64,
    place: Kept,
}

impl Timeout {
    fn new(milliseconds: i32, waker: Waker) -> Self {
        let place = keep::<Place>(Cell::new(Some(waker)));
        let id = FIRE.with(|fire| set_timeout(fire, milliseconds, place.0));
        Self { id, place }
    }

    /// Whether it has fired; if not, it wakes `waker`.
    fn has_fired(&self, waker: Waker) -> bool {
        exchange(self.place.0, Some(waker)).is_none()
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        // One that has fired too: to ask costs more code than it spares.
        clear_timeout(self.id);
    }
}

/// Whom the timer with `key` would have woken; from now on it wakes `waker`.
fn exchange(key: usize, waker: Option<Waker>) -> Option<Waker> {
    VALUES.with_borrow(|values| values.get(key)?.downcast_ref::<Place>()?.replace(waker))
}

fn fire(key: usize) {
    if let Some(waker) = exchange(key, None) {
        waker.wake();
    }
}

/// Ends at a moment, by a timer that is set on its first poll.
pub(crate) struct Sleep {
    until: Instant,
    timeout: Option<Timeout>,
}

pub(crate) fn sleep_until(until: Instant) -> Sleep {
    Sleep {
        until,
        timeout: None,
    }
}

/// Without end where the clock cannot tell the end.
pub(crate) async fn sleep(duration: Duration) {
    match Instant::now().checked_add(duration) {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some(timeout) = &this.timeout {
            if !timeout.has_fired(cx.waker().clone()) {
                return Poll::Pending;
            }
            this.timeout = None;
        }
        // Asked again when a timer has fired: it may be early, or not reach so far.
        let left = this.until.0.saturating_sub(Instant::now().0);
        if left == 0 {
            return Poll::Ready(());
        }
        let milliseconds = left.min(LONGEST);
        #[expect(clippy::cast_possible_truncation, reason = "at most `i32::MAX`")]
        let timeout = Timeout::new(milliseconds as i32, cx.waker().clone());
        this.timeout = Some(timeout);
        Poll::Pending
    }
}
