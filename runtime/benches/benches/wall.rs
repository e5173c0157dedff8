//! Wall time, on one thread and on two.

use divan::{Bencher, bench, black_box};
use tethered_bench::cases::{Case, cases};

fn main() {
    divan::main();
}

/// Not those of a million tasks: `try_join_all` over their handles takes an hour.
fn timed() -> impl Iterator<Item = Case> {
    cases().filter(|case| case.tasks < 1_000_000)
}

#[bench(args = timed())]
fn one(bencher: Bencher<'_, '_>, case: Case) {
    let runtime = case.runtime(1);
    bencher.bench_local(|| black_box(case).run(&runtime));
}

#[bench(args = timed())]
fn two(bencher: Bencher<'_, '_>, case: Case) {
    let runtime = case.runtime(2);
    bencher.bench_local(|| black_box(case).run(&runtime));
}
