#!/bin/bash
# Installs the Debian packages that are missing, and nothing else.
#   tools/install-deps.sh [GROUP...]     groups: run (default), build, test, lint, bench, deb
#   tools/install-deps.sh --print GROUP  only prints them, as debian/control has them
#
# Services that come with the packages (PostgreSQL, Redis, nginx) are neither started, nor restarted,
# nor enabled, and no default database cluster is made: Sebez runs its own. When all packages are
# there, nothing is done.
set -eu
case ${1:-} in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

# A name per package; a|b: either will do, the first is installed.
# curl is what the README talks to the server with.
build="gcc libc6-dev meson ninja-build pkgconf|pkg-config python3 python3-yaml libmicrohttpd-dev
     libuv1-dev libcurl4-openssl-dev libssl-dev ca-certificates libpq-dev libhiredis-dev libjansson-dev
     libsodium-dev libcsv-dev libicu-dev libxml2-dev zlib1g-dev libvips-dev libseccomp-dev
     libcbor-dev libarchive-dev libmaxminddb-dev
     libpango1.0-dev"
fonts="fontconfig fonts-droid-fallback fonts-noto-core" # of PDFs
run="$build $fonts postgresql redis-server|valkey-server curl"
test="$fonts poppler-utils libcmocka-dev python3-pytest python3-hypothesis python3-jsonschema python3-requests
      python3-psycopg2 python3-redis python3-botocore python3-cryptography python3-h2 python3-aiosmtpd
      python3-dkim python3-nacl python3-pil libheif-examples chromium chromium-driver fonts-dejavu-core
      clang libclang-rt-dev valgrind procps nginx haproxy openssl pgbackrest prometheus systemd"
lint="clang-format clang-tidy clang-tools universal-ctags python3-pytest python3-psycopg2 libcmocka-dev git"
bench="$fonts nginx libnginx-mod-nchan openssl wrk python3-requests python3-psycopg2 python3-pil libvips-tools procps"
# The codecs of HEIC and AVIF, which Debian 12 has in libheif1.
if ! grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then
	build="$build libheif-plugin-libde265 libheif-plugin-dav1d libheif-plugin-aomenc"
	run="$run libheif-plugin-libde265 libheif-plugin-dav1d libheif-plugin-aomenc"
	test="$test libheif-plugin-x265"
fi
deb="$build dpkg-dev debhelper lintian"
services="redis-server valkey-server nginx haproxy prometheus"

only_print=
if [ "${1:-}" = --print ]; then
	only_print=yes
	shift
fi
wanted=
for group in ${*:-run}; do
	case $group in
	run) wanted="$wanted $run" ;;
	build) wanted="$wanted $build" ;;
	test) wanted="$wanted $test" ;;
	lint) wanted="$wanted $lint" ;;
	bench) wanted="$wanted $bench" ;;
	deb) wanted="$wanted $deb" ;;
	*) echo "install-deps: there is no group $group" >&2; exit 2 ;;
	esac
done

if [ -n "$only_print" ]; then
	echo $wanted | sed 's/ /, /g; s/|/ | /g'
	exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "install-deps: this is not Debian; these packages are needed:" $wanted >&2
	exit 1
fi

installed=" $(dpkg-query -W -f='${db:Status-Status} ${Package}\n' ${wanted//|/ } 2>/dev/null |
	sed -n 's/^installed //p' | tr '\n' ' ')"
missing=
for choice in $wanted; do
	found=
	for package in ${choice//|/ }; do
		case $installed in *" $package "*) found=yes ;; esac
	done
	[ -n "$found" ] || missing="$missing ${choice%%|*}"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
if [ "$(id -u)" -ne 0 ]; then
	# Not apt-get itself: it would start the services and make a cluster.
	if ! command -v sudo >/dev/null || ! sudo "$(realpath "$0")" "$@"; then
		echo "install-deps: not everything could be installed with sudo. As root, run: $(realpath "$0") $*" >&2
		exit 1
	fi
	exit 0
fi

policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.d
new_services=
for service in $services; do
	case "$missing " in *" $service "*) new_services="$new_services $service" ;; esac
done

restore() {
	if [ -e "$policy.before-sebez" ] || [ -L "$policy.before-sebez" ]; then
		mv -f "$policy.before-sebez" "$policy"
	else
		rm -f "$policy"
	fi
	rm -f "$clusters/sebez.conf"
}
trap restore EXIT
trap 'exit 1' INT TERM HUP

# Ours, left by a run that was killed.
if grep -qs 'written by sebez' "$policy"; then rm -f "$policy"; fi
# invoke-rc.d asks this script before it starts or restarts anything; 101 means no.
if { [ -e "$policy" ] || [ -L "$policy" ]; } && [ ! -e "$policy.before-sebez" ]; then
	mv "$policy" "$policy.before-sebez"
fi
printf '#!/bin/sh\n# written by sebez, tools/install-deps.sh\nexit 101\n' >"$policy"
chmod 755 "$policy"
# postgresql-common makes a cluster "main" for each server it installs, unless told not to.
mkdir -p "$clusters"
echo 'create_main_cluster = false' >"$clusters/sebez.conf"

export DEBIAN_FRONTEND=noninteractive
apt-get update -q -q
apt-get install -q -y --no-install-recommends --no-upgrade -o Dpkg::Use-Pty=0 $missing

# They would start with the next boot. (PostgreSQL's unit may stay: without a cluster it starts nothing.)
for service in $new_services; do
	if command -v systemctl >/dev/null; then
		systemctl disable --quiet "$service" 2>/dev/null || true
	else
		deb-systemd-helper disable "$service.service" >/dev/null 2>&1 || true
		update-rc.d "$service" disable >/dev/null 2>&1 || true
	fi
done
