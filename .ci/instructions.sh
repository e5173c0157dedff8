# Sourced: counts the instructions of a bench of the runtime.

if ! command -v valgrind > /dev/null; then
  [[ -n ${CI:-} ]] || { echo "valgrind is missing: apt-get install valgrind"; exit 1; }
  root=""
  [[ $EUID == 0 ]] || root=sudo
  $root apt-get update -q
  $root apt-get install -yq --no-install-recommends valgrind
fi

# Builds the bench $1, with more arguments for cargo, and prints where it is.
bench() {
  cargo bench -p tethered-bench --bench "$@" --no-run --message-format=json |
    sed -n "s/.*\"name\":\"$1\".*\"executable\":\"\([^\"]*\)\".*/\1/p"
}

instructions() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
