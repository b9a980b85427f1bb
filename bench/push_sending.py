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
import shutil
import socket
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "wire"))
from harness import certificate, nginx, providers, push_crypto  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.shop import Shop  # noqa: E402
from harness.wait import until  # noqa: E402

MESSAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
ACCOUNTS = 2000
TICKS = os.sysconf("SC_CLK_TCK")

# As in pushes.py: the first server reads the whole request.
NGINX = """
    ssl_certificate {folder}/cert; ssl_certificate_key {folder}/key;
    keepalive_requests 10000000;
    upstream all {{ server unix:{folder}/all; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        http2_max_concurrent_streams 1000;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        location / {{ proxy_pass http://all; }}
    }}
    server {{
        listen unix:{folder}/all;
        location /token {{
            default_type application/json;
            return 200 '{{"access_token":"ya29.token","expires_in":3600,"token_type":"Bearer"}}';
        }}
        location /web {{ return 201; }}
        location / {{ return 200 '{{}}'; }}
    }}
"""

# The customer of one order, many times: each with a session and a device, and notices of the order.
COPIES = """
    insert into account (id, email, email_key, name, password_hash)
    select gen_random_uuid(), 'p' || i || '@push.example', 'p' || i || '@push.example', 'P', 'none'
    from generate_series(1, %(accounts)s) i;
    insert into session (id, account_id, expires_at)
    select gen_random_uuid(), a.id, now() + interval '1 day' from account a
    where a.email like '%%@push.example';
"""
DEVICES = """
    delete from device d using account a
    where a.id = d.account_id and a.email like '%%@push.example';
    insert into device (account_id, id, session_id, platform, provider, address_kind, address,
                        environment, p256dh, auth, shows_itself, capabilities)
    select a.id, gen_random_uuid(), s.id, %(platform)s, %(provider)s, %(kind)s,
           %(address)s || encode(sha256(a.id::text::bytea), 'hex'), 'production', %(p256dh)s,
           %(auth)s, false, '{}'
    from account a join session s on s.account_id = a.id where a.email like '%%@push.example';
"""
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


def read(folder, port):
    """The settings of a server that sends everything to nginx."""
    origin = f"https://localhost:{port}"
    fake = providers.Fake(folder, None)
    fake.origin = origin

    def write(name, text):
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
        return str(folder / name)
    return origin, providers.settings(fake, write)


def change(server, statements, values):
    with server.db.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statements, values)


def measure(server, name, **device):
    values = {"accounts": ACCOUNTS, "messages": MESSAGES, "p256dh": None, "auth": None, **device}
    db, jobs = server.db, jobs_of(server)
    change(server, DEVICES, values)
    before = seconds_of(jobs)
    change(server, NOTICES, values)
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
    change(server, COPIES, {"accounts": ACCOUNTS})
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
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sebez-push-sending-", dir="/tmp"))
    folder.chmod(0o755)
    certificate.write(folder)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    origin, settings = read(folder, port)
    process = nginx.start(folder, NGINX.format(folder=folder, port=port))
    server = Server(SEBEZ_PROCESSES=1, **settings)
    try:
        server.start()
        measure_all(server, origin)
    finally:
        server.remove()
        process.kill()
        process.wait()
        shutil.rmtree(folder)


main()
