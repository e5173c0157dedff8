# Sourced: what runs the benches of gungraun, of the version that Cargo.lock has, kept in the target
# directory as $target/tools.

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
runner=$(sed -n '/^name = "gungraun"$/ { n; s/version = "\(.*\)"/\1/p }' Cargo.lock)
if [[ $("$target/tools/bin/gungraun-runner" --version 2> /dev/null) != "gungraun-runner $runner" ]]; then
  cargo install -q --locked gungraun-runner --version "$runner" --root "$target/tools" --target-dir "$target/tools/build"
  rm -rf "$target/tools/build"
fi
export PATH=$target/tools/bin:$PATH
