//! What the checked copy of a body asks about its values. Nothing here runs: the compiler answers.
//!
//! Each question is a trait over a code. A value that is fine has one impl, for `u8`. One that is
//! not has a second, for `u16`, so that the literal `0` handed over as the code stays ambiguous,
//! falls back to `i32`, and is missing there. An impl for `i32` exempts a type. The question thus
//! waits until the type is known, and never tells inference anything.

use std::{
    collections::{BTreeMap, HashMap, LinkedList, VecDeque},
    iter::Map,
    marker::PhantomData,
    ops::Deref,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    task::{AbortHandle, JoinHandle, JoinSet, LocalSet},
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};

use crate::{outcome::Never as NeverType, tracked::Tracked};

/// Comes back from nowhere: what follows is type-checked, and then known to be dead.
#[derive(Debug)]
pub enum Never {}

/// See [`Never`].
#[must_use]
pub fn never() -> Never {
    unreachable!("the checked copy of a body never runs")
}

/// The end of the copy, of any type.
pub fn diverge() -> ! {
    unreachable!("the checked copy of a body never runs")
}

/// Why a type is what a trait says: a marker for each impl keeps them from overlapping.
#[derive(Debug)]
pub struct Because<Why>(PhantomData<Why>);
/// It is a future.
#[derive(Debug)]
pub struct IsFuture;
/// It is a handle of its own kind.
#[derive(Debug)]
pub struct IsHandle;
/// It has one inside, in its `N`th place.
#[derive(Debug)]
pub struct Within<const N: usize, Why>(PhantomData<Why>);

/// Work that is lost or detached when the value is dropped.
pub trait Work<Why> {}
impl<F: Future + ?Sized> Work<IsFuture> for F {}
impl<T> Work<IsHandle> for thread::JoinHandle<T> {}
impl<T: 'static> Work<IsHandle> for JoinSet<T> {}

/// A task that runs already, so that dropping its handle detaches it.
pub trait Started<Why> {}
impl<T> Started<IsHandle> for thread::JoinHandle<T> {}
impl<T> Started<IsHandle> for JoinHandle<T> {}

macro_rules! within {
    ($($marker:ident),*) => { $(
        impl<T: $marker<W>, W> $marker<Within<0, W>> for Vec<T> {}
        impl<T: $marker<W>, W> $marker<Within<0, W>> for [T] {}
        impl<T: $marker<W>, W, const N: usize> $marker<Within<0, W>> for [T; N] {}
        impl<T: $marker<W>, W> $marker<Within<0, W>> for VecDeque<T> {}
        impl<T: $marker<W>, W> $marker<Within<0, W>> for LinkedList<T> {}
        impl<T: $marker<W>, W> $marker<Within<0, W>> for Option<T> {}
        impl<T: $marker<W>, E, W> $marker<Within<0, W>> for Result<T, E> {}
        impl<K, T: $marker<W>, S, W> $marker<Within<0, W>> for HashMap<K, T, S> {}
        impl<K, T: $marker<W>, W> $marker<Within<0, W>> for BTreeMap<K, T> {}
        impl<A: $marker<W>, W> $marker<Within<0, W>> for (A,) {}
        impl<A: $marker<W>, B, W> $marker<Within<0, W>> for (A, B) {}
        impl<A, B: $marker<W>, W> $marker<Within<1, W>> for (A, B) {}
        impl<A: $marker<W>, B, C, W> $marker<Within<0, W>> for (A, B, C) {}
        impl<A, B: $marker<W>, C, W> $marker<Within<1, W>> for (A, B, C) {}
        impl<A, B, C: $marker<W>, W> $marker<Within<2, W>> for (A, B, C) {}
        impl<A: $marker<W>, B, C, D, W> $marker<Within<0, W>> for (A, B, C, D) {}
        impl<A, B: $marker<W>, C, D, W> $marker<Within<1, W>> for (A, B, C, D) {}
        impl<A, B, C: $marker<W>, D, W> $marker<Within<2, W>> for (A, B, C, D) {}
        impl<A, B, C, D: $marker<W>, W> $marker<Within<3, W>> for (A, B, C, D) {}
        impl<R: ?Sized, T: $marker<W> + ?Sized, W> $marker<Within<0, W>> for By<R, T> {}
    )* };
}
within!(Work, Started);
impl<T: Work<W>, W> Work<Within<0, W>> for Box<[T]> {}
impl<T: Started<W> + ?Sized, W> Started<Within<0, W>> for Box<T> {}
impl<P: Deref, W> Started<Within<1, W>> for Pin<P> where P::Target: Started<W> {}
impl<I, F, W> Work<Within<0, W>> for Map<I, F>
where
    Map<I, F>: Iterator,
    <Map<I, F> as Iterator>::Item: Work<W>,
{
}

/// Whoever waits for what it has spawned, whatever becomes of the handles.
pub trait Tracks<Why> {}
impl Tracks<IsHandle> for TaskTracker {}
impl Tracks<IsHandle> for LocalSet {}
impl<P: Deref + ?Sized, W> Tracks<Within<0, W>> for P where P::Target: Tracks<W> {}

/// A collection that its name says is one of futures, such as `FuturesUnordered`, and that what it
/// is collected from proves.
#[derive(Debug)]
pub struct Collection<C: ?Sized>(PhantomData<C>);
/// It is collected from `Item`s.
#[derive(Debug)]
pub struct Of<Item, Why>(PhantomData<Item>, PhantomData<Why>);
impl<C: FromIterator<F>, F: Work<W>, W> Work<Of<F, W>> for Collection<C> {}

/// See [`Collection`].
#[must_use]
pub fn collection<C: ?Sized>(_: &C) -> Collection<C> {
    Collection(PhantomData)
}

/// Implemented by no type.
pub trait Nobody {}

/// A value that a method of an `R` has returned.
#[derive(Debug)]
pub struct By<R: ?Sized, T: ?Sized>(PhantomData<R>, PhantomData<T>);

/// A future or handle that may be dropped: what it stands for is not lost, or nobody's.
pub trait Exempt<Why> {}
impl<T: ?Sized> Exempt<IsHandle> for &T {}
impl<T: ?Sized> Exempt<IsHandle> for &mut T {}
impl<T: ?Sized> Exempt<IsHandle> for Pin<&mut T> {}
impl<T: ?Sized> Exempt<IsHandle> for Arc<T> {}
impl<T: ?Sized> Exempt<IsHandle> for Rc<T> {}
impl<T> Exempt<IsHandle> for oneshot::Receiver<T> {}
impl<T> Exempt<IsHandle> for futures_channel::oneshot::Receiver<T> {}
impl<T> Exempt<IsHandle> for AbortOnDropHandle<T> {}
impl<T> Exempt<IsHandle> for Tracked<T> {}
// Its handlers are tracked: who drops it only does not wait.
#[cfg(feature = "callbacks")]
impl Exempt<IsHandle> for crate::callbacks::Emit {}
// What the compiler falls back to for the value of code that never returns, at the same time as it
// falls back to `i32`.
impl Exempt<IsHandle> for () {}
impl Exempt<IsHandle> for NeverType {}
impl<R: Tracks<W> + ?Sized, T: ?Sized, W> Exempt<Within<1, W>> for By<R, T> {}
impl<R: ?Sized, T: Exempt<W> + ?Sized, W> Exempt<Within<0, W>> for By<R, T> {}
impl<A: Fine<V>, B: Fine<W>, V, W> Exempt<(V, W)> for (A, B) {}
impl<A: Fine<U>, B: Fine<V>, C: Fine<W>, U, V, W> Exempt<(U, V, W)> for (A, B, C) {}
impl<A: Exempt<W>, W> Exempt<Within<0, W>> for (A,) {}
impl<T: Exempt<W>, W> Exempt<Within<0, W>> for Vec<T> {}
impl<T: Exempt<W>, W> Exempt<Within<0, W>> for VecDeque<T> {}
impl<T: Exempt<W>, W> Exempt<Within<0, W>> for LinkedList<T> {}
impl<T: Exempt<W>, W> Exempt<Within<0, W>> for Box<[T]> {}
impl<T: Exempt<W>, W> Exempt<Within<0, W>> for [T] {}
impl<T: Exempt<W>, W, const N: usize> Exempt<Within<0, W>> for [T; N] {}
impl<T: Exempt<W>, W> Exempt<Within<0, W>> for Option<T> {}
impl<T: Exempt<W>, E, W> Exempt<Within<0, W>> for Result<T, E> {}
impl<K, T: Exempt<W>, S, W> Exempt<Within<0, W>> for HashMap<K, T, S> {}
impl<K, T: Exempt<W>, W> Exempt<Within<0, W>> for BTreeMap<K, T> {}

/// What stands beside a handle in a tuple: exempt, or no work at all.
pub trait Fine<Why> {}
/// It is no work.
#[derive(Debug)]
pub struct IsIdle;
impl<T: Idle> Fine<IsIdle> for T {}
impl<T: Exempt<W>, W> Fine<Because<W>> for T {}

/// Types that are no work, as far as they are known by name.
pub trait Idle {}
macro_rules! idle {
    ($($ty:ty),*) => { $(impl Idle for $ty {})* };
}
idle!(
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    f32,
    f64,
    bool,
    char,
    String,
    Duration,
    Instant,
    tokio::time::Instant,
    SystemTime,
    CancellationToken,
    AbortHandle
);
impl<T> Idle for oneshot::Sender<T> {}
impl<T> Idle for mpsc::Sender<T> {}
impl<T> Idle for mpsc::UnboundedSender<T> {}
impl<T> Idle for watch::Sender<T> {}
impl<T> Idle for broadcast::Sender<T> {}
impl<T> Idle for futures_channel::oneshot::Sender<T> {}
impl<T: Idle> Idle for Option<T> {}
impl<T: Idle> Idle for Vec<T> {}

/// A value whose work is waited for.
#[diagnostic::on_unimplemented(
    message = "work is dropped here: nobody awaits it, so it is lost or detached",
    label = "dropped, not awaited",
    note = "help: write `spawn_tracked!(…)` around the future, or `.await` it"
)]
pub trait Kept<Code, Why> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Kept<u8, ()> for T {}
#[diagnostic::do_not_recommend]
impl<T: Work<W> + ?Sized, W> Kept<u16, W> for T {}
#[diagnostic::do_not_recommend]
impl<T: Exempt<W> + ?Sized, W> Kept<i32, Because<W>> for T {}
// Beside a second impl the compiler weighs the first before it takes it, so that what is missing is
// this trait for each value, and not `Exempt` for all values of a type at once.
#[diagnostic::do_not_recommend]
impl<T: Nobody + ?Sized> Kept<i32, IsHandle> for T {}

/// What a collection gives back of what it held before: a future by itself was never held.
pub trait LetBack<Code, Why> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized> LetBack<u8, ()> for T {}
#[diagnostic::do_not_recommend]
impl<T: Future + ?Sized> LetBack<u16, IsFuture> for T {}
#[diagnostic::do_not_recommend]
impl<T: Exempt<W> + ?Sized, W> LetBack<i32, Because<W>> for T {}
#[diagnostic::do_not_recommend]
impl<T: Nobody + ?Sized> LetBack<i32, IsHandle> for T {}

/// A handle whose task may be let go: none that stands for work.
pub trait LetGo<Code, Why> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized> LetGo<u8, ()> for T {}
#[diagnostic::do_not_recommend]
impl<T: Work<W> + ?Sized, W> LetGo<u16, W> for T {}
#[diagnostic::do_not_recommend]
impl<T: Nobody + ?Sized> LetGo<i32, IsHandle> for T {}
// See `Kept`.
#[diagnostic::do_not_recommend]
impl<R: Tracks<W> + ?Sized, T: ?Sized, W> LetGo<i32, Because<W>> for By<R, T> {}

/// A function of so many arguments whose value is dropped right where it is called.
///
/// The call itself stays as it is, so that one that never returns still ends its block.
#[diagnostic::on_unimplemented(
    message = "work is dropped here: nobody awaits it, so it is lost or detached",
    label = "dropped, not awaited",
    note = "help: write `spawn_tracked!(…)` around the future, or `.await` it"
)]
pub trait Called<const ARGUMENTS: usize, Code, Why> {}
#[diagnostic::do_not_recommend]
impl<F, const ARGUMENTS: usize> Called<ARGUMENTS, u8, ()> for F {}
#[diagnostic::do_not_recommend]
impl<F: Nobody, const ARGUMENTS: usize> Called<ARGUMENTS, i32, IsHandle> for F {}
/// It is given these and returns that.
#[derive(Debug)]
pub struct Returns<Arguments, Value, Why>(PhantomData<(Arguments, Value, Why)>);
macro_rules! called {
    ($($count:literal: $($argument:ident)*;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<F, R, W, $($argument),*> Called<$count, u16, Returns<($($argument,)*), R, W>> for F
        where
            F: FnOnce($($argument),*) -> R,
            R: Work<W>,
        {
        }
        #[diagnostic::do_not_recommend]
        impl<F, R, W, $($argument),*> Called<$count, i32, Returns<($($argument,)*), R, W>> for F
        where
            F: FnOnce($($argument),*) -> R,
            R: Exempt<W>,
        {
        }
    )* };
}
called! {
    0: ;
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E G;
    7: A B C D E G H;
    8: A B C D E G H I;
}

/// A future whose value is dropped right where it is awaited.
#[diagnostic::on_unimplemented(
    message = "work is dropped here: nobody awaits it, so it is lost or detached",
    label = "dropped, not awaited",
    note = "help: write `spawn_tracked!(…)` around the future, or `.await` it"
)]
pub trait Awaited<Code, Why> {}
#[diagnostic::do_not_recommend]
impl<F> Awaited<u8, ()> for F {}
#[diagnostic::do_not_recommend]
impl<F: IntoFuture, W> Awaited<u16, W> for F where F::Output: Work<W> {}
#[diagnostic::do_not_recommend]
impl<F: IntoFuture, W> Awaited<i32, Because<W>> for F where F::Output: Exempt<W> {}
#[diagnostic::do_not_recommend]
impl<F: Nobody> Awaited<i32, IsHandle> for F {}

/// A value that may be dropped where a function is left early.
#[diagnostic::on_unimplemented(
    message = "a task is still running where the function may be left: its handle is dropped here, \
               and the host may freeze the process before it finishes",
    label = "the task is detached if the function is left here",
    note = "help: start it with `spawn_tracked!(…)`: its handle may be dropped anywhere"
)]
pub trait Joined<Code, Why> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Joined<u8, ()> for T {}
#[diagnostic::do_not_recommend]
impl<T: Started<W> + ?Sized, W> Joined<u16, W> for T {}
#[diagnostic::do_not_recommend]
impl<R: Tracks<W> + ?Sized, T: ?Sized, W> Joined<i32, Because<W>> for By<R, T> {}
#[diagnostic::do_not_recommend]
impl<R: Nobody + ?Sized, T: ?Sized> Joined<i32, IsHandle> for By<R, T> {}

/// What a spawner returns that gives no handle back.
#[diagnostic::on_unimplemented(
    message = "this task is detached: the host may freeze the process before it finishes",
    label = "its spawner gives no handle back",
    note = "help: write `spawn_tracked!(…)` with the future"
)]
pub trait Handed<Code> {}
#[diagnostic::do_not_recommend]
impl<T> Handed<u8> for T {}
#[diagnostic::do_not_recommend]
impl<E> Handed<u16> for Result<(), E> {}

/// The type of a receiver, without holding on to it.
#[derive(Debug)]
pub struct Type<R: ?Sized>(PhantomData<R>);
/// A method, so that it reaches for the receiver just as the receiver's own method does.
pub trait TypeOf {
    /// See [`Type`].
    fn __tethered_type(&self) -> Type<Self> {
        Type(PhantomData)
    }
}
impl<R: ?Sized> TypeOf for R {}

/// A value of any type.
#[must_use]
pub fn any<T>() -> T {
    unreachable!("the checked copy of a body never runs")
}

/// The value together with the type whose method has returned it.
#[must_use]
pub fn by<R: ?Sized, T: ?Sized>(_: &Type<R>, _: &T) -> By<R, T> {
    By(PhantomData, PhantomData)
}

/// Asks [`Kept`] about a value.
pub fn kept<T: Kept<C, W> + ?Sized, C, W>(_: &T, _: C) {}
/// Stands beside a value: with it no argument alone is what a question is about, so the compiler
/// underlines the name of the question, which has the span of what the user wrote.
#[derive(Debug)]
pub struct Beside<T>(PhantomData<T>);
/// See [`Beside`].
#[must_use]
pub fn beside<T>() -> Beside<T> {
    Beside(PhantomData)
}

/// Asks [`Called`] about a function, which then is called.
pub fn called<const ARGUMENTS: usize, F: Called<ARGUMENTS, C, W>, C, W>(
    function: F,
    _: Beside<F>,
    _: C,
) -> F {
    function
}
/// Asks [`Awaited`] about a future, which then is awaited.
pub fn awaited<F: Awaited<C, W>, C, W>(future: F, _: Beside<F>, _: C) -> F {
    future
}
/// Asks [`Joined`] about a value.
pub fn joined<T: Joined<C, W> + ?Sized, C, W>(_: &T, _: C) {}
/// Asks [`Handed`] about a value.
pub fn handed<T: Handed<C>, C>(value: T, _: C) -> T {
    value
}
