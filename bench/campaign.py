"""Figure 22: a campaign that tells BENCH_PEOPLE people (1,000,000), with the settings that a server
has at first. Every third has a device and asks for promotions by push, every third for mails; there
is no provider, so their rows wait. The jobs process is killed twice meanwhile. Orders are placed
beside it, and it is measured when their notices are there, before the campaign and beside it."""
import contextlib
import os
import pathlib
import signal
import statistics
import sys
import threading
import time

from place import BUILD, ROOT, SMALL, say

os.environ["SEBEZ_BUILD"] = str(BUILD)
sys.path.insert(0, str(ROOT / "tests" / "wire"))
from harness.campaigns import Campaign  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.shop import Shop  # noqa: E402

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "20000" if SMALL else "1000000"))
PAUSE_S = 0.4  # between orders
ALONE = 20     # orders before the campaign

SEED = """
with made as (
    insert into account (id, email, email_key, name, password_hash)
    select gen_random_uuid(), x, x, 'Bench', '!'
    from (select n || '@people.bench.sebez.test' as x from generate_series(1, %s) n) y
    returning id
), numbered as (select id, row_number() over () as n from made), preferring as (
    insert into notification_preference (account_id, unwanted, email_digest)
    select id, case n %% 3 when 0 then '{}' else '{promotions.push}'::text[] end, 'at_once'
    from numbered where n %% 3 < 2
), s as (
    insert into session (id, account_id, expires_at)
    select gen_random_uuid(), id, now() + interval '10 days' from numbered where n %% 3 = 0
    returning id, account_id
)
insert into device (account_id, id, session_id, platform, provider, address_kind, address,
                    environment, locale, shows_itself, capabilities)
select account_id, id, id, 'android', 'fcm', 'token', id::text, 'production', 'en', false, '{}'
from s"""


def jobs_of(server):
    """Pid of the jobs process, once it is there."""
    while True:
        for pid in server.family():
            with contextlib.suppress(OSError):
                line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                if line.split(b"\0")[1:2] == [b"jobs"]:
                    return pid
        time.sleep(0.05)


def peak_mb(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


class Orders:
    """Places orders one after another, and notes after how many ms the notice of each was there."""

    def __init__(self, shop):
        self.shop, self.vendor, self.ms, self.over = shop, shop.vendor(), [], threading.Event()
        self.product, self.customer = self.vendor.product(stock=1000000), shop.customer()

    def place(self, db):
        order = self.customer.order(self.product)
        began = time.monotonic()
        while not db.one("select exists (select from notice where account_id = %s "
                         "and data ->> 'order_id' = %s)", self.customer.id, order["id"]):
            time.sleep(0.02)
        self.ms.append((time.monotonic() - began) * 1000)
        time.sleep(PAUSE_S)

    def go_on(self):
        while not self.over.is_set():
            self.place(self.shop.db)


def figures(ms):
    ms = sorted(ms)
    return {"count": len(ms), "p50": round(statistics.median(ms)),
            "p95": round(ms[int(len(ms) * 0.95)]), "most": round(ms[-1])}


def run(server, campaign):
    """Until all are told: seconds, the peak of the jobs processes, and how often one was killed."""
    began, peaks, kills = time.monotonic(), [], 0
    while True:
        (now,) = server.db.rows("select state, sent_a + sent_b as sent from campaign "
                                "where id = %s", campaign.id)
        pid = jobs_of(server)
        with contextlib.suppress(OSError, StopIteration):
            peaks.append(peak_mb(pid))
        if now["state"] == "sent":
            return time.monotonic() - began, max(peaks), kills
        if now["sent"] >= PEOPLE * (kills + 1) // 3 and kills < 2:
            os.kill(pid, signal.SIGKILL)
            kills += 1
        time.sleep(0.25)


def told(server, campaign):
    server.db.rows("analyze")
    (row,) = server.db.rows(
        "select count(*) as notices, count(distinct account_id) as people from notice "
        "where owner_id = %s", campaign.id)
    (queued,) = server.db.rows(
        "select count(*) as rows, "
        "count(distinct (o.topic, o.subject_id, o.payload ->> 'device_id')) as once "
        "from outbox o join notice n on n.id = o.subject_id where n.owner_id = %s",
        campaign.id)
    return row, queued


def campaign(_):
    server = Server(SEBEZ_MEDIA_PROCESSES=0)
    for name in ("SEBEZ_JOBS_INTERVAL_MS", "SEBEZ_RANKING_INTERVAL_MS", "SEBEZ_PROCESSES"):
        server.environment.pop(name)
    try:
        server.start()
        shop = Shop(server)
        orders = Orders(shop)
        say(f"  {PEOPLE} people")
        server.db.rows(SEED, PEOPLE)
        server.db.rows("analyze")
        for _ in range(ALONE):
            orders.place(server.db)
        alone, orders.ms = figures(orders.ms), []
        one = Campaign(shop, per_minute=1000000)
        beside = threading.Thread(target=orders.go_on)
        beside.start()
        try:
            one.scheduled()
            seconds, peak, kills = run(server, one)
        finally:
            orders.over.set()
            beside.join()
        row, queued = told(server, one)
        server.stop()
    finally:
        server.remove()
    sent = row["people"]
    return {"people": sent, "rate": sent / seconds, "minutes": seconds / 60, "jobs_mb": peak,
            "kills": kills, "twice": row["notices"] - sent + queued["rows"] - queued["once"],
            "notices_alone_ms": alone, "notices_beside_ms": figures(orders.ms)}
