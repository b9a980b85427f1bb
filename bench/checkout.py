"""Figures 3 and 4: placing orders."""
import json
import re
import time
import uuid

import load
from place import CUSTOMERS, RUNS, SECONDS, VENDORS, median, say, token

CONNECTIONS = (8, 16, 32, 64)
CARTS = min(CUSTOMERS, int(SECONDS * 2500))  # more than anybody places in one run
ADDRESS = {"name": "Ann Buyer", "line1": "1 Main Street", "city": "Springfield",
           "postal_code": "12345", "country": "US"}


def let_finish(server):
    """What the last load left unanswered would place the carts of the next."""
    quiet = 0
    while quiet < 3:
        busy = server.psql("select 1 from pg_stat_activity where usename = 'sebez_customer' "
                           "and state <> 'idle' limit 1")
        quiet = 0 if busy else quiet + 1
        time.sleep(0.05)


def fill(server, count, products, hot=False):
    """Prefilled carts as (account, session, total)."""
    let_finish(server)
    rows = server.psql(f"select * from bench_fill(1, {count}, {products}, {VENDORS}, {hot})")
    server.psql("vacuum analyze cart; vacuum analyze cart_line")
    return rows


def orders_of(server, rows):
    secret = server.secret()
    return [f"{token(secret, account, session)} {total} {uuid.uuid4()}"
            for account, session, total in rows]


def body(total):
    """Of POST /v1/orders, as bench/orders.lua sends it."""
    return json.dumps({"quote_total": {"amount": int(total), "currency": "USD"},
                       "shipping_address": ADDRESS, "payment": {"method": "cash_on_delivery"}})


def placed(server):
    return int(server.psql("select count(*) from shop_order")[0][0])


def ours(server, products, connections, hot=False):
    orders = orders_of(server, fill(server, CARTS, products, hot))
    before = placed(server)
    result = load.place_orders(server, orders, connections)
    let_finish(server)
    result["placed"] = placed(server) - before
    if result["errors"] or result["count"] > len(orders):
        raise SystemExit(f"placing: {result}")
    return result


def side(server, products, hot=False):
    """One side of turns.in_turn()."""
    def act(connections):
        result = ours(server, products, connections, hot)
        return {"rate": result["rate"], "p99_ms": result["p99_us"] / 1000}
    return act


def statements(server):
    """Of all processes: statements and batches that the customers' pools have sent."""
    time.sleep(1)  # each process tells its own twice a second
    text = server.metrics()
    found = {}
    for name in ("batches", "statements"):
        found[name] = sum(float(value) for value in re.findall(
            rf'^sebez_pool_{name}_total{{[^}}]*role="sebez_customer"}} (\S+)$', text, re.M))
    return found


def checkout(server, products):
    """3: five lines from three vendors, against the same statements one by one."""
    found = {connections: [] for connections in CONNECTIONS}
    theirs = []
    ours(server, products, 16)
    before = statements(server)
    counted = ours(server, products, 16)["placed"]
    after = statements(server)
    for _ in range(RUNS):
        rows = fill(server, CARTS, products)
        theirs.append(load.place_by_statements(server, [f"{a} {s}" for a, s, _ in rows]))
        for connections in CONNECTIONS:
            found[connections].append(ours(server, products, connections))
        say("  " + ", ".join(f"{c}: {runs[-1]['rate']:.0f}/s" for c, runs in found.items())
            + f"; one by one {theirs[-1]['rate']:.0f}/s")
    best = max(CONNECTIONS, key=lambda c: median([run["rate"] for run in found[c]]))
    ratios = [run["rate"] / other["rate"] for run, other in zip(found[best], theirs)]
    return {
        "rates": {c: median([run["rate"] for run in runs]) for c, runs in found.items()},
        "p99_ms": {c: median([run["p99_us"] for run in runs]) / 1000 for c, runs in found.items()},
        "best": best, "one_by_one": median([other["rate"] for other in theirs]),
        "ratio": median(ratios), "ratios": ratios,
        "statements": {"ours": (after["statements"] - before["statements"]) / counted,
                       "one_by_one": theirs[0]["statements"]},
        "round_trips": (after["batches"] - before["batches"]) / counted,
    }


def one_variant(server, products):
    """4: everybody orders the same variant."""
    found = {connections: [ours(server, products, connections, hot=True) for _ in range(RUNS)]
             for connections in (16, 64)}
    return {connections: {"rate": median([run["rate"] for run in runs]),
                          "p50_ms": median([run["p50_us"] for run in runs]) / 1000,
                          "p99_ms": median([run["p99_us"] for run in runs]) / 1000}
            for connections, runs in found.items()}
