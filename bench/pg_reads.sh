#!/bin/sh
# Point reads: pgbench's best of one in flight against store/pg's pipelines, each in turn.
#   tests/unit/with_postgres.sh bench/pg_reads.sh [build] [seconds]
set -eu
build=${1:-build}
seconds=${2:-5}
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
script=$(mktemp)
trap 'rm -f "$script"' EXIT
"$bin/psql" -q "$SEBEZ_TEST_PG" <<SQL
create table bench_thing as select i as id, 'thing ' || i as name, i::bigint as price
from generate_series(1, 50000) i;
create unique index on bench_thing (id);
vacuum analyze bench_thing;
SQL
cat >"$script" <<'SQL'
\set id random(1, 50000)
select id, name, price from bench_thing where id = :id;
SQL
for round in 1 2 3; do
	"$bin/pgbench" -n -M prepared -c 8 -j 2 -T "$seconds" -f "$script" "$SEBEZ_TEST_PG" 2>/dev/null |
		sed -n 's/^tps = \([0-9]*\).*/pgbench -M prepared -c 8: \1 reads\/s/p'
	for shape in "2 32" "2 64" "4 64" "4 128"; do
		"$build/bench/pg_reads" "$SEBEZ_TEST_PG" $shape "$seconds"
	done
done
