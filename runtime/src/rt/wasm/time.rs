//! Time by the JavaScript host: `std`'s clocks panic here.

use std::{
    cell::{Cell, RefCell},
    ops::{Add, Sub},
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use slab::Slab;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

use super::since_epoch;

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
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn Fn(u32)>, milliseconds: i32, timer: u32) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: f64);
}

/// A running timer.
struct Timer {
    waker: Waker,
    fired: bool,
}

thread_local! {
    static TIMERS: RefCell<Slab<Timer>> = const { RefCell::new(Slab::new()) };
    /// One for all timers: it is told which.
    static FIRE: Closure<dyn Fn(u32)> = Closure::wrap_assert_unwind_safe(Box::new(fire));
}

fn fire(timer: u32) {
    let waker = TIMERS.with_borrow_mut(|timers| {
        let timer = timers.get_mut(timer as usize)?;
        timer.fired = true;
        Some(timer.waker.clone())
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A running `setTimeout`, which is cleared when it is dropped.
struct Timeout {
    timer: u32,
    id: f64,
}

impl Timeout {
    fn new(milliseconds: i32, waker: Waker) -> Self {
        let timer = Timer {
            waker,
            fired: false,
        };
        let timer = TIMERS.with_borrow_mut(|timers| timers.insert(timer));
        let timer = u32::try_from(timer).expect("fewer than 2^32 timers run at once");
        let id = FIRE.with(|fire| set_timeout(fire, milliseconds, timer));
        Self { timer, id }
    }

    /// Whether it has fired; if not, `waker` is woken when it does.
    fn has_fired(&self, waker: &Waker) -> bool {
        TIMERS.with_borrow_mut(|timers| {
            let timer = &mut timers[self.timer as usize];
            timer.waker.clone_from(waker);
            timer.fired
        })
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        let timer = TIMERS.with_borrow_mut(|timers| timers.remove(self.timer as usize));
        if !timer.fired {
            clear_timeout(self.id);
        }
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
        loop {
            match &this.timeout {
                Some(timeout) if !timeout.has_fired(cx.waker()) => return Poll::Pending,
                _ => this.timeout = None,
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
        }
    }
}
