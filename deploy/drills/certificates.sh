#!/bin/bash
# Certificates by ACME, against an authority of this drill's own (pebble), for nginx as `sebez nginx-conf`
# configures it: nginx starts with a stand-in, gets a certificate, renews it under requests, recovers from
# one that has expired, and keeps the old one when the authority is away. testssl finds nothing in it that
# docs/OPERATIONS.md does not explain.
#   SEBEZ_BUILD=FOLDER     of the build, else build
set -eu
source=$(realpath "$(dirname "$0")/../..")
. "$source/deploy/drills/common.bash"
needs nginx pebble pebble-challtestsrv lego testssl openssl curl promtool
sebez=$(realpath "${SEBEZ_BUILD:-$source/build}")/sebez
[ -x "$sebez" ] || skip "$sebez is not built"
[ "$(id -u)" -eq 0 ] || skip "root is needed for nginx to change its user"

work=$(mktemp -d /var/tmp/sebez-drill-XXXXXX)
chmod 755 "$work"
start() { # log, command...
	local log=$work/$1
	shift
	"$@" > "$log" 2>&1 < /dev/null &
	running+=($!)
}
finish() {
	end_running
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM
failed() { tail -n 20 "$work"/*.log; echo "$*"; exit 1; }

name=shop.example.test
https=$(free_port) http=$(free_port) port=$(free_port) acme=$(free_port) roots=$(free_port) dns=$(free_port)

echo "the server, nginx with a stand-in, and an authority"
SEBEZ_DATA=$work/data SEBEZ_LISTEN=127.0.0.1:$port SEBEZ_BEHIND_PROXY=yes SEBEZ_MEDIA_PROCESSES=0 \
	start sebez.log "$sebez" serve
cat > "$work/certificate.env" << END
NAMES="$name www.$name"
EMAIL=drill@example.test
SERVER=https://localhost:$acme/dir
STATE=$work/state CHALLENGES=$work/challenges TLS=$work/tls METRICS=$work/metrics SERVED=127.0.0.1:$https
RELOAD="nginx -c $work/nginx.conf -s reload"
LEGO_CA_CERTIFICATES=$work/acme.pem
END
mkdir "$work/metrics"
certificate() { CERTIFICATE_ENV=$work/certificate.env "$source/deploy/certificates/sebez-certificate" "$@"; }
certificate stand-in
certificate expiry
! grep -q '^sebez_certificate_not_after' "$work/metrics/sebez_certificate.prom" || failed "the metrics tell of no nginx"
"$sebez" nginx-conf --whole --name "$name" --name "www.$name" --cert "$work/tls/cert.pem" --key "$work/tls/key.pem" \
	--https "127.0.0.1:$https" --http "127.0.0.1:$http" --upstream "127.0.0.1:$port" --acme "$work/challenges" \
	--log off --nginx "$(nginx -v 2>&1 | sed 's,.*/,,')" |
	sed "s,^pid .*,pid $work/nginx.pid;,; s,^error_log .*,error_log $work/nginx.log warn;," > "$work/nginx.conf"
nginx -q -t -c "$work/nginx.conf"
start nginx-start.log nginx -c "$work/nginx.conf" -g 'daemon off;'
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
	-keyout "$work/acme.key" -out "$work/acme.pem" 2> /dev/null
cat > "$work/pebble.json" << END
{"pebble": {"listenAddress": "127.0.0.1:$acme", "managementListenAddress": "127.0.0.1:$roots",
 "certificate": "$work/acme.pem", "privateKey": "$work/acme.key", "httpPort": $http, "tlsPort": $https,
 "ocspResponderURL": "", "externalAccountBindingRequired": false}}
END
start names.log pebble-challtestsrv -dns01 "127.0.0.1:$dns" -http01 "" -https01 "" -tlsalpn01 "" \
	-management "127.0.0.1:$(free_port)" -defaultIPv4 127.0.0.1 -defaultIPv6 ""
PEBBLE_VA_NOSLEEP=1 start pebble.log pebble -config "$work/pebble.json" -dnsserver "127.0.0.1:$dns"
pebble=${running[-1]}
wait_for 20 "the authority" curl -sfk "https://127.0.0.1:$roots/roots/0" -o "$work/root.pem"
wait_for 60 "the server" curl -sf "http://127.0.0.1:$port/readyz"

ask() { curl -s --resolve "$name:$https:127.0.0.1" "https://$name:$https$1" "${@:2}"; }
serial() { openssl s_client -connect "127.0.0.1:$https" -servername "$name" < /dev/null 2> /dev/null | openssl x509 -noout -serial; }
metric() { awk -v name="$1" 'index($1, name) == 1 {print $2; exit}' "$work/metrics/sebez_certificate.prom"; }
ask /healthz -k -o /dev/null || failed "nginx does not serve with the stand-in"
! ask /healthz --cacert "$work/root.pem" -o /dev/null || failed "the stand-in passes for a real one"

echo "a certificate, and its renewal under requests"
certificate renew > "$work/lego.log" 2>&1 || failed "there is no certificate"
ask /healthz --cacert "$work/root.pem" -o /dev/null || failed "nginx does not serve it"
promtool check metrics < "$work/metrics/sebez_certificate.prom"
[ "$(metric sebez_certificate_failed)" = 0 ] && [ "$(metric sebez_certificate_not_after)" -gt "$(date +%s)" ] ||
	failed "the metrics say otherwise"
first=$(serial)
certificate renew > "$work/lego.log" 2>&1
[ "$(serial)" = "$first" ] || failed "it was renewed before its time"
(while [ ! -e "$work/enough" ]; do
	ask /v1/products --cacert "$work/root.pem" -o /dev/null -w '%{http_code}\n' || true
done > "$work/codes") &
DAYS=100000
sed -i "\$a DAYS=$DAYS" "$work/certificate.env"
certificate renew > "$work/lego.log" 2>&1 || failed "it was not renewed"
sed -i '$d' "$work/certificate.env"
sleep 1
touch "$work/enough"
wait $!
[ "$(serial)" != "$first" ] || failed "nginx serves the old one"
asked=$(wc -l < "$work/codes")
lost=$(grep -vc '^200$' "$work/codes" || true)
[ "$asked" -gt 0 ] && [ "$lost" = 0 ] || failed "$lost of $asked requests failed during the renewal"

echo "testssl"
testssl --quiet --color 0 --warnings off --nodns min --ip 127.0.0.1 --add-ca "$work/root.pem" \
	--jsonfile "$work/testssl.json" "$name:$https" > "$work/testssl.log" 2>&1 < /dev/null || true
/usr/bin/python3 - "$work/testssl.json" "$source/docs/OPERATIONS.md" << 'END' || failed "testssl found something"
import json
import re
import sys

text = open(sys.argv[2]).read()
explained = set(re.findall(r"^\| `(\w+)` \|", text[text.index("### What testssl finds"):], re.M))
found = json.load(open(sys.argv[1]))
assert len(found) > 50, f"testssl gave up: {found}"
worse = [one for one in found if one["severity"] not in ("OK", "INFO", "LOW", "DEBUG")]
for one in worse:
    print(one["severity"], one["id"], one["finding"][:150],
          "(explained)" if one["id"] in explained else "")
sys.exit(any(one["id"] not in explained for one in worse))
END

echo "one that has expired, and an authority that is away"
/usr/bin/python3 - "$work/tls" "$name" << 'END'
import datetime
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.utcnow()
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, sys.argv[2])])
cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(90)).not_valid_after(now - datetime.timedelta(1))
        .sign(key, hashes.SHA256()))
folder = pathlib.Path(sys.argv[1])
(folder / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
(folder / "key.pem").write_bytes(key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
END
nginx -c "$work/nginx.conf" -s reload
sleep 1
certificate expiry
[ "$(metric sebez_certificate_not_after)" -lt "$(date +%s)" ] || failed "the metrics do not say that it has expired"
certificate renew > "$work/lego.log" 2>&1 || failed "it did not recover"
ask /healthz --cacert "$work/root.pem" -o /dev/null || failed "nginx serves the expired one"
kill "$pebble"
good=$(serial)
sed -i "\$a DAYS=$DAYS" "$work/certificate.env"
! certificate renew > "$work/lego.log" 2>&1 || failed "it says to have renewed it without an authority"
[ "$(serial)" = "$good" ] || failed "the one that was good is gone"
[ "$(metric sebez_certificate_failed)" = 1 ] || failed "the metrics do not say that it failed"
echo "stand-in, certificate, renewal ($lost of $asked requests failed), expired, authority away; testssl: all explained"
