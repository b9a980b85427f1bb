#!/usr/bin/python3
"""Push messages through the outbox, to a server on this machine that takes everything.

    bench/push_sending.py [MESSAGES]      default: 20000

A server of its own has that many rows waiting in one queue, each of another notice, for the devices
of 2,000 accounts: first of FCM, then of APNs, then of browsers. Prints messages per second, and the
CPU time of the process that sends and of PostgreSQL for each. CPU time is what tells on a machine
that does other things, too.
"""
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "wire"), str(ROOT / "bench")]
from harness import push_crypto  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.shop import Shop  # noqa: E402
from harness.wait import until  # noqa: E402
from push_sink import change, people, sink, with_devices  # noqa: E402

MESSAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
ACCOUNTS = 2000
TICKS = os.sysconf("SC_CLK_TCK")

NOTICES = """
    with fresh as (
        insert into notice (id, account_id, kind, class, owner_id, number, data, link, group_key,
                            listed, created_at, expires_at)
        select gen_random_uuid(), a.id, n.kind, n.class, n.owner_id,
               i + (select coalesce(max(number), 0) from notice), n.data, n.link, n.group_key, true,
               now(), now() + interval '90 days'
        from (select x.* from notice x where x.kind = 'sub_order_accepted' limit 1) n,
             generate_series(1, %(messages)s / %(accounts)s) i,
             (select id from account where email like '%%@push.example') a
        returning id, account_id)
    insert into outbox (topic, destination, subject_id, payload, due_at)
    select 'push_orders', push_destination(d.provider, d.environment, d.address), f.id,
           json_build_object('device_id', d.id), now()
    from fresh f join device d on d.account_id = f.account_id
"""


def jobs_of(server):
    (pid,) = [pid for pid in server.family() if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
              .split(b"\0")[1:2] == [b"jobs"]]
    return pid


def seconds_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def postgres_of(server):
    return [pid for pid in server.family()
            if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("postgres")]


def measure(server, name, **device):
    db, jobs = server.db, jobs_of(server)
    with_devices(server, **device)
    before = seconds_of(jobs)
    change(server, NOTICES, {"accounts": ACCOUNTS, "messages": MESSAGES})
    database = {pid: seconds_of(pid) for pid in postgres_of(server)}
    started = time.monotonic()
    until(lambda: db.one("select count(*) = 0 from outbox where topic = 'push_orders'"), 900)
    seconds, cpu = time.monotonic() - started, seconds_of(jobs) - before
    sql = sum(seconds_of(pid) - database.get(pid, 0) for pid in postgres_of(server))
    print(f"{name:8} {MESSAGES / seconds:6.0f}/s; CPU of each: {cpu / MESSAGES * 1e6:4.0f} us, "
          f"{MESSAGES / cpu:6.0f}/s on a core; PostgreSQL {sql / MESSAGES * 1e6:4.0f} us",
          flush=True)


def measure_all(server, origin):
    shop, browser = Shop(server), push_crypto.Browser()
    customer, vendor = shop.customer(), shop.vendor()
    assert vendor.accept(customer.order(vendor.product())).status_code == 200
    until(lambda: server.db.one("select count(*) > 0 from notice "
                                "where kind = 'sub_order_accepted'"))
    people(server, ACCOUNTS)
    server.db.rows("analyze")
    measure(server, "FCM", provider="fcm", platform="android", kind="token", address="fcm:")
    measure(server, "APNs", provider="apns", platform="ios", kind="token", address="")
    measure(server, "browsers", provider="webpush", platform="web", kind="endpoint",
            address=f"{origin}/web/", p256dh=push_crypto.decoded(browser.p256dh),
            auth=push_crypto.decoded(browser.auth))
    (peak,) = [line.split()[1] for line in pathlib.Path(f"/proc/{jobs_of(server)}/status")
               .read_text().splitlines() if line.startswith("VmHWM")]
    print(f"memory of the process that sends: {int(peak) / 1024:.0f} MB at most")


def main():
    with sink() as (origin, settings):
        server = Server(SEBEZ_PROCESSES=1, **settings)
        try:
            server.start()
            measure_all(server, origin)
        finally:
            server.remove()


main()
