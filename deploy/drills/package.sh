#!/bin/bash
# The Debian package is built, and lintian finds nothing. In a fresh Debian that mmdebstrap makes, with its
# own systemd as process 1, it is installed, started by its unit, used (the story of the README),
# gets a certificate by its timer's unit, is upgraded under requests, removed, installed again and purged. No
# request of the upgrade fails, and orders stay.
#   SEBEZ_DRILL_ROOT=FILE     an archive of that Debian: made when the file is absent, else used
set -eu
source=$(realpath "$(dirname "$0")/../..")
. "$source/deploy/drills/common.bash"
[ "$(id -u)" -eq 0 ] || skip "root is needed to run a system"
needs mmdebstrap dh lintian unshare nsenter ip curl openssl pebble pebble-challtestsrv
cgroups=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
[ -n "$cgroups" ] || skip "systemd needs cgroups of version 2"

work=$(mktemp -d /var/tmp/sebez-drill-XXXXXX)
root=$work/root group=$cgroups/sebez-drill-$$ init= others=()
finish() {
	for pid in ${others[@]+"${others[@]}"}; do kill "$pid" 2> /dev/null || true; done
	[ -z "$init" ] || kill -9 "$init" 2> /dev/null || true # with it all others of its namespace
	wait
	for _ in 1 2 3 4 5; do # its processes take a moment to end
		[ -d "$group" ] || break
		find "$group" -depth -type d -exec rmdir {} \; 2> /dev/null || sleep 1
	done
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

echo "the package"
"$source/deploy/deb.sh" "$work/deb" > "$work/build.log" 2>&1 || { tail -n 30 "$work/build.log"; exit 1; }
deb=$(ls "$work"/deb/sebez_*.deb)
# Who builds it here has an address that is none.
lintian --allow-root --fail-on error,warning \
	--suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog,root-in-contact "$deb"
# A higher version of the same.
dpkg-deb -R "$deb" "$work/next"
version=$(dpkg-deb -f "$deb" Version)
sed -i "s/^Version: .*/Version: $version+drill/" "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group -b "$work/next" "$work/next.deb" > /dev/null

echo "a fresh Debian"
archive=${SEBEZ_DRILL_ROOT:-$work/root.tar}
depends=$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*)//; s/ //g' | paste -sd ,)
[ -e "$archive" ] || mmdebstrap --quiet --variant=minbase \
	--include="systemd,systemd-sysv,dbus,libnss-systemd,procps,postgresql,redis-server,nginx,lego,$depends" bookworm "$archive"
mkdir "$root"
tar -C "$root" -xf "$archive"
cp "$deb" "$root/first.deb"
cp "$work/next.deb" "$root/next.deb"

# In new namespaces: what systemd expects to find when it begins.
begin() {
	set -e
	mount --make-rprivate /
	mount --bind "$1" "$1"
	cd "$1"
	mount -t proc proc proc
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=755 tmpfs run
	mount -t tmpfs -o mode=755 tmpfs dev
	for device in null zero full random urandom tty; do
		touch dev/$device
		mount --bind /dev/$device dev/$device
	done
	mkdir dev/pts dev/shm run/old
	mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
	mount -t tmpfs tmpfs dev/shm
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	for name in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${name#*:}" "dev/${name%:*}"; done
	ip link set lo up
	pivot_root . run/old
	umount -l run/old
	mount --make-rshared / # credentials of services reach them that way
	exec env -i container=sebez-drill PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --show-status=0
}
mkdir "$group"
(
	echo "$BASHPID" > "$group/cgroup.procs"
	exec unshare --mount --pid --fork --ipc --uts --cgroup --net \
		bash -c "$(declare -f begin); begin '$root'" > "$work/systemd.log" 2>&1 < /dev/null
) &
inside() { nsenter -t "$init" -m -p -i -u -C -n -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
is_up() { case $(inside systemctl is-system-running) in running | degraded) true ;; *) false ;; esac; }
failed() {
	inside journalctl --no-pager -n 40 -u sebez || cat "$work/systemd.log"
	echo "$*"
	exit 1
}
wait_for 20 "systemd" pgrep -P $!
init=$(pgrep -P $!)
wait_for 60 "the system" is_up

echo "installed, and started by its unit"
inside dpkg -i /first.deb > "$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; exit 1; }
[ "$(inside systemctl is-enabled sebez || true)" = disabled ] || failed "the installation has enabled it"
inside sh -c 'openssl rand -hex 32 > /etc/sebez/credentials/secret
	echo SEBEZ_SECRET_FILE=/run/credentials/sebez.service/sebez_secret >> /etc/sebez/sebez.env
	echo SEBEZ_DEMO=yes >> /etc/sebez/sebez.env
	systemctl enable --quiet --now sebez'
(wait_for 180 "readiness" inside sebez ready) || failed "it did not become ready"
check() { inside sebez-settings check "$@" > "$work/check" 2>&1 || { cat "$work/check"; failed "the check failed"; }; }
check
play_story http://127.0.0.1:8080 "$work" nsenter -t "$init" -n || failed "the story failed, or ended otherwise"
killed() { nsenter -t "$init" -n curl -s http://127.0.0.1:8080/metrics |
	awk '/^sebez_media_workers_killed_total/ {sum += $2} END {print sum + 0}'; }
[ "$(killed)" = 0 ] || failed "the unit forbids what the workers of pictures need"
orders() { inside setpriv --reuid sebez --regid sebez --clear-groups sh -c \
	'psql -h "$(sed -n 5p /var/lib/sebez/postgres/postmaster.pid)" -U sebez_super -Atc "select count(*) from shop_order" sebez'; }
placed=$(orders)
[ "$placed" -gt 0 ] || failed "there is no order"

echo "a certificate"
cat > "$work/pebble.json" << END
{"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
 "certificate": "$work/acme.pem", "privateKey": "$work/acme.key", "httpPort": 80, "tlsPort": 443,
 "ocspResponderURL": "", "externalAccountBindingRequired": false}}
END
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
	-keyout "$work/acme.key" -out "$work/acme.pem" 2> /dev/null
inside sh -c 'cat > /etc/sebez/acme.pem' < "$work/acme.pem"
nsenter -t "$init" -n pebble-challtestsrv -dns01 127.0.0.1:8053 -http01 "" -https01 "" -tlsalpn01 "" \
	-management 127.0.0.1:8055 -defaultIPv6 "" > "$work/names.log" 2>&1 &
others+=($!)
PEBBLE_VA_NOSLEEP=1 nsenter -t "$init" -n pebble -config "$work/pebble.json" -dnsserver 127.0.0.1:8053 \
	> "$work/pebble.log" 2>&1 &
others+=($!)
wait_for 20 "the authority" nsenter -t "$init" -n curl -sfk https://127.0.0.1:15000/roots/0 -o "$work/root.pem"
inside sh -ec 'mkdir -p /var/lib/prometheus/node-exporter
	cat >> /etc/sebez/certificate.env << END
NAMES=shop.example.test
EMAIL=drill@example.test
SERVER=https://localhost:14000/dir
LEGO_CA_CERTIFICATES=/etc/sebez/acme.pem
END
	sebez-certificate stand-in
	sebez nginx-conf --name shop.example.test --cert /etc/sebez/tls/cert.pem --key /etc/sebez/tls/key.pem \
		--acme /var/lib/acme --nginx 1.22 > /etc/nginx/sites-enabled/sebez
	nginx -q -t && systemctl reload nginx' || failed "nginx refuses the configuration"
inside systemctl start sebez-certificate ||
	{ inside journalctl --no-pager -n 30 -u sebez-certificate; failed "there is no certificate"; }
nsenter -t "$init" -n curl -sf --cacert "$work/root.pem" --resolve shop.example.test:443:127.0.0.1 \
	https://shop.example.test/healthz -o /dev/null || failed "nginx does not serve it"
inside grep -q '^sebez_certificate_failed 0' /var/lib/prometheus/node-exporter/sebez_certificate.prom ||
	failed "the metrics do not say so"

echo "an upgrade under requests"
apis() { inside pgrep -u sebez -f 'sebez api' | sort | paste -sd ' '; }
before=$(apis)
changed() { [ -n "$(apis)" ] && [ -z "$(comm -12 <(tr ' ' '\n' <<< "$before") <(apis | tr ' ' '\n'))" ]; }
nsenter -t "$init" -n bash -c 'while [ ! -e "$1/enough" ]; do
	curl -s -o /dev/null -w "%{http_code}\n" http://127.0.0.1:8080/v1/products; done' - "$work" > "$work/codes" &
inside dpkg -i /next.deb > "$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; exit 1; }
(wait_for 60 "the new program" changed) || failed "the server has not started the new program"
touch "$work/enough"
wait $!
asked=$(wc -l < "$work/codes")
lost=$(grep -vc '^200$' "$work/codes" || true)
[ "$asked" -gt 0 ] && [ "$lost" = 0 ] || failed "$lost of $asked requests failed during the upgrade"
[ "$(orders)" = "$placed" ] || failed "the upgrade lost orders"

echo "removed, installed again, purged"
inside dpkg -r sebez > /dev/null 2>&1
inside test -d /var/lib/sebez/postgres || failed "removing it removed the data"
! inside pgrep -u sebez > /dev/null || failed "removing it left processes"
inside dpkg -i /next.deb > /dev/null 2>&1
inside systemctl start sebez
(wait_for 120 "readiness" inside sebez ready) || failed "it did not become ready again"
[ "$(orders)" = "$placed" ] || failed "orders were lost"
check --data
inside dpkg -P sebez > "$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; exit 1; }
inside test -d /var/lib/sebez/postgres || failed "purging it removed the data"
inside test ! -e /etc/sebez/sebez.env || failed "purging it left its settings"
echo "lintian clean, story played, certificate got, upgrade: $lost of $asked requests failed, $placed orders kept"
