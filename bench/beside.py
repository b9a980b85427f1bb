"""p99 of orders and lists while an import, an export or a search runs beside them, as a ratio to
the time just before, when nothing does.

The three loads run together at fixed rates far below what the server can do, so that what is
measured is the disturbance."""
import contextlib
import itertools
import os
import signal
import subprocess
import threading
import urllib.request

import feed_send
import footprint
import half_load
from place import BUILD, CATEGORIES, SECONDS, Server, copy_of, say, seed_id, token

WINDOW_S = float(os.environ.get("BENCH_BESIDE_SECONDS", str(4 * SECONDS)))
RATES = {"order": 50, "uncached": 200, "cached": 200}  # a second


def load_lines(server, products, rates, seconds):
    """What each load sends. The uncached pages are more than the cache keeps, and are asked for in
    turn."""
    count = min(half_load.CUSTOMERS, int(rates["order"] * seconds * 1.1) + 1)
    orders = half_load.order_lines(server, products, count)
    pages = itertools.product(range(10, 40), range(CATEGORIES // 10 + 1, CATEGORIES + 1))
    return {"order": orders,
            "uncached": [f"- /v1/products?category={seed_id(3, n)}&limit={limit} GET - -"
                         for limit, n in pages],
            "cached": [f"- /v1/products?category={seed_id(3, 77)} GET - -"]}


def window(server, products, rates=RATES, seconds=WINDOW_S):
    """{load: {"p50_ms", "p99_ms"}}, all loads at the same time."""
    found, failed = {}, []

    def one(name, lines):
        try:
            sent, _ = feed_send.send(server.port, lines, 16, rates[name], seconds)
            found[name] = feed_send.latency_of(sent)
        except SystemExit as error:
            failed.append(f"{name}: {error}")

    threads = [threading.Thread(target=one, args=each)
               for each in load_lines(server, products, rates, seconds).items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit("; ".join(failed))
    return found


@contextlib.contextmanager
def importing(server, path):
    """`sebez import` of a file into the catalogue of vendor-1; it must last through the window."""
    with subprocess.Popen([BUILD / "sebez", "import", "--vendor", "vendor-1", path],
                          env=server.environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        yield lambda: process.poll() is None
        process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def repeating(act):
    """Does it again and again; an error ends the run."""
    over, failed = threading.Event(), []

    def work():
        try:
            while not over.is_set():
                act(over)
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield lambda: not failed
    finally:
        over.set()
        thread.join()


def exporting(server):
    """The whole catalogue of vendor-1: what it has imported until then."""
    server.psql("insert into staff (vendor_id, account_id, role) "
                "values (seed_id(2, 1), seed_id(1, 1), 'owner') on conflict do nothing")
    own = token(server.secret(), seed_id(1, 1), seed_id(12, 1))
    request = urllib.request.Request(f"{server.url}/v1/vendors/{seed_id(2, 1)}/products/export",
                                     headers={"Authorization": f"Bearer {own}"})

    def act(over):
        with urllib.request.urlopen(request, timeout=60) as reply:
            while not over.is_set() and reply.read(65536):
                pass

    return repeating(act)


def searching(server):
    """Page after page of a word that an eighth of all products has."""
    def act(over):
        url = "/v1/products?q=mug"
        while not over.is_set():
            cursor = server.get(url)["next_cursor"]
            if cursor is None:
                break
            url = f"/v1/products?q=mug&cursor={cursor}"

    return repeating(act)


def beside(template, products):
    path = footprint.import_file(template.parent)
    result = {"rates": RATES, "seconds": WINDOW_S}
    # Its limits would stop a client that searches without a pause.
    with Server(copy_of(template, "run"), SEBEZ_LIMITS="no") as server:
        window(server, products)  # until all is known and prepared
        for name, work in (("import", lambda: importing(server, path)),
                           ("export", lambda: exporting(server)),
                           ("search", lambda: searching(server))):
            alone = window(server, products)
            with work() as works:
                disturbed = window(server, products)
                if not works():
                    raise SystemExit(f"{name}: it ended within the {WINDOW_S:g} s of a window")
            result[name] = {load: {"alone_p99_ms": alone[load]["p99_ms"],
                                   "p99_ms": disturbed[load]["p99_ms"],
                                   "ratio": disturbed[load]["p99_ms"] / alone[load]["p99_ms"]}
                            for load in RATES}
            say(f"  {name}: " + ", ".join(
                f"{load} p99 {one['alone_p99_ms']:.1f} -> {one['p99_ms']:.1f} ms"
                for load, one in result[name].items()))
        result["ratio"] = max(one["ratio"] for name in ("import", "export", "search")
                              for one in result[name].values())
    return result
