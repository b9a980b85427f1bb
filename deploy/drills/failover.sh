#!/bin/bash
# PostgreSQL's machines fail under orders and messages: failover.py, first with a standby that the drill promotes
# itself, then, where Patroni and etcd are installed, with a cluster as deploy/ha configures it, whose machines are
# network namespaces. Prints for each fault how long no write succeeded; nothing acknowledged may be lost or doubled.
#   SEBEZ_BUILD=FOLDER     of the build, else build
#   SEBEZ_PATRONI=COMMAND  that runs Patroni, else patroni
#   SEBEZ_DRILL_KINDS=...  plain, patroni: else both
#   SEBEZ_DRILL_FAULTS=... only those whose titles this expression finds
set -eu
source=$(realpath "$(dirname "$0")/../..")
. "$source/deploy/drills/common.bash"
export SEBEZ_BUILD=${SEBEZ_BUILD:-$source/build}
needs setpriv
[ -x "$SEBEZ_BUILD/sebez" ] || skip "$SEBEZ_BUILD/sebez is not built"
ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || skip "PostgreSQL is not installed"
/usr/bin/python3 -c 'import psycopg2, requests, yaml' 2> /dev/null || skip "python3-psycopg2, -requests or -yaml is not installed"
export SEBEZ_PATRONI=${SEBEZ_PATRONI:-patroni}
begin=() kinds=plain
has() { local program; for program; do command -v "$program" > /dev/null || return 1; done; }
if has etcd ip iptables haproxy redis-server && $SEBEZ_PATRONI --version > /dev/null 2>&1 &&
	unshare --net --mount true 2> /dev/null; then
	kinds="plain patroni"
	# shellcheck disable=SC2016 # the inner shell's
	begin=(unshare --net --mount sh -c 'ip link set lo up && exec "$@"' sh)
fi
# shellcheck disable=SC2086 # words
exec ${begin[@]+"${begin[@]}"} "$source/tests/keeper.py" /usr/bin/python3 "$source/deploy/drills/failover.py" \
	${SEBEZ_DRILL_KINDS:-$kinds}
