#!/usr/bin/env bash
# Builds the workers of examples/worker, serves them on the real workerd, and drives them.
# `workers.sh [ROUNDS]`: how often each isolate is asked when the latency is measured.
# `workers.sh serve`: the example's page, until the input ends.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}/workers
export CARGO_INCREMENTAL=0

modules=$target/node_modules
workerd=$modules/@cloudflare/workerd-linux-64/bin/workerd
if [[ ! -x $workerd ]]; then
  mkdir -p "$target"
  npm install --silent --no-fund --no-audit --no-package-lock --prefix "$target" workerd@1.20261117.1 ||
    { echo "workerd is not to be had from npm"; exit 1; }
fi

host=$(rustc -vV | sed -n 's/^host: //p')
cd examples/worker
export CARGO_TARGET_DIR=$target WASM_BINDGEN_USE_JS_SYS=1
cargo fmt --all --check
cargo build --quiet -p glue --target "$host"
built=$target/built
rm -rf "$built"
glue() {
  "$target/$host/debug/glue" "$target/wasm32-unknown-unknown/release/$1.wasm" "$built/$2"
  # workerd has no source phase imports, and gives the module itself.
  sed -i 's/^import source /import /' "$built/$2/index.js"
  cp shim.js "$built/$2/shim.js"
}
wasm=$PWD/../../.ci/wasm-cargo.sh
bash "$wasm" abort clippy --quiet --workspace --exclude glue -- -D warnings
bash "$wasm" abort build --release -p tethered-example-worker -p answers -p bare -p by-hand -p scenarios
glue tethered_example_worker example
glue answers answers
glue bare bare
glue by_hand by-hand
glue scenarios scenarios
if refused=$(bash "$wasm" abort build --release -p scenarios --features blocking 2>&1) ||
  ! grep -q "error\[E0277\]: there are no threads to block on this target" <<< "$refused"; then
  printf '%s\n' "$refused" "spawn_blocking_tracked! must be refused here"
  exit 1
fi
bash "$wasm" unwind build --release -p scenarios
glue scenarios scenarios-unwind

cd ../..
unset CARGO_TARGET_DIR WASM_BINDGEN_USE_JS_SYS
CARGO_TARGET_DIR=${target%/workers} cargo run --quiet -p tethered-examples --bin local-workers -- "$workerd" "$built" "${1:-1000}"
