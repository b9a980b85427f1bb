#!/bin/bash
# Two servers behind nginx are upgraded one after the other, under orders and messages, from this version to the next:
# upgrade.py. The next one is this source with a higher version, a migration, and functions that differ, so both versions
# serve from one database that the new one has migrated. No request may fail, and nothing acknowledged be lost or doubled.
#   SEBEZ_BUILD=FOLDER     of the build of this version, else build
#   SEBEZ_NEXT=FOLDER      of a build of the next one, instead of making it
set -eu
source=$(realpath "$(dirname "$0")/../..")
. "$source/deploy/drills/common.bash"
export SEBEZ_BUILD=${SEBEZ_BUILD:-$source/build}
needs setpriv nginx redis-server
[ -x "$SEBEZ_BUILD/sebez" ] || skip "$SEBEZ_BUILD/sebez is not built"
ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || skip "PostgreSQL is not installed"
/usr/bin/python3 -c 'import psycopg2, requests, h2' 2> /dev/null || skip "python3-psycopg2, -requests or -h2 is not installed"

work=$(mktemp -d /var/tmp/sebez-drill-XXXXXX)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
if [ -z "${SEBEZ_NEXT:-}" ]; then
	echo "the next version"
	next=$work/source
	mkdir "$next"
	tar -C "$source" --exclude='./build*' --exclude=./.git --exclude=./var -cf - . | tar -C "$next" -xf -
	version=$(sed -n "0,/version: '/s/.*version: '\([0-9.]*\)'.*/\1/p" "$next/meson.build")
	sed -i "0,/version: '/s/version: '[0-9.]*'/version: '${version%.*}.$((${version##*.} + 1))'/" "$next/meson.build"
	cat > "$next/db/migrations/0001_drill.sql" <<- END
		set local lock_timeout = '2s';
		alter table shop_order add column drill text;
		alter table message add column drill bigint not null default 0;
		create table drill (id uuid primary key);
		grant select, insert on drill to sebez_customer;
		alter table drill enable row level security, force row level security;
	END
	for file in orders/functions.sql chat/functions.sql carts/functions.sql; do
		echo '-- of the next version' >> "$next/src/shop/$file"
	done
	"$next/tests/lint/migrations.py" "$next/db/migrations/0001_drill.sql"
	meson setup "$work/next" "$next" --buildtype=plain -Doptimization=1 -Dwerror=false > "$work/log" &&
		ninja -C "$work/next" sebez sebez-media-worker >> "$work/log" 2>&1 || { tail -n 30 "$work/log"; exit 1; }
	SEBEZ_NEXT=$work/next
fi
export SEBEZ_NEXT
"$source/tests/keeper.py" /usr/bin/python3 "$source/deploy/drills/upgrade.py"
