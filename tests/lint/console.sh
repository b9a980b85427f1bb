#!/bin/bash
# clients/console/bundle is what its sources make. Only continuous integration builds it again.
set -eu
cd "$(dirname "$0")/../../clients/console"
if grep -q '"resolved"' package-lock.json; then
	echo "package-lock.json names a registry: omit-lockfile-registry-resolved=true"
	exit 1
fi
if [ -z "${CI:-}" ]; then
	echo "skipped: the build (CI is not set); make console does it"
elif ! command -v npm >/dev/null || ! node -e 'const [a, b] = process.versions.node.split(".").map(Number);
	process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
	echo "skipped: the build (Node 20.19 or later and npm are not here)"
elif ! npm ping >/dev/null 2>&1; then
	echo "skipped: the build (npm's registry does not answer)"
else
	npm ci --ignore-scripts --no-audit --no-fund >/dev/null
	node build.mjs --check
fi
