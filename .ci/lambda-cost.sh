#!/usr/bin/env bash
# What a hello-world function pays for Tethered: size, start, compile time, each beside the same
# function on lambda_runtime alone; then what an invocation pays (tests/src/bin/lambda-cost).
#
#   bash .ci/lambda-cost.sh          # three clean builds of each, one after the other in turn
#   BUILDS=1 bash .ci/lambda-cost.sh
#   bash .ci/lambda-cost.sh size     # the sizes alone, for the gate: fails where one is beyond its ceiling
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD work=$(mktemp -d) builds=${BUILDS:-3}
trap 'rm -rf "$work"' EXIT
export CARGO_INCREMENTAL=0
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/lambda-cost
unset CARGO_TARGET_DIR

# Bytes that a hello-world function may grow by, and what fails: what it did when that was last looked
# at, and 2% more. Functions are built with the last of these profiles.
limit=150000
declare -A ceiling=([release]=189700 [small]=117900 [cargo-lambda]=144600)

package() { # name, what runs it, its dependency, the attribute
  mkdir -p "$work/$1/src"
  cp "$root/Cargo.lock" "$work/$1/"
  cat > "$work/$1/Cargo.toml" <<TOML
[package]
name = "$1"
version = "0.0.0"
edition = "2024"
[workspace]
[dependencies]
lambda_runtime = "1.5"
serde_json = "1"
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
$3
[profile.small]
inherits = "release"
opt-level = "s"
lto = true
codegen-units = 1
# What \`cargo lambda build --release\` sets (1.9.2), but for the processor. Cargo takes no name that begins with its own.
[profile.lambda]
inherits = "release"
strip = "symbols"
lto = "thin"
codegen-units = 1
panic = "abort"
TOML
  cat > "$work/$1/src/main.rs" <<RUST
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
$4
async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> { Ok(event.payload) }
#[tokio::main]
async fn main() -> Result<(), Error> { $2(service_fn(handler)).await }
RUST
}
package bare lambda_runtime::run "" ""
package with tethered::lambda::run "tethered = { path = \"$root/runtime\", features = [\"lambda\"] }" "#[tethered::serverless_handler]"

sizes() { # all profiles; with CARGO_TARGET_DIR, what the two have in common is built once
  local profile name size bare grown verdict
  for profile in release small cargo-lambda; do
    for name in bare with; do
      (cd "$work/$name" && cargo build -q --profile "${profile#cargo-}")
      strip -o "$work/$name.$profile" "${CARGO_TARGET_DIR:-$work/$name/target}/${profile#cargo-}/$name"
    done
    bare=$(stat -c %s "$work/bare.$profile") size=$(stat -c %s "$work/with.$profile")
    grown=$((size - bare)) verdict=met
    ((grown <= limit)) || verdict=MISSED
    echo "size, stripped, profile $profile: $bare -> $size (+$grown bytes; limit $limit: $verdict; fails beyond ${ceiling[$profile]})"
    ((grown <= ceiling[$profile])) || beyond=1
  done
}
if [[ ${1:-} == size ]]; then
  export CARGO_TARGET_DIR=$target
  sizes
  exit "${beyond:-0}"
fi

seconds() { # a clean build: wall time and CPU time
  rm -rf "$work/$1/target"
  (cd "$work/$1" && TIMEFORMAT='%R %U %S' && { time cargo build -q "${@:2}" >&2; } 2>&1 | tail -1)
}
for name in bare with; do (cd "$work/$name" && cargo fetch -q); done
for ((i = 0; i < builds; i++)); do
  for name in bare with; do
    read -r wall user system < <(seconds "$name" --release)
    echo "$wall" >> "$work/$name.wall"
    awk -v u="$user" -v s="$system" 'BEGIN { print u + s }' >> "$work/$name.cpu"
  done
done
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
for what in wall cpu; do
  awk -v b="$(median "$work/bare.$what")" -v w="$(median "$work/with.$what")" -v what="$what" -v n="$builds" \
    'BEGIN { printf "compile, %s seconds, median of %d: %.1f -> %.1f (%+.1f%%; limit 15%%)\n", what, n, b, w, (w / b - 1) * 100 }'
done
sizes
cd "$root"
cargo run -q --release -p tethered-tests --bin lambda-cost -- start "$work/bare.release" "$work/with.release" || beyond=1
cargo run -q --release -p tethered-tests --bin lambda-cost -- "${PAIRS:-5000}" || beyond=1
exit "${beyond:-0}"
