#!/bin/bash
# vendor/ holds what the pinned npm packages hold. Only continuous integration downloads them.
set -eu
cd "$(dirname "$0")/../.."
/usr/bin/python3 tools/vendor.py --offline
if [ -z "${CI:-}" ]; then
	echo "skipped: the download (CI is not set); tools/vendor.py --check does it"
elif ! command -v npm >/dev/null; then
	echo "skipped: the download (npm is not here)"
elif ! npm ping >/dev/null 2>&1; then
	echo "skipped: the download (npm's registry does not answer)"
else
	/usr/bin/python3 tools/vendor.py --check
fi
