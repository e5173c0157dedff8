//! The clocks of a process that is frozen and restored between its invocations.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::{
    Context, LambdaInvocation, Service,
    tower::{Layer, service_fn},
};
use tethered::Scope;
use tokio::time::{Instant, advance};

/// How far the deadline of an invocation is, which has `left` by the wall clock.
async fn deadline_in(
    service: &mut impl Service<LambdaInvocation, Response = Duration, Error = ()>,
    left: Duration,
) -> Duration {
    let at = (SystemTime::now() + left)
        .duration_since(UNIX_EPOCH)
        .unwrap();
    let mut context = Context::default();
    context.deadline = u64::try_from(at.as_millis()).unwrap();
    let (parts, ()) = lambda_http::http::Response::new(()).into_parts();
    let invocation = LambdaInvocation {
        parts,
        body: "{}".into(),
        context,
    };
    service.call(invocation).await.unwrap()
}

/// Tokio's paused clock stands for a monotonic one that stood still in a freeze, or jumped when the
/// process was restored on another machine, while the wall clock went its way.
#[tokio::test(start_paused = true)]
async fn a_deadline_is_told_by_the_wall_clock_of_its_own_invocation() {
    let handler = service_fn(async |_: LambdaInvocation| {
        let deadline = Scope::current().deadline().expect("a deadline");
        Ok::<_, ()>(deadline - Instant::now())
    });
    let mut service = tethered::lambda::layer().layer(handler);
    let margin = Duration::from_millis(100);
    for jump in [0, 1, 60 * 60 * 24 * 30] {
        advance(Duration::from_secs(jump)).await;
        for left in [3, 900] {
            let left = Duration::from_secs(left);
            let told = deadline_in(&mut service, left).await + margin;
            let off = told.abs_diff(left);
            assert!(off < Duration::from_millis(100), "{off:?} after {jump} s");
        }
    }
}
