#!/usr/bin/env bash
# A guarded function shows in a coverage report as the same function without the attribute does.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
root=$(realpath -m "${CARGO_TARGET_DIR:-target}")/guard-coverage

# The format of a profile goes with the compiler's LLVM.
llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
if ! command -v "llvm-cov-$llvm" > /dev/null; then
  [[ -n ${CI:-} ]] || { echo "llvm-cov-$llvm is missing: apt-get install llvm-$llvm"; exit 1; }
  as=""
  [[ $EUID == 0 ]] || as=sudo
  $as apt-get update -q
  $as apt-get install -yq --no-install-recommends "llvm-$llvm"
fi

mkdir -p "$root/src"
cp Cargo.lock "$root/"
cat > "$root/Cargo.toml" << END
[package]
name = "program"
version = "0.0.0"
edition = "2024"

[dependencies]
tethered = { path = "$repository/runtime" }
tokio = { version = "1", features = ["macros", "rt", "time"] }

[workspace]
END

# The attribute, or as many spaces: every other byte is where it was.
report() {
  cd "$root"
  { echo '#![allow(unused_imports)]'; sed "s/^#\[no_detach\]/$2/" "$repository/tests/src/bin/guard-cost/program.rs"; } > src/main.rs
  # The flags only for the program, not for what it depends on.
  CARGO_TARGET_DIR=$root/target CARGO_INCREMENTAL=0 cargo rustc --quiet -- -Cinstrument-coverage
  LLVM_PROFILE_FILE=$1.profraw target/debug/program
  "llvm-profdata-$llvm" merge -sparse "$1.profraw" -o "$1.profdata"
  "llvm-cov-$llvm" export -format=text -instr-profile="$1.profdata" target/debug/program > "$1.json"
  "llvm-cov-$llvm" export -format=lcov -instr-profile="$1.profdata" target/debug/program > "$1.lcov"
  "llvm-cov-$llvm" report -instr-profile="$1.profdata" target/debug/program > "$1.report"
  cd "$repository"
}
report bare "            "
report guarded "#[no_detach]"

echo
for how in bare guarded; do
  awk -v how="$how" '
    /^FNF:/ { sub("FNF:", ""); functions = $0 } /^LF:/ { sub("LF:", ""); lines = $0 }
    END { printf "%8s %s functions, %s lines", how, functions, lines }' "$root/$how.lcov"
  sed -n 's/.*"regions":{"count":\([0-9]*\),"covered":\([0-9]*\).*/, \1 regions, \2 of them run/p' "$root/$how.json"
  echo
done

fail=0
for what in report lcov; do
  diff "$root/bare.$what" "$root/guarded.$what" > "$root/$what.diff" || {
    echo "the $what differs:"
    sed 's/  */ /g' "$root/$what.diff"
    fail=1
  }
done
exit $fail
