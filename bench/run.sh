#!/bin/sh
# Measures; see bench/run.py and docs/BENCHMARKS.md.
#   bench/run.sh [lists|cached|products|orders|one_variant|pages|memory|starting|parked|importing|feed_... ...]
# The build that is measured is the one that is tested and installed.
set -eu
case ${1:-} in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."
build=${BENCH_BUILD:-build}
[ -e "$build/build.ninja" ] || meson setup "$build" >/dev/null
# The program first: it makes the headers that the others include.
ninja --quiet -C "$build" sebez sebez-media-worker sebez-paper-worker
ninja --quiet -C "$build" bench/statements bench/orders bench/sends bench/put_client \
	bench/feed_client bench/feed_sender
exec tests/keeper.py /usr/bin/python3 bench/run.py "$@"
