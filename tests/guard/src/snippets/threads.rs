//! Threads that are joined, and scopes that join them.

use std::{
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

use rayon::prelude::*;
use tethered::no_detach;

use super::support::{Result, check, parse};

/// Joined at once.
#[no_detach]
pub fn joined_at_once() -> u64 {
    thread::spawn(|| 1).join().unwrap()
}

/// Joined later.
#[no_detach]
pub fn joined_later() -> Result<u64> {
    let thread = thread::Builder::new().name("worker".into()).spawn(|| 1)?;
    match thread.join() {
        Ok(value) => Ok(value),
        Err(_) => Err("panicked".into()),
    }
}

/// Many.
#[no_detach]
pub fn many() -> u64 {
    let threads = (0..3).map(|n| thread::spawn(move || n)).collect::<Vec<_>>();
    threads
        .into_iter()
        .map(|thread| thread.join().unwrap_or(0))
        .sum()
}

/// Threads of a scope may be let go.
#[no_detach]
pub fn scoped() -> u64 {
    let sum = AtomicU64::new(0);
    thread::scope(|s| {
        s.spawn(|| sum.fetch_add(1, Relaxed));
        let _ = s.spawn(|| sum.fetch_add(1, Relaxed));
        let _named = s.spawn(|| ());
        drop(s.spawn(|| ()));
        for n in 0..3 {
            let sum = &sum;
            s.spawn(move || sum.fetch_add(n, Relaxed));
        }
    });
    sum.into_inner()
}

/// A value comes out of a scope, past a `?`.
#[no_detach]
pub fn scoped_with_a_question_mark() -> Result<usize> {
    let text = String::from("text");
    let len = std::thread::scope(|scope| -> Result<usize> {
        let thread = scope.spawn(|| text.len());
        let other = thread::Builder::new().spawn_scoped(scope, || check(true))?;
        check(true)?;
        other.join().map_err(|_| "panicked")??;
        thread.join().map_err(|_| "panicked".into())
    })?;
    Ok(len)
}

/// A scope inside of a scope's thread.
#[no_detach]
pub fn scoped_twice() {
    thread::scope(|outer| {
        outer.spawn(|| {
            thread::scope(|inner| {
                inner.spawn(|| ());
            });
            outer.spawn(|| ());
        });
    });
}

/// A scope that is passed to a helper.
#[no_detach]
pub fn scope_for_a_helper<'scope>(scope: &'scope thread::Scope<'scope, '_>, text: &'scope str) {
    scope.spawn(move || println!("{text}"));
    if text.is_empty() {
        return;
    }
    let first = scope.spawn(move || text.len());
    if text.len() > 1 {
        return;
    }
    let _ = first.join();
}

/// A scope type of another crate.
#[no_detach]
pub fn own_scope() -> u64 {
    struct Scope<'env>(Mutex<Vec<Box<dyn FnOnce() -> u64 + 'env>>>);
    struct ScopedJoinHandle<'s>(&'s ());
    impl ScopedJoinHandle<'_> {
        fn join(self) -> u64 {
            let () = self.0;
            0
        }
    }
    impl<'env> Scope<'env> {
        fn spawn(&self, f: impl FnOnce() -> u64 + 'env) -> ScopedJoinHandle<'_> {
            self.0.lock().unwrap().push(Box::new(f));
            ScopedJoinHandle(&())
        }
    }
    fn scope<'env, R>(f: impl FnOnce(&Scope<'env>) -> R) -> R {
        let scope = Scope(Mutex::default());
        let value = f(&scope);
        for job in scope.0.into_inner().unwrap() {
            job();
        }
        value
    }
    let n = 1;
    scope(|s| {
        s.spawn(|| n);
        let other = s.spawn(|| n + 1);
        let _ = s.spawn(|| 2);
        other.join()
    })
}

/// Rayon's scopes wait.
#[no_detach]
pub fn rayon_scopes() -> u64 {
    let sum = AtomicU64::new(0);
    rayon::scope(|s| {
        s.spawn(|_| println!("one"));
        s.spawn(|s| {
            s.spawn(|_| ());
        });
    });
    rayon::scope(|s| s.spawn(|_| ()));
    rayon::in_place_scope(|s| {
        for _ in 0..3 {
            s.spawn(|_| {
                sum.fetch_add(1, Relaxed);
            });
        }
    });
    rayon::scope_fifo(|s| s.spawn_fifo(|_| ()));
    sum.into_inner()
}

/// Both halves.
#[no_detach]
pub fn rayon_join() -> u64 {
    fn sum(numbers: &[u64]) -> u64 {
        if let [one] = numbers {
            return *one;
        }
        let (a, b) = numbers.split_at(numbers.len() / 2);
        let (a, b) = rayon::join(|| sum(a), || sum(b));
        a + b
    }
    rayon::join(|| (), || ());
    sum(&[1, 2, 3])
}

/// Parallel iterators, a pool of one's own.
#[no_detach]
pub fn rayon_iterators(numbers: &mut [u64]) -> Result<u64> {
    numbers.par_iter_mut().for_each(|n| *n += 1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| numbers.par_sort());
    pool.scope(|s| s.spawn(|_| ()));
    Ok(numbers.par_iter().map(|n| n * 2).sum())
}

/// A thread of the process that lives in a static.
#[no_detach]
pub fn of_the_process() -> &'static mpsc::SyncSender<u64> {
    static WRITER: OnceLock<(mpsc::SyncSender<u64>, thread::JoinHandle<()>)> = OnceLock::new();
    let (sender, _) = WRITER.get_or_init(|| {
        let (tx, rx) = mpsc::sync_channel(8);
        let thread = thread::spawn(move || {
            for n in rx {
                println!("{n}");
            }
        });
        (tx, thread)
    });
    sender
}

/// A pool that joins when it is dropped.
pub struct Pool {
    threads: Vec<thread::JoinHandle<()>>,
}

#[no_detach]
impl Pool {
    /// Starts.
    pub fn new(count: usize) -> std::io::Result<Self> {
        let mut pool = Self {
            threads: Vec::with_capacity(count),
        };
        for n in 0..count {
            let thread = thread::Builder::new()
                .name(format!("worker {n}"))
                .spawn(|| {})?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }
}

#[no_detach]
impl Drop for Pool {
    fn drop(&mut self) {
        for thread in self.threads.drain(..) {
            if let Err(panic) = thread.join() {
                drop(panic);
            }
        }
    }
}

/// A thread that drives a future.
#[no_detach]
pub fn thread_with_a_runtime(text: String) -> Result<u64> {
    let thread = thread::spawn(move || futures::executor::block_on(parse(text)));
    let Ok(value) = thread.join() else {
        return Err("panicked".into());
    };
    Ok(value?)
}
