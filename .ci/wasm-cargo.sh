#!/usr/bin/env bash
# `wasm-cargo.sh abort|unwind ARGUMENTS`: cargo for wasm32-unknown-unknown, with a std that ends in
# panics so. rustup's own where it has one; else built from the source of std, which is a nightly's, or
# Debian's, with its compiler.
set -euo pipefail
panic=$1
shift
target=wasm32-unknown-unknown

if [[ $panic == abort ]] && rustup target list --installed 2> /dev/null | grep -qx "$target"; then
  exec cargo "$1" --target "$target" "${@:2}"
fi

if rustup component list --toolchain nightly --installed 2> /dev/null | grep -qx rust-src; then
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Cpanic=$panic"
  exec cargo +nightly "$1" --target "$target" -Zbuild-std="std,panic_$panic" "${@:2}"
fi

packages=(rustc-web cargo-web rust-web-src)
[[ $1 != clippy ]] || packages+=(rust-web-clippy)
if ! dpkg -s "${packages[@]}" > /dev/null 2>&1; then
  command -v apt-get > /dev/null || { echo "add the target: rustup target add $target"; exit 1; }
  root=""
  [[ $EUID == 0 ]] || root=sudo
  { $root apt-get update -q && $root apt-get install -yq --no-install-recommends "${packages[@]}"; } >&2 ||
    { echo "Debian's packages are not to be had: ${packages[*]}" >&2; exit 1; }
fi

# Debian's compiler comes without the linker for WebAssembly.
bin=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$bin/rust-lld
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Cpanic=$panic"
driver=""
if [[ $1 == clippy ]]; then
  # Not rustup's, which `cargo clippy` would find.
  export PATH=/usr/bin:$PATH CARGO=/usr/bin/cargo
  driver=-clippy
fi
exec "/usr/bin/cargo$driver" "$1" --target "$target" -Zbuild-std="std,panic_$panic" "${@:2}"
