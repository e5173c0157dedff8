#!/usr/bin/env bash
# What the guard costs: time of `cargo check` (7 rounds, or as many as are asked for, and more where
# they leave a goal open) and bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --quiet -p tethered-tests --bin guard-cost -- "$@"
