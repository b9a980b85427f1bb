#!/bin/bash
# Backups of the embedded PostgreSQL are made, killed, damaged, and restored: under load, with kill -9 of the backup and
# of PostgreSQL, on a full disk, to a moment before a table was dropped, by both tools. Every order that was
# acknowledged before the moment is looked for by its number.
set -eu
cd "$(dirname "$0")/../.."
/usr/bin/python3 -c 'import pytest, psycopg2, requests' 2> /dev/null || { echo "run tools/install-deps.sh test"; exit 77; }
[ -x "${SEBEZ_BUILD:-build}/sebez" ] || { echo "run make build"; exit 77; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
SEBEZ_DRILL=yes SEBEZ_BUILD=${SEBEZ_BUILD:-build} tests/keeper.py /usr/bin/python3 -m pytest -q -rP \
	-p no:cacheprovider tests/wire/test_backup*.py > "$out" 2>&1 || { cat "$out"; exit 1; }
grep -E 'orders, 0 lost' "$out"
echo "$(tail -n 1 "$out" | sed 's/ in .*//'): $(grep -E 'orders, 0 lost' "$out" | paste -sd ';')"
