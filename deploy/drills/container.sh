#!/bin/bash
# The image of deploy/Dockerfile is built from a Debian that mmdebstrap makes, and runs as it should in
# production: no capabilities, nothing writable, all services elsewhere, secrets as files. It becomes
# healthy, plays the story of the README (an order, a picture), and ends with 0 on SIGTERM.
#   SEBEZ_DRILL_BASE=FILE     an archive of the base, instead of making one
set -eu
source=$(realpath "$(dirname "$0")/../..")

. "$source/deploy/drills/common.bash"
[ "$(id -u)" -eq 0 ] || skip "root is needed to run containers"
needs dockerd redis-server curl python3
[ -n "${SEBEZ_DRILL_BASE:-}" ] || command -v mmdebstrap > /dev/null || skip "mmdebstrap is not installed"
/usr/bin/python3 -c 'import botocore' 2> /dev/null || skip "python3-botocore is not installed"
pg=$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -n 1)
[ -n "$pg" ] || skip "postgresql is not installed"

work=$(mktemp -d /var/tmp/sebez-drill-XXXXXX)
chmod 755 "$work"
export DOCKER_HOST=unix://$work/docker.sock DOCKER_BUILDKIT=0
docker=$(command -v /usr/bin/docker || command -v docker)
as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups env -C / "$@"; }
finish() {
	$docker rm -f drill > /dev/null 2>&1 || true
	as_postgres "$pg/pg_ctl" -D "$work/pg" -m immediate stop > /dev/null 2>&1 || true
	end_running
	umount "$work/exec/netns/default" 2> /dev/null || true # of the host's network, held by dockerd
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

echo "a container engine of its own, which changes no network of this machine"
dockerd --data-root "$work/docker" --exec-root "$work/exec" --pidfile "$work/docker.pid" \
	-H "$DOCKER_HOST" --iptables=false --ip-forward=false --bridge=none > "$work/dockerd.log" 2>&1 &
running+=($!)
wait_for 60 "dockerd" $docker info

echo "the base and the image"
if [ -z "${SEBEZ_DRILL_BASE:-}" ]; then
	SEBEZ_DRILL_BASE=$work/base.tar
	mmdebstrap --quiet --variant=minbase bookworm "$SEBEZ_DRILL_BASE"
fi
$docker import "$SEBEZ_DRILL_BASE" debian:bookworm-slim > /dev/null
$docker build --quiet --network host -f "$source/deploy/Dockerfile" -t sebez "$source" > /dev/null
size() { $docker image inspect -f '{{.Size}}' "$1"; }
beyond=$((($(size sebez) - $(size debian:bookworm-slim)) / 1000000))
echo "$beyond MB beyond the base"

echo "PostgreSQL, Redis and a store of files, as if they were elsewhere"
pg_port=$(free_port) redis_port=$(free_port) port=$(free_port)
mkdir "$work/secrets" "$work/pg"
chown postgres "$work/pg"
password=$(openssl rand -hex 16)
openssl rand -hex 32 > "$work/secrets/secret"
echo "postgresql://market:$password@127.0.0.1:$pg_port/market" > "$work/secrets/database_url"
echo "$password" > "$work/password"
as_postgres "$pg/initdb" -D "$work/pg" -A scram-sha-256 --pwfile="$work/password" -U market > /dev/null
as_postgres "$pg/pg_ctl" -D "$work/pg" -w -l "$work/pg/log" \
	-o "-p $pg_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=" start > /dev/null
PGPASSWORD=$password psql -q -h 127.0.0.1 -p "$pg_port" -U market -c 'create database market' postgres
redis-server --port "$redis_port" --bind 127.0.0.1 --save '' > /dev/null &
running+=($!)
mkfifo "$work/until"
/usr/bin/python3 "$source/tests/unit/s3_peer.py" < "$work/until" > "$work/s3" &
running+=($!)
exec 9> "$work/until" # the peer ends with its standard input
wait_for 20 "the store of files" test -s "$work/s3"

failed() { echo "$*"; $docker logs drill 2>&1 | tail -n 30; echo "$*"; exit 1; }
health() { [ "$($docker inspect -f '{{.State.Health.Status}}' drill)" = healthy ]; }
start() { # further options...
	$docker run -d --name drill --network host --read-only --cap-drop ALL --security-opt no-new-privileges \
		-v "$work/secrets:/run/secrets:ro" -e SEBEZ_SECRET_FILE=/run/secrets/secret \
		-e DATABASE_URL_FILE=/run/secrets/database_url -e REDIS_URL="redis://127.0.0.1:$redis_port" \
		-e SEBEZ_LISTEN="127.0.0.1:$port" "$@" sebez > /dev/null
	(wait_for 180 "health" health) || failed "it did not become healthy"
}
end() {
	local code
	$docker stop -t 30 drill > /dev/null
	code=$($docker inspect -f '{{.State.ExitCode}}' drill)
	[ "$code" = 0 ] || failed "it ended with $code"
	$docker rm drill > /dev/null
}

echo "the story of the README"
# Mails of a demo are kept in the data folder, which is used when files are there, too.
start -e SEBEZ_DEMO=yes --tmpfs /var/lib/sebez:uid=10001,gid=10001,mode=0700
play_story "http://127.0.0.1:$port" "$work" || failed "the story failed, or ended otherwise"
end

echo "nothing to write to, and SIGTERM"
start -e S3_ENDPOINT="http://127.0.0.1:$(cat "$work/s3")" -e S3_BUCKET=shop -e S3_REGION=eu-central-1 \
	-e S3_ACCESS_KEY_ID=fixed -e S3_SECRET_ACCESS_KEY=fixed-secret -e S3_PATH_STYLE=yes
$docker exec drill sebez check | tail -n 1
if $docker exec drill touch /var/lib/sebez/x 2> /dev/null; then failed "its root can be written to"; fi
end
echo "healthy, an order placed, ended with 0; $beyond MB beyond the base"
