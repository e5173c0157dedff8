//! The attribute without the attribute.

use crate::{
    handler::{Handler, HandlerOutput, fail},
    join_error::JoinError,
    run::run,
    scope::Scope,
    site::Site,
};

/// A value that is always a success, until the join says otherwise.
struct Joins<T>(Result<T, JoinError>);

impl<T> HandlerOutput for Joins<T> {
    fn is_err(&self) -> bool {
        self.0.is_err()
    }

    fn from_join_error(error: JoinError) -> Self {
        Self(Err(error))
    }
}

/// Runs `f` with a scope of its own and joins what is tracked in it: what
/// [`#[serverless_handler]`](crate::serverless_handler) does with its defaults, without the
/// attribute. The deadline is that of the scope around it, if there is one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), tethered::JoinError> {
/// use tethered::spawn_tracked;
///
/// let answer = tethered::scope(async |scope| {
///     spawn_tracked!(async { /* … */ });
///     scope.len()
/// })
/// .await?;
/// # assert_eq!(answer, 1);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`JoinError`] when a tracked task fails: the first failure, in time, cancels the rest, waits
/// until they have stopped, and is returned in place of `f`'s value. Also when the deadline comes:
/// it names what was unfinished, `f` itself as `scope`.
///
/// # Panics
/// When `f` panics, after its tasks have been joined.
///
/// # Cancel safety
/// Where the future is dropped, its tasks move up to the scope around it, at the outermost to the
/// root scope.
pub async fn scope<T>(f: impl AsyncFnOnce(&Scope) -> T) -> Result<T, JoinError> {
    static SITE: Site = Site::new("scope");

    let body = async move {
        let scope = Scope::current();
        Joins(Ok(f(&scope).await))
    };
    run(Handler::new(fail::<Joins<T>>(), &SITE), body).await.0
}
