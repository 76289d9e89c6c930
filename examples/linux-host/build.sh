#!/bin/sh
# Compiles a WebAssembly program and links it with this host into a Linux program.
#   build.sh [WALNUT-CC OPTIONS] APP.wasm OUTPUT
# WALNUT_CC and CC name the compilers.
set -eu
here=$(dirname "$0")
cc=${CC:-clang-19}
options=
while [ $# -gt 2 ]; do
	options="$options $1"
	shift
done
object=$(mktemp --suffix=.o)
trap 'rm -f "$object"' EXIT
${WALNUT_CC:-walnut-cc} $options -o "$object" "$1"
$cc -O2 -Wall -Wextra -I"$here/../../abi" -I/usr/include/walnut -o "$2" \
	"$here/host.c" "$here/objects.c" "$here/traps.c" "$here/exceptions.c" "$here/wasi.c" "$object"
