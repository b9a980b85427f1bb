"""What an order and a message cost: CPU time, statements, transactions, write-ahead log, and what
has which share of it. Counts do not depend on other work on the machine; CPU time does, through
caches and shared cores, so it is compared within one run.

Each is done twice, on a copy each: once undisturbed, for the sums, and once with
pg_stat_statements and the times of functions, for the shares.
"""
import http.client
import os
import threading
import time

import against
import checkout
import cost_counts
import cost_text
import feed
from place import HERE, Server, copy_of, say, seeded

COUNT = int(os.environ.get("BENCH_COST_COUNT", "2000"))
CONNECTIONS = int(os.environ.get("BENCH_COST_CONNECTIONS", "8"))
WARM = 200  # before it is counted: all statements are prepared, all caches filled
EACH = 10  # messages of a conversation; the first ones are among those before
IDLE_S = 12
FLUSH_S = 12  # sessions that are idle write their counts after ten seconds at the latest
QUIET_S = 3
SETTLE_S = 30  # at most

SETTINGS = """
autovacuum = off
"""
LOOKED_INTO = SETTINGS + """
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = all
pg_stat_statements.max = 10000
track_functions = all
"""


def post_all(port, requests):
    """Sends each of (path, token, key, body) once, as many at a time as there are connections."""
    rest, lock, failed = iter(requests), threading.Lock(), []

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not failed:
            with lock:
                one = next(rest, None)
            if one is None:
                break
            path, token, key, body = one
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            if key:
                headers["Idempotency-Key"] = key
            connection.request("POST", path, body, headers)
            reply = connection.getresponse()
            text = reply.read()
            if reply.status >= 300:
                failed.append(f"{reply.status}: {text[:500]}")
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(f"{len(failed)} requests failed: {failed[0]}")


def settle(server):
    """Until the effects that follow the transactions are written, and sessions' counts too. Pushes
    that nothing sends are written again and again, ever more rarely: so it ends in any case."""
    time.sleep(FLUSH_S)
    last, end = None, time.monotonic() + SETTLE_S
    while (position := cost_counts.log_position(server)) != last and time.monotonic() < end:
        last = position
        time.sleep(QUIET_S)


def summed(server, requests):
    """What they cost, each: less what the server does in the same time without any."""
    post_all(server.port, requests[:WARM])
    settle(server)
    server.psql("checkpoint")
    idle = [cost_counts.read(server)]
    time.sleep(IDLE_S)
    idle.append(cost_counts.read(server))
    before = cost_counts.read(server)
    post_all(server.port, requests[WARM:])
    settle(server)
    after = cost_counts.read(server)
    count = len(requests) - WARM
    result = {**cost_counts.of_each(before, after, idle, count),
              "log": cost_counts.log_of_each(server, before, after, count)}
    result["postgres_ms"] = sum(ms for kind, ms in result["cpu_ms"].items()
                                if kind.startswith("postgres"))
    return result


def shared(server, requests):
    """Which statements, functions, tables and indexes it went to."""
    post_all(server.port, requests[:WARM])
    settle(server)
    server.psql("create extension if not exists pg_stat_statements;"
                "select pg_stat_statements_reset(); select pg_stat_reset()")
    post_all(server.port, requests[WARM:])
    settle(server)
    return cost_counts.shares(server, len(requests) - WARM)


PASSES = (("sums", SETTINGS, summed), ("shares", LOOKED_INTO, shared))


def configure(data, settings):
    (data / "postgres/postgresql.user.conf").write_text(settings)


def order_requests(server, products):
    rows = checkout.fill(server, WARM + COUNT, products)
    return [("/v1/orders", token, key, checkout.body(total)) for token, total, key in
            (line.split() for line in checkout.orders_of(server, rows))]


def orders(template, products, tree=HERE, passes=PASSES):
    result = {}
    for name, settings, measure in passes:
        data = copy_of(template, "cost")
        configure(data, settings)
        with Server(data, tree=tree, SEBEZ_PROCESSES=1) as server:
            result[name] = measure(server, order_requests(server, products))
    return result


def message_requests(customers, again):
    return [(f"/v1/conversations/{one.conversation}/messages", one.token, None,
             f'{{"client_id": "cost-{again}", "text": "Is it still there in blue?"}}')
            for one in customers]


def wanted(customers):
    """A message of each, and again, until there are enough."""
    found, again = [], 0
    while len(found) < WARM + COUNT:
        found += message_requests(customers[:WARM + COUNT - len(found)], again)
        again += 1
    return found


def messages(folder, tree=HERE, passes=PASSES):
    """To people of whom nobody waits, and to others of whom all wait: each customer's other device,
    and the staff of all vendors."""
    result = {"nobody_waits": {}, "all_wait": {}}
    with feed.fresh(folder, tree=tree, SEBEZ_PROCESSES=1) as server:
        them = feed.people(server, 2 * COUNT // EACH, min(feed.VENDORS, 2 * COUNT // EACH))
        data = server.data
        server.stop()
        waiting, others = them.customers[0::2], them.customers[1::2]
        vendors = {one.vendor for one in waiting}
        lines = [one.line for one in waiting]
        lines += [one.line for one in them.staff if one.vendor in vendors]
        for name, settings, measure in passes:
            copy = copy_of(data, name)
            configure(copy, settings)
            with Server(copy, tree=tree, SEBEZ_PROCESSES=1) as again:
                result["nobody_waits"][name] = measure(again, wanted(others))
                with feed.Clients(again.port, lines, ramp=500) as clients:
                    clients.wait_parked()
                    result["all_wait"][name] = measure(again, wanted(waiting))
                    clients.check()
    return result


def cost(template, products):
    result = {"count": COUNT, "connections": CONNECTIONS, "order": orders(template, products)}
    cost_text.print_all("an order: 5 lines of 3 vendors, with an Idempotency-Key", result["order"])
    result["message"] = messages(template.parent)
    cost_text.print_all("a message, nobody waits", result["message"]["nobody_waits"])
    cost_text.print_all("a message, all recipients wait", result["message"]["all_wait"])
    say("")
    return result


def cost_against(folder, products):
    """The sums, beside those of another commit."""
    result, tree = {}, against.built()
    for name, one in (("before", tree), ("after", HERE)):
        template = seeded(folder, products, tree=one)
        of_messages = messages(folder, one, PASSES[:1])
        result[name] = {"order": orders(template, products, one, PASSES[:1])["sums"],
                        "message, nobody waits": of_messages["nobody_waits"]["sums"],
                        "message, all wait": of_messages["all_wait"]["sums"]}
    for name in result["after"]:
        cost_text.print_beside(name, result["before"][name], result["after"][name])
    return {**result, **{f"{name}_ratio": result["before"][title]["postgres_ms"]
                         / result["after"][title]["postgres_ms"]
                         for name, title in (("order", "order"), ("message", "message, all wait"))}}
