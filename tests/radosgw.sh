#!/bin/bash
# What concerns S3 against a real one: radosgw, Ceph's gateway, of Debian 13 in a root of its own.
#   tests/radosgw.sh [PYTEST OPTIONS...]     default: all wire tests that use a bucket
#
# Needs root, mmdebstrap and a build in ./build. The root (400 MB) is made once, in build/radosgw.
# radosgw listens on loopback and ends with this. `make test` does not run it.
set -eu
case ${1:-} in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."
[ -n "${SEBEZ_TEST_TMP:-}" ] || exec tests/keeper.py tests/radosgw.sh "$@"
[ "$(id -u)" -eq 0 ] || { echo "radosgw.sh: only root may change its root" >&2; exit 1; }
root=$PWD/build/radosgw
packages="radosgw ceph-common"
key=AKIDEXAMPLE
secret=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY

if [ ! -e "$root/made" ]; then
	rm -rf "$root"
	mmdebstrap --variant=apt --include="${packages// /,}" trixie "$root"
	touch "$root/made"
fi

free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# dbstore keeps all in files of SQLite: one process, no cluster.
store=(--no-mon-config --rgw-backend-store=dbstore --rgw-config-store=dbstore --dbstore-db-dir=/shop
	--dbstore-config-uri=file:/shop/config.db --rgw-data=/shop/data --log-file=/shop/log --admin-socket=)

port=$(free_port)
rm -rf "$root/shop"
mkdir -p "$root/shop/data"
chroot "$root" radosgw-admin "${store[@]}" user create --uid=shop --display-name=Shop --access-key="$key" \
	--secret-key="$secret" >"$root/shop/user" 2>&1 || { cat "$root/shop/user"; exit 1; }
chroot "$root" radosgw "${store[@]}" -f --id=shop --rgw-frontends="beast endpoint=127.0.0.1:$port" \
	>"$root/shop/out" 2>&1 &
gateway=$!
trap 'kill -TERM $gateway; wait $gateway' EXIT
for _ in $(seq 300); do
	curl -s "http://127.0.0.1:$port/" >/dev/null && break
	kill -0 $gateway 2>/dev/null || { cat "$root/shop/out"; exit 1; }
	sleep 0.1
done

export SEBEZ_TEST_S3="{\"endpoint\": \"http://127.0.0.1:$port\", \"key\": \"$key\", \"secret\": \"$secret\"}"
[ $# -gt 0 ] || set -- -k bucket tests/wire/test_{object_store,media_story,media_move,sdk,bucket}.py
PYTHONPATH=tests SEBEZ_BUILD=build /usr/bin/python3 -m pytest -q -p no:cacheprovider -p name_failures "$@"
