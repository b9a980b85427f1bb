#!/bin/sh
# Starts a Redis (or Valkey) of its own on a unix socket, runs the command with SEBEZ_TEST_REDIS set
# to its URL, and stops it.
set -eu

program=$(command -v redis-server || command -v valkey-server || true)
if [ -z "$program" ]; then
	echo "no Redis server installed" >&2
	exit 77
fi
dir=$(mktemp -d "${SEBEZ_TEST_TMP:-/tmp}/sebez-test-redis.XXXXXX")
"$program" --port 0 --unixsocket "$dir/socket" --dir "$dir" --save '' --appendonly no >"$dir/log" 2>&1 &
server=$!
stop() {
	kill "$server" 2>/dev/null || true
	wait "$server" 2>/dev/null || true
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM
SEBEZ_TEST_REDIS="unix:$dir/socket"
export SEBEZ_TEST_REDIS
"$@"
