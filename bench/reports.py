"""Reports of a year: BENCH_ORDERS (1,000,000) orders of BENCH_VENDORS (1,000) vendors, as sums.

    BENCH_BUILD=build python3 bench/reports.py

The sums are those that counting would have made, written by SQL: by day and month, and by what is
sold. Beside each report is the time of its statement alone, in psql.
"""
import os
import tempfile
import time

from payouts import ADMIN, OWNER, account, call, opened
from place import Server, say

ORDERS = int(os.environ.get("BENCH_ORDERS", "1000000"))
VENDORS = int(os.environ.get("BENCH_VENDORS", "1000"))
PRODUCTS, CATEGORIES, COUNTRIES, DAYS = 50, 20, 10, 365
MEASURES = "orders, units, returned, gross, discount, shipping, tax, refunds, refunded_tax, " \
    "service_fee, commission, commission_tax, goodwill"
# Of n orders. The first vendor sells a tenth of all.
AMOUNTS = "n, 2 * n, 0, 4000 * n, 0, 500 * n, 0, 40 * n, 0, 100 * n, 400 * n, 0, 0"
MADE = f"""
insert into vendor (id, slug, name, state)
select gen_random_uuid(), 'v-' || n, 'V', 'approved' from generate_series(1, {VENDORS}) n;
insert into category (id, slug, name, path)
select id, 'c-' || n, 'C', array[id]
from (select gen_random_uuid() as id, n from generate_series(1, {CATEGORIES}) n) c;
create temp table seller as
select v.id, case v.slug when 'v-1' then {ORDERS} / 10
	else {ORDERS} * 9 / 10 / {VENDORS - 1} end / {DAYS}::numeric as n from vendor v;
create temp table sold as
select s.id as vendor_id, current_date - d as start,
       greatest(1, round(s.n * k.share))::bigint as n, k.dimension, k.key
from seller s cross join generate_series(1, {DAYS}) d
cross join lateral (
	select 'all' as dimension, '' as key, 1.0 as share
	union all select 'category', c.id::text, 1.0 / {CATEGORIES} from category c
	union all select 'country', 'C' || x, 1.0 / {COUNTRIES}
	from generate_series(1, {COUNTRIES}) x
	union all select 'product', md5(s.id::text || x)::uuid::text, 1.0 / {PRODUCTS}
	from generate_series(1, {PRODUCTS}) x) k (dimension, key, share)
where k.dimension = 'all' or s.n * k.share >= 1 or random() < s.n * k.share;
insert into vendor_sales (vendor_id, dimension, grain, start, key, {MEASURES})
select vendor_id, dimension, grain, date_trunc(grain, start::timestamp)::date, key, {AMOUNTS}
from (select vendor_id, dimension, g.grain, date_trunc(g.grain, start::timestamp)::date as start,
             key, sum(n) as n
      from sold cross join (values ('day'), ('month')) g (grain) group by 1, 2, 3, 4, 5) s;
insert into platform_sales (dimension, grain, start, key, {MEASURES})
select dimension, grain, start, key, {AMOUNTS}
from (select d.dimension, g.grain, date_trunc(g.grain, s.start::timestamp)::date as start,
             d.key, sum(s.n) as n
      from sold s cross join lateral (values (s.dimension, s.key), ('vendor', s.vendor_id::text))
	d (dimension, key)
      cross join (values ('day'), ('month')) g (grain)
      where s.dimension <> 'product' and (d.dimension <> 'vendor' or s.dimension = 'all')
      group by 1, 2, 3, 4) s;
vacuum analyze;"""


def median(times):
    return sorted(times)[len(times) // 2]


def asked(server, path, token):
    times = []
    for _ in range(7):
        begun = time.monotonic()
        call(server, "GET", path, token)
        times.append(time.monotonic() - begun)
    return median(times)


def by_sql(server, function, by, vendor):
    """Milliseconds of the statement alone, as PostgreSQL counts them."""
    statement = f"explain (analyze, timing off) select * from {function}('{by}', " \
        "current_date - 364, current_date + 1);"
    lines = server.psql(f"set sebez.vendor = '{vendor}';" + 5 * statement)
    return median([float(line[0].split()[-2]) for line in lines if "Execution" in line[0]])


def main():
    with tempfile.TemporaryDirectory() as where, \
            Server(opened(where) / "data", SEBEZ_LIMITS="no") as server:
        admin, owner = (account(server, email) for email in (ADMIN, OWNER))
        server.psql(MADE)
        ((vendor,),) = server.psql(
            "insert into staff (vendor_id, account_id, role) select v.id, a.id, 'owner' "
            f"from vendor v, account a where v.slug = 'v-1' and a.email = '{OWNER}' "
            "returning vendor_id")
        (sums,) = server.psql("select (select count(*) from vendor_sales), "
                              "(select count(*) from platform_sales)")
        say(f"  {ORDERS} orders of {VENDORS} vendors: {sums[0]} and {sums[1]} sums")
        year = time.strftime("from=%Y-%m-%d", time.gmtime(time.time() - 364 * 86400))
        for by in ("day", "month", "vendor", "category", "country"):
            report(server, "the marketplace", f"/v1/admin/money/report?by={by}&{year}", admin,
                   ("platform_sales_by", by, vendor))
        for by in ("day", "month", "product", "category", "country"):
            report(server, "a vendor", f"/v1/vendors/{vendor}/reports/sales?by={by}&{year}",
                   owner, ("vendor_sales_by", by, vendor))


def report(server, whose, path, token, statement):
    seconds = asked(server, path, token)
    alone = by_sql(server, *statement)
    say(f"  {whose} by {statement[1]}: {seconds * 1000:.0f} ms; its statement alone "
        f"{alone:.0f} ms, ratio {seconds * 1000 / alone:.2f}")


if __name__ == "__main__":
    main()
