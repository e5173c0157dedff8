//! Time by the JavaScript host: `std`'s clocks panic here.

use std::{
    cell::Cell,
    ops::{Add, Sub},
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use send_wrapper::SendWrapper;
use tokio::sync::oneshot;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};

use super::system_now;

/// The longest time that `setTimeout` takes: 2³¹ − 1 milliseconds.
const LONGEST: u128 = i32::MAX as u128;

/// A moment of the JavaScript host's clock, in milliseconds, which never goes back.
///
/// On Cloudflare Workers the clock stands still while code runs, and goes on when it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The present moment.
    #[must_use]
    pub fn now() -> Self {
        thread_local! {
            static LATEST: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        }

        let now = system_now()
            .duration_since(std::time::SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        // `Date` may be set back.
        let latest = LATEST.get().max(now);
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
        self.0.checked_add(duration).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Zero if `earlier` is later.
    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn FnMut()>, milliseconds: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timeout: &JsValue);
}

/// A running `setTimeout`, which is cleared when it is dropped: its callback goes with it.
struct Timeout {
    id: JsValue,
    _callback: Closure<dyn FnMut()>,
}

impl Timeout {
    fn new(milliseconds: i32) -> (Self, oneshot::Receiver<()>) {
        let (sender, fired) = oneshot::channel();
        let mut sender = Some(sender);
        let callback = Closure::wrap_assert_unwind_safe(Box::new(move || {
            if let Some(sender) = sender.take() {
                let _ = sender.send(());
            }
        }) as Box<dyn FnMut()>);
        let id = set_timeout(&callback, milliseconds);
        let timeout = Self {
            id,
            _callback: callback,
        };
        (timeout, fired)
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}

/// Ends at a moment, by a timer that is set on its first poll.
pub(crate) struct Sleep {
    until: Instant,
    timer: Option<(SendWrapper<Timeout>, oneshot::Receiver<()>)>,
}

pub(crate) fn sleep_until(until: Instant) -> Sleep {
    Sleep { until, timer: None }
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
            if let Some((_, fired)) = &mut this.timer {
                let _ = ready!(Pin::new(fired).poll(cx));
                this.timer = None;
            }
            // Asked again when a timer has fired: it may be early, or not reach so far.
            let left = this.until - Instant::now();
            if left.is_zero() {
                return Poll::Ready(());
            }
            let milliseconds = left.as_micros().div_ceil(1000).min(LONGEST);
            #[expect(clippy::cast_possible_truncation, reason = "at most `i32::MAX`")]
            let (timeout, fired) = Timeout::new(milliseconds as i32);
            this.timer = Some((SendWrapper::new(timeout), fired));
        }
    }
}

/// `Err` if `at` comes before the end of `future`.
pub(crate) async fn timeout_at<F: Future>(at: Instant, future: F) -> Result<F::Output, ()> {
    let (mut future, mut sleep) = (pin!(future), pin!(sleep_until(at)));
    std::future::poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        sleep.as_mut().poll(cx).map(Err)
    })
    .await
}
