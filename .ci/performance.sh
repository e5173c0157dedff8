#!/usr/bin/env bash
# What Tethered costs beside everything that does less, and whether the goals are reached: they are
# in runtime/benches/src/goals.rs.
#
#   bash .ci/performance.sh          # all of it; writes PERFORMANCE.md and its plot
#   bash .ci/performance.sh quick    # instructions and allocations of the goals alone: these repeat on any machine
set -euo pipefail
cd "$(dirname "$0")/.."
source .ci/instructions.sh
source .ci/gungraun.sh

results=$target/performance
mkdir -p "$results"

# It builds the program that writes the page as well.
run() { # bench, its arguments
  cargo bench -q -p tethered-bench --bench "$1" -- "${@:2}"
}

if [[ ${1:-} == quick ]]; then
  run instructions --output-format=json '*::promised::*' > "$results/instructions.json"
  run memory > "$results/memory.txt"
  exec "$target/release/performance" goals "$results"
fi

run instructions --output-format=json > "$results/instructions.json"
run memory > "$results/memory.txt"
run wall --max-time 0.2 > "$results/wall.txt"
bash .ci/build-cost.sh > "$results/build.txt"

version() { sed -n "/^name = \"$1\"$/ { n; s/version = \"\(.*\)\"/\1/p }" Cargo.lock; }
{
  printf 'processor\t%s, %s threads\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)" "$(nproc)"
  printf 'compiler\t%s\n' "$(rustc --version)"
  printf 'beside it\ttokio %s' "$(version tokio)"
  for peer in tokio-util futures-util futures-buffered moro vercel_runtime; do
    printf ', %s %s' "$peer" "$(version "$peer")"
  done
  printf '\nday\t%s\n' "$(date -u +%F)"
} > "$results/machine.txt"
"$target/release/performance" page "$results"
