#!/usr/bin/env bash
# A queue, batches, partial failures and redelivery: moto's SQS on loopback, the real SDK as event
# source mapping, the real function under the local Lambda.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}") venv=$(realpath -m "${CARGO_TARGET_DIR:-target}")/moto
[[ -x $venv/bin/moto_server ]] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q 'moto[server]==5.2.5'; }
export CARGO_TARGET_DIR=$target
manifest=examples/sqs/Cargo.toml
cargo fmt --manifest-path "$manifest" --check
cargo clippy -q --manifest-path "$manifest" --locked -- -D warnings
cargo build -q --manifest-path "$manifest" --locked
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$venv/bin/moto_server" -H 127.0.0.1 -p "$port" > "$target/moto.log" 2>&1 &
queue=$!
trap 'kill $queue 2>/dev/null || true; wait $queue 2>/dev/null || true' EXIT
until (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  kill -0 $queue 2>/dev/null || { cat "$target/moto.log"; exit 1; }
  read -rt 0.05 <> <(:) || true
done
"$target/debug/tethered-sqs" "http://127.0.0.1:$port"
