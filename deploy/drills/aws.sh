#!/bin/bash
# The templates of deploy/aws/cdk: made for each size, held against what deploy/aws/README.md promises,
# against cdk-nag and the rules of CloudFormation; and the tunnel to Valkey, with a Redis that has TLS.
set -eu
source=$(realpath "$(dirname "$0")/../..")
. "$source/deploy/drills/common.bash"
needs node npm stunnel redis-server redis-cli openssl
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || skip "Node.js 20 is needed"

work=$(mktemp -d /var/tmp/sebez-drill-XXXXXX)
finish() {
	end_running
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

echo "the tunnel"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null
there=$(free_port) here=$(free_port) other=$(free_port)
redis-server --port 0 --tls-port "$there" --bind 127.0.0.1 --save "" --tls-auth-clients no --requirepass word \
	--tls-cert-file "$work/cert.pem" --tls-key-file "$work/key.pem" --dir "$work" > "$work/redis.log" 2>&1 &
running+=($!)
TLS_AUTHORITIES=$work/cert.pem "$source/deploy/aws/tls-tunnel" "$here" localhost "$there" > "$work/tunnel.log" 2>&1 &
running+=($!)
"$source/deploy/aws/tls-tunnel" "$other" localhost "$there" > "$work/stranger.log" 2>&1 &
running+=($!)
answer() { [ "$(redis-cli -p "$1" -a word --no-auth-warning ping 2> /dev/null)" = PONG ]; }
wait_for 20 "an answer through the tunnel" answer "$here"
if answer "$other"; then
	echo "a server that nobody knows was believed"
	exit 1
fi

echo "the templates"
mkdir "$work/deploy" "$work/docs"
cp -r "$source/deploy/aws" "$work/deploy"
cp "$source/docs/OPERATIONS.md" "$work/docs" # the alarms name its sections
cd "$work/deploy/aws/cdk"
rm -rf node_modules build cdk.out cdk.context.json
npm ci --no-audit --no-fund --ignore-scripts --silent
npx tsc -p tsconfig.json
node --test build/test/*.test.js > "$work/tests" 2>&1 || { grep -A20 '^not ok' "$work/tests"; exit 1; }
settings="-c account=111122223333 -c region=eu-central-1 -c copyRegion=eu-west-1 -c domain=shop.example.com
	-c zoneName=example.com -c zoneId=Z0123456789 -c alarms=you@example.com -c version=1 -c budget=500 -c github=me/shop"
# shellcheck disable=SC2086 # words
CI=true npx cdk synth --quiet --strict $settings > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
echo "$(sed -n 's/^# pass //p' "$work/tests") tests, $(ls cdk.out/*.template.json | wc -l) stacks without a finding"
