#!/bin/sh
# Starts a PostgreSQL of its own on a unix socket, runs the command with SEBEZ_TEST_PG set to its
# conninfo, and stops it. As root the server runs as nobody, for PostgreSQL refuses root.
set -eu

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
if [ -z "$bin" ]; then
	echo "no PostgreSQL server installed" >&2
	exit 77
fi
dir=$(mktemp -d "${SEBEZ_TEST_TMP:-/tmp}/sebez-test-pg.XXXXXX")
as=
if [ "$(id -u)" = 0 ]; then
	chown nobody "$dir"
	as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
fi
chmod 711 "$dir"
cd "$dir"
server=
stop() {
	if [ -n "$server" ]; then
		kill -INT "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	cd /
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

$as "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 ||
	{ cat "$dir/log" >&2; exit 1; }
$as "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off \
	-c max_connections=60 -c shared_buffers=64MB >"$dir/log" 2>&1 &
server=$!
tries=0
until "$bin/pg_isready" -q -h "$dir"; do
	tries=$((tries + 1))
	if [ "$tries" -gt 100 ]; then
		cat "$dir/log" >&2
		exit 1
	fi
	sleep 0.1
done
SEBEZ_TEST_PG="host=$dir user=postgres dbname=postgres"
export SEBEZ_TEST_PG
cd "$OLDPWD"
"$@"
