//! Allocations and bytes of a task, by an allocator that counts, on one thread.

#![allow(unsafe_code, reason = "an allocator is")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use tethered_bench::{
    cases::{Case, WAYS, cases},
    work::expect,
};

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);
/// Of [`BYTES`], when all tasks waited.
static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        BYTES.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

const TASKS: usize = 10_000;

fn main() {
    let many = WAYS.iter().map(|&way| Case { way, tasks: TASKS });
    for case in many.chain(cases().filter(|case| case.way.what == "no-tasks")) {
        let runtime = case.runtime(1);
        let waiting = case.way.what == "waiting";
        if waiting {
            expect(case.tasks, || HELD.store(BYTES.load(Relaxed), Relaxed));
        }
        let (allocations, bytes) = (ALLOCATIONS.load(Relaxed), BYTES.load(Relaxed));
        case.run(&runtime);
        let allocations = ALLOCATIONS.load(Relaxed) - allocations;
        println!("allocations\t{case}\t{}", per_task(allocations, case.tasks));
        if waiting {
            let held = HELD.load(Relaxed) - bytes;
            println!("bytes\t{case}\t{}", per_task(held, case.tasks));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
fn per_task(total: usize, tasks: usize) -> f64 {
    total as f64 / tasks as f64
}
