#!/bin/bash
# PostgreSQL's machines fail under orders and messages: failover.py, first with a standby that the drill promotes
# itself, then, where Patroni and etcd are installed, with a cluster as deploy/ha configures it. Prints for each fault
# how long no write succeeded; nothing acknowledged may be lost or doubled.
#   SEBEZ_BUILD=FOLDER     of the build, else build
#   SEBEZ_PATRONI=COMMAND  that runs Patroni, else patroni
set -eu
source=$(realpath "$(dirname "$0")/../..")
. "$source/deploy/drills/common.bash"
export SEBEZ_BUILD=${SEBEZ_BUILD:-$source/build}
needs setpriv
[ -x "$SEBEZ_BUILD/sebez" ] || skip "$SEBEZ_BUILD/sebez is not built"
ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || skip "PostgreSQL is not installed"
/usr/bin/python3 -c 'import psycopg2, requests, yaml' 2> /dev/null || skip "python3-psycopg2, -requests or -yaml is not installed"
export SEBEZ_PATRONI=${SEBEZ_PATRONI:-patroni}
cluster=plain
if command -v etcd > /dev/null && $SEBEZ_PATRONI --version > /dev/null 2>&1; then cluster="plain patroni"; fi
exec "$source/tests/keeper.py" /usr/bin/python3 "$source/deploy/drills/failover.py" $cluster
