//! Instructions by callgrind. `promised` is what the gate needs, `rest` the rest of the page.

use gungraun::{
    Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use tethered_bench::{
    cases::Case,
    goals::{measured, others},
};
use tokio::runtime::Runtime;

fn start(case: Case) -> (Case, Runtime) {
    (case, case.runtime(1))
}

#[library_benchmark]
#[benches::each(iter = measured(), setup = start)]
fn promised((case, runtime): (Case, Runtime)) -> Runtime {
    case.run(&runtime);
    runtime
}

#[library_benchmark]
#[benches::each(iter = others(), setup = start)]
fn rest((case, runtime): (Case, Runtime)) -> Runtime {
    case.run(&runtime);
    runtime
}

library_benchmark_group!(name = all, benchmarks = [promised, rest]);

main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = all
);
