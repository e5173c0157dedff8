//! Wall time, on one thread and on two.

use divan::{Bencher, bench, black_box};
use tethered_bench::cases::{Case, cases};

fn main() {
    divan::main();
}

#[bench(args = cases())]
fn one(bencher: Bencher<'_, '_>, case: Case) {
    let runtime = case.runtime(1);
    bencher.bench_local(|| black_box(case).run(&runtime));
}

#[bench(args = cases())]
fn two(bencher: Bencher<'_, '_>, case: Case) {
    let runtime = case.runtime(2);
    bencher.bench_local(|| black_box(case).run(&runtime));
}
