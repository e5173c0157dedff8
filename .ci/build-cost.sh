#!/usr/bin/env bash
# What a program of one task pays for Tethered to build, and in size, beside the same on tokio alone:
# lines of `what<TAB>without<TAB>with`. What a Lambda function pays is in lambda-cost.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD work=$(mktemp -d) builds=${BUILDS:-3}
trap 'rm -rf "$work"' EXIT
export CARGO_INCREMENTAL=0
unset CARGO_TARGET_DIR

package() { # name, its dependency, its code
  mkdir -p "$work/$1/src"
  cp "$root/Cargo.lock" "$work/$1/"
  cat > "$work/$1/Cargo.toml" <<TOML
[package]
name = "$1"
version = "0.0.0"
edition = "2024"
[workspace]
[dependencies]
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
$2
[profile.release]
strip = true
[profile.small]
inherits = "release"
opt-level = "s"
lto = true
codegen-units = 1
TOML
  cat > "$work/$1/src/main.rs" <<RUST
async fn audit() {}
$3
#[tokio::main]
async fn main() { handler().await.unwrap() }
RUST
  (cd "$work/$1" && cargo fetch -q)
}
package without "" \
  "async fn handler() -> Result<(), tokio::task::JoinError> { tokio::spawn(audit()).await }"
package with "tethered = { path = \"$root/runtime\" }" \
  "#[tethered::serverless_handler]
async fn handler() -> Result<(), tethered::JoinError> { tethered::spawn_tracked!(audit()); Ok(()) }"

for ((i = 0; i < builds; i++)); do
  for name in without with; do
    rm -rf "$work/$name/target"
    (cd "$work/$name" && TIMEFORMAT='%R %U %S' && { time cargo build -q --release >&2; } 2>&1 | tail -1) |
      awk '{ print $1, $2 + $3 }' >> "$work/$name.times"
  done
done
median() { sort -n -k"$2" "$work/$1.times" | awk -v c="$2" '{ v[NR] = $c } END { printf "%.1f", v[int((NR + 1) / 2)] }'; }
printf 'clean build, seconds of processor, median of %s\t%s\t%s\n' "$builds" "$(median without 2)" "$(median with 2)"
printf 'clean build, seconds, median of %s\t%s\t%s\n' "$builds" "$(median without 1)" "$(median with 1)"

for profile in release small; do
  for name in without with; do (cd "$work/$name" && cargo build -q --profile "$profile"); done
  printf 'bytes, stripped, profile %s\t%s\t%s\n' "$profile" \
    "$(stat -c %s "$work/without/target/$profile/without")" "$(stat -c %s "$work/with/target/$profile/with")"
done
