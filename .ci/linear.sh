#!/usr/bin/env bash
# What a task costs in instructions, and that a hundred thousand cost no more each than ten thousand.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind > /dev/null; then
  [[ -n ${CI:-} ]] || { echo "valgrind is missing: apt-get install valgrind"; exit 1; }
  root=""
  [[ $EUID == 0 ]] || root=sudo
  $root apt-get update -q
  $root apt-get install -yq --no-install-recommends valgrind
fi

count=$(cargo bench -p tethered --bench count --no-run --message-format=json |
  sed -n 's/.*"name":"count".*"executable":"\([^"]*\)".*/\1/p')

instructions() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$count" "$@" 2>&1 |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

# Without the start of the process and of the runtime.
each() { echo $((($(instructions "$1" "$2") - $(instructions "$1" 0)) / $2)); }

fail=0
printf '%14s %8s %8s %8s  instructions a task\n' "" 100 10000 100000
for how in bare join_all try_join_all; do
  few=$(each "$how" 100) many=$(each "$how" 10000) most=$(each "$how" 100000)
  printf '%14s %8s %8s %8s\n' "$how" "$few" "$many" "$most"
  if [[ $how != bare ]] && ((most * 10 > many * 11)); then
    echo "$how: a task of 100,000 costs more than 1.1 times one of 10,000"
    fail=1
  fi
done
exit $fail
