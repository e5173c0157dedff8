#!/usr/bin/env bash
# What a task costs in instructions, and that a hundred thousand cost no more each than ten thousand.
set -euo pipefail
cd "$(dirname "$0")/.."
source .ci/instructions.sh

count=$(bench count)

# Without the start of the process and of the runtime.
each() { echo $((($(instructions "$count" "$1" "$2") - $(instructions "$count" "$1" 0)) / $2)); }

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
