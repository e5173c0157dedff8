#!/usr/bin/env bash
# A streamed response through `cargo lambda watch`, whose body really goes on after its POST has
# been answered, unlike the simulator's; two processes serve it side by side.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
venv=$target/cargo-lambda
[[ -x $venv/bin/cargo-lambda ]] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q cargo-lambda==1.9.2; }
cargo build -q -p tethered-tests --bins
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
work=$(mktemp -d)
started=()
stop() { kill "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT

"$venv/bin/cargo-lambda" lambda watch --only-lambda-apis -A 127.0.0.1 -P "$port" > "$work/watch.log" 2>&1 &
started+=($!)
# It records until its stdin ends.
mkfifo "$work/stdin"
"$target/debug/recorder" < "$work/stdin" > "$work/recorder" &
started+=($!)
exec 9> "$work/stdin"
until [[ -s $work/recorder ]] && (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; do read -rt 0.05 <> <(:) || true; done
for _ in 1 2; do
  AWS_LAMBDA_RUNTIME_API=http://127.0.0.1:$port/.rt AWS_LAMBDA_FUNCTION_NAME=_ \
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128 AWS_LAMBDA_FUNCTION_VERSION=1 \
    SIDE_EFFECTS_RECORDER=$(<"$work/recorder") MODE="http streams" "$target/debug/scenarios" 2>> "$work/log" &
  started+=($!)
done

page() { curl -sN --max-time 20 "http://127.0.0.1:$port/lambda-url/_/"; }
for request in a b c d; do page > "$work/$request" & requests+=($!); done
wait "${requests[@]}"
for request in a b c d; do
  [[ $(<"$work/$request") == "chunk;chunk;chunk;chunk;" ]] || { echo "not whole: $(<"$work/$request")"; cat "$work/log"; exit 1; }
done
# The tasks that the streams have started end after them.
python3 - "$(<"$work/recorder")" <<'PYTHON'
import json, socket, sys, time

host, port = sys.argv[1].rsplit(":", 1)
for _ in range(100):
    with socket.create_connection((host, int(port))) as recorder:
        recorder.sendall(b'"record"\n')
        record = json.loads(recorder.makefile().readline())
    done = [mark for mark in record if mark["phase"] == "done"]
    if len(done) == 16:
        break
    time.sleep(0.05)
twice = len(done) - len({(mark["request_id"], mark["name"]) for mark in done})
print(f"cargo lambda watch: 4 streams whole, {len(done)} of 16 tasks of them done, {twice} twice")
sys.exit(len(done) != 16 or twice != 0)
PYTHON
