#!/bin/bash
# The pages that are made from the contract and from the table of settings say what those say.
set -eu
cd "$(dirname "$0")/../.."
build=${SEBEZ_BUILD:-build}
bad=0
/usr/bin/python3 tools/gen_api.py --check || bad=1
if [ -x "$build/sebez" ]; then
	made=$(mktemp)
	trap 'rm -f "$made"' EXIT
	"$build/sebez" serve --help=markdown >"$made"
	if ! diff -u docs/CONFIGURATION.md "$made"; then
		echo "docs/CONFIGURATION.md is stale: make docs"
		bad=1
	fi
else
	echo "skipped: docs/CONFIGURATION.md ($build/sebez is not built)"
fi
exit $bad
