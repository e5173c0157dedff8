//! Functions of every form.

use std::{
    fmt::{self, Debug, Display},
    future::Future,
    marker::PhantomData,
    ops::Deref,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use tethered::no_detach;

use super::support::{Result, check, fetch, store, work};

/// Generic.
#[no_detach]
pub async fn generic<T, F, const N: usize>(items: [T; N], f: F) -> Vec<u64>
where
    T: Into<u64> + Send,
    F: AsyncFn(u64) -> u64,
{
    let mut out = Vec::new();
    for item in items {
        out.push(f(item.into()).await);
    }
    out
}

/// Spawns what it is given, and returns its handle.
#[no_detach]
pub fn generic_spawner<F>(fut: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    tokio::spawn(fut)
}

/// Lifetimes.
#[no_detach]
pub async fn lifetimes<'a, 'b: 'a>(a: &'a str, b: &'b str) -> &'a str {
    work().await;
    if a.is_empty() { b } else { a }
}

/// Arguments of any trait.
#[no_detach]
pub async fn impl_arguments(
    name: impl Into<String>,
    numbers: impl IntoIterator<Item = u64>,
    mut log: impl FnMut(&str),
) {
    let name = name.into();
    for number in numbers {
        let _ = store(number).await;
        log(&name);
    }
}

/// Returns some iterator.
#[no_detach]
pub fn impl_iterator(numbers: &[u64]) -> impl Iterator<Item = u64> + '_ {
    let _ = numbers.len();
    drop(String::new());
    let offset = 1;
    numbers.iter().map(move |n| n + offset)
}

/// Returns some future.
#[no_detach]
pub fn impl_future(id: u64) -> impl Future<Output = Result<u64>> + Send {
    let twice = id * 2;
    async move {
        let value = fetch(twice).await?;
        check(value > 0)?;
        Ok(value)
    }
}

/// Returns some closure.
#[no_detach]
pub fn impl_closure(n: u64) -> impl Fn(u64) -> u64 + Clone {
    if n == 0 {
        println!("zero");
    }
    move |m| m + n
}

/// Returns some of each, in a future.
#[no_detach]
pub async fn impl_in_a_future(n: u64) -> Result<(impl Display + use<>, Vec<impl Debug + use<>>)> {
    let value = fetch(n).await?;
    Ok((value, vec![value]))
}

/// Trait objects.
#[no_detach]
pub fn objects<'a>(
    names: &'a [String],
) -> Pin<Box<dyn Future<Output = Box<dyn Debug + Send + 'a>> + Send + 'a>> {
    Box::pin(async move {
        work().await;
        let names: Box<dyn Debug + Send> = Box::new(names);
        names
    })
}

/// Patterns as arguments.
#[no_detach]
pub async fn patterns(
    (a, mut b): (u64, u64),
    [first, ..]: [u64; 3],
    Pair { x, .. }: Pair,
    _: u8,
) -> u64 {
    b += 1;
    a + b + first + x
}

/// Two numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pair {
    /// The first.
    pub x: u64,
    /// The second.
    pub y: u64,
}

/// Unsafe.
///
/// # Safety
/// The pointer is that of a number.
#[no_detach]
#[allow(unsafe_code)]
pub async unsafe fn unsafe_function(pointer: *const u64) -> u64 {
    // SAFETY: the caller says so.
    let n = unsafe { *pointer };
    unsafe {
        let _ = *pointer;
    }
    n + unsafe { std::ptr::read(pointer) }
}

/// For C.
#[no_detach]
pub extern "C" fn for_c(n: u64) -> u64 {
    let handle = std::thread::spawn(move || n);
    handle.join().unwrap_or(0)
}

/// For constants.
#[no_detach]
pub const fn constant(n: u64) -> u64 {
    let mut sum = 0;
    let mut i = 0;
    while i < n {
        sum += i;
        i += 1;
    }
    sum
}

/// A service with methods of every form.
pub struct Service<T = u64> {
    name: String,
    value: T,
}

#[no_detach]
impl Service {
    /// Its default.
    pub const ZERO: u64 = 0;

    /// Constant.
    pub const fn new() -> Self {
        Self {
            name: String::new(),
            value: Self::ZERO,
        }
    }

    /// Not asynchronous.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Changes it.
    pub fn rename(&mut self, name: impl Into<String>) -> &mut Self {
        self.name = name.into();
        self
    }

    /// Asynchronous.
    pub async fn run(&self) -> Result<u64> {
        let value = tokio::spawn(fetch(self.value));
        let value = value.await??;
        self.check(value).await?;
        Self::log(value).await;
        Ok(value)
    }

    async fn check(&self, value: u64) -> Result {
        check(value == self.value)
    }

    async fn log(value: u64) {
        println!("{value}");
    }

    /// Takes itself.
    pub async fn finish(mut self) -> String {
        self.name.push('!');
        work().await;
        self.name
    }

    /// Shared.
    pub async fn shared(self: Arc<Self>) -> Result<u64> {
        let this = Arc::clone(&self);
        let value = tokio::spawn(async move { this.run().await }).await??;
        Ok(value + self.value)
    }

    /// In other pointers.
    pub async fn local(self: Rc<Self>, other: Box<Self>) -> usize {
        work().await;
        self.name.len() + other.name.len()
    }

    /// Pinned.
    pub async fn pinned(self: Pin<&mut Self>) -> u64 {
        self.get_mut().value += 1;
        0
    }
}

#[no_detach]
impl<T> Service<T>
where
    T: Clone + Send + Sync + 'static,
{
    /// Of another type.
    pub fn with<U>(self, value: U) -> Service<U> {
        let Self { name, value: _ } = self;
        Service { name, value }
    }

    /// Its value, later.
    pub fn value(&self) -> impl Future<Output = T> + Send + '_ {
        async move { self.value.clone() }
    }
}

#[no_detach]
impl Default for Service {
    fn default() -> Self {
        Self::new()
    }
}

#[no_detach]
impl<T: Display> Display for Service<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        write!(f, "{}", self.value)
    }
}

#[no_detach]
impl<T> Deref for Service<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

#[no_detach]
impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        let _ = self.0.take();
        println!("dropped");
    }
}

/// Dropped with a word.
pub struct Guard<T>(pub Option<T>);

/// Counts.
#[derive(Default)]
pub struct Counter<T>(u64, PhantomData<T>);

#[no_detach]
impl<T> Iterator for Counter<T> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 += 1;
        (self.0 < 9).then_some(self.0)
    }
}

/// Is ready when it is asked twice.
#[derive(Default)]
pub struct Twice(bool);

#[no_detach]
impl Future for Twice {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0 {
            return Poll::Ready(1);
        }
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

trait Store {
    type Key;
    const KIND: &'static str;

    async fn get(&self, key: Self::Key) -> Result<u64>;

    fn put(&self, key: Self::Key) -> impl Future<Output = Result> + Send;

    #[no_detach]
    async fn get_twice(&self, a: Self::Key, b: Self::Key) -> Result<u64> {
        let a = self.get(a).await?;
        let b = self.get(b).await?;
        Ok(a + b)
    }
}

#[no_detach]
impl Store for Pair {
    type Key = u64;
    const KIND: &'static str = "pair";

    async fn get(&self, key: u64) -> Result<u64> {
        if key > 1 {
            return Err(Self::KIND.into());
        }
        let handle = tokio::spawn(fetch(key));
        handle.await?
    }

    async fn put(&self, key: u64) -> Result {
        store(key).await
    }
}

impl<T: Send + Sync> Store for Vec<T> {
    type Key = usize;
    const KIND: &'static str = "vector";

    #[no_detach]
    async fn get(&self, key: Self::Key) -> Result<u64> {
        let Some(_) = self.as_slice().get(key) else {
            return Ok(0);
        };
        fetch(1).await
    }

    #[no_detach]
    fn put(&self, key: Self::Key) -> impl Future<Output = Result> + Send {
        let len = self.len();
        async move { store((key + len) as u64).await }
    }
}

/// Any store.
#[no_detach]
pub async fn any_store() -> Result<u64> {
    async fn read<S: Store>(store: &S, key: S::Key) -> Result<u64> {
        store.get(key).await
    }
    let pair = Pair::default();
    pair.put(1).await?;
    vec![1_u8].put(0).await?;
    pair.get_twice(0, 1).await?;
    Ok(read(&pair, 1).await? + read(&vec!["a"], 0).await?)
}

#[async_trait::async_trait]
trait Repository: Send + Sync {
    async fn load(&self, id: u64) -> Result<u64>;
    async fn save(&mut self, id: u64) -> Result;

    #[no_detach]
    async fn both(&mut self, id: u64) -> Result<u64> {
        self.save(id).await?;
        self.load(id).await
    }
}

#[async_trait::async_trait]
impl Repository for Pair {
    #[no_detach]
    async fn load(&self, id: u64) -> Result<u64> {
        let handle = tokio::spawn(fetch(id));
        Ok(handle.await?? + self.x)
    }

    #[no_detach]
    async fn save(&mut self, id: u64) -> Result {
        self.x = id;
        store(id).await
    }
}

/// The attribute above the other one.
#[no_detach]
#[async_trait::async_trait]
impl Repository for Counter<u8> {
    async fn load(&self, id: u64) -> Result<u64> {
        check(id > self.0)?;
        fetch(id).await
    }

    async fn save(&mut self, id: u64) -> Result {
        self.0 = id;
        work().await;
        Ok(())
    }
}

/// The attribute below the other one.
#[async_trait::async_trait]
#[no_detach]
impl Repository for Twice {
    async fn load(&self, id: u64) -> Result<u64> {
        fetch(id).await
    }

    async fn save(&mut self, id: u64) -> Result {
        if self.0 {
            return store(id).await;
        }
        Ok(())
    }
}

/// Objects of it.
#[no_detach]
pub async fn repositories() -> Result<u64> {
    let mut all: Vec<Box<dyn Repository>> = vec![
        Box::new(Pair::default()),
        Box::new(Counter::<u8>::default()),
        Box::new(Twice::default()),
    ];
    let mut sum = 0;
    for one in &mut all {
        sum += one.both(1).await?;
    }
    Ok(sum)
}

/// Items of every kind in a body.
#[no_detach]
pub async fn items() -> Result<u64> {
    use std::collections::BTreeSet;
    const LIMIT: u64 = 3;
    static NAMES: [&str; 1] = ["a"];
    type Numbers = BTreeSet<u64>;
    #[derive(Clone, Debug, PartialEq)]
    struct Local<T>(T);
    impl<T: Into<u64>> Local<T> {
        async fn get(self) -> u64 {
            work().await;
            self.0.into()
        }
    }
    impl<T: Into<u64> + Copy> Sum for Local<T> {
        fn sum(&self) -> u64 {
            self.0.into()
        }
    }
    trait Sum {
        fn sum(&self) -> u64;
    }
    enum Kind {
        One,
        Many(u64),
    }
    mod inner {
        pub(super) fn one() -> u64 {
            1
        }
    }
    macro_rules! two {
        () => {
            2_u64
        };
    }
    fn kind(n: u64) -> Kind {
        if n == 1 { Kind::One } else { Kind::Many(n) }
    }
    let mut numbers = Numbers::new();
    numbers.insert(inner::one());
    numbers.insert(two!());
    let local = Local(1_u32);
    let sum = local.sum() + local.get().await;
    let count = match kind(sum) {
        Kind::One => 1,
        Kind::Many(n) => n.min(LIMIT),
    };
    Ok(count + NAMES.len() as u64)
}

/// An item after the code that uses it.
#[no_detach]
pub async fn items_at_the_end() -> u64 {
    return helper().await;

    async fn helper() -> u64 {
        1
    }
}

/// A function without a body to speak of.
#[no_detach]
pub async fn empty() {}

/// One expression.
#[no_detach]
pub async fn one_expression() -> u64 {
    1
}

/// A test's main function.
#[tokio::main(flavor = "current_thread")]
#[no_detach]
pub async fn below_tokio_main() -> Result<u64> {
    fetch(1).await
}

/// And above.
#[no_detach]
#[tokio::main(flavor = "current_thread")]
pub async fn above_tokio_main() -> Result<u64> {
    let handle = tokio::spawn(fetch(1));
    handle.await?
}
