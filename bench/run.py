"""Measures the figures of docs/BENCHMARKS.md: run.py [FIGURE...]; a table, and bench/results.

Settings: BENCH_RUNS (5), BENCH_SECONDS (5) of each run, BENCH_LARGE=1 (a million products too),
BENCH_FOLDER (where the seeded data is kept between runs; else in a folder of /tmp that goes),
BENCH_IMPORT_ROWS (500000), BENCH_BUILD (build-release). Those of the feed: BENCH_PARKED (how many
polls; each figure has its own number), BENCH_PARKED_MINUTES (10).
"""
import json
import os
import signal
import sys
import time

import checkout
import feed_nchan
import feed_parked
import feed_recovery
import feed_send
import footprint
import reads
from place import ROOT, RUNS, SECONDS, Server, copy_of, folder, say, seeded

PRODUCTS = 50000
LARGE = 1000000


def uncached(where, name="run"):
    return Server(copy_of(where, name), SEBEZ_CACHE="no")


def measure_lists(template):
    with uncached(template) as server:
        return reads.lists(server)


def measure_products(template):
    with uncached(template) as server:
        return reads.products(server, PRODUCTS)


def measure_orders(template):
    with Server(copy_of(template, "run")) as server:
        return checkout.checkout(server, PRODUCTS)


def measure_one_variant(template):
    with Server(copy_of(template, "run")) as server:
        return checkout.one_variant(server, PRODUCTS)


def measure_pages(template):
    with uncached(template) as server:
        result = {"50000": reads.pages(server)}
    if os.environ.get("BENCH_LARGE"):
        with uncached(seeded(template.parent, LARGE)) as server:
            result["1000000"] = reads.pages(server)
        result["first_ratio"] = result["1000000"]["first"] / result["50000"]["first"]
        result["deep_ratio"] = result["1000000"]["deep"] / result["50000"]["deep"]
    return result


FIGURES = {
    "lists": ("1 list of a category / pgbench", measure_lists, "ratio", ">= 0.65"),
    "cached": ("1 the same, cached / nginx", reads.cached, "ratio", ">= 0.9"),
    "products": ("2 product / pgbench", measure_products, "ratio", ">= 0.6"),
    "orders": ("3 order / its statements one by one", measure_orders, "ratio", ">= 0.6"),
    "one_variant": ("4 all on one variant, orders/s", measure_one_variant, "64.rate", ">= 1000"),
    "pages": ("5 page 1,000 / page 1", measure_pages, "50000.ratio", "<= 1.3"),
    "memory": ("6 MB of an api process under load", footprint.memory, "load_mb", "<= 25"),
    "starting": ("6 ms from exec to the first 200", footprint.starting, "external_ms", "<= 100"),
    "parked": ("7 bytes of a parked connection", footprint.parked, "process_bytes", ""),
    "importing": ("8 import, rows/s", footprint.importing, "rate", ">= 10000"),
}

# On a server of their own, without a seeded marketplace.
FEED_FIGURES = {
    "feed_parked": ("9 parked polls per GB", feed_parked.feed_parked, "per_gb", ">= 130000"),
    "feed_parked_tls": ("9 the same, nginx and TLS", feed_parked.feed_parked_tls, "per_gb",
                        ">= 40000"),
    "feed_hundred_thousand": ("9 cores for 100,000 parked", feed_parked.feed_hundred_thousand,
                              "cores", "<= 0.2"),
    "feed_nchan": ("9 beside nchan", feed_nchan.feed_nchan,
                   ("process_ratio", "memory_ratio", "p99_ratio"), ("<= 1", "<= 1", "")),
    "feed_empty": ("10 empty polls/s per core", feed_parked.feed_empty, "per_core", ">= 30000"),
    "feed_send": ("11 sent to delivered", feed_send.feed_send,
                  ("p50_ms", "p99_ms", "rate", "ratio"), ("<= 4", "<= 15", ">= 5000", ">= 0.6")),
    "feed_recovery": ("12 all caught up, s", feed_recovery.feed_recovery,
                      ("warm.seconds", "empty.seconds"), ("<= 10", "<= 10")),
}


def value_of(result, path):
    for part in path.split("."):
        result = result[part] if part in result else result[int(part)]
    return result


def print_row(title, result, path, target):
    say(f"{title:40} {value_of(result, path):>10.2f}   {target}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so what was started is stopped
    figures = {**FIGURES, **FEED_FIGURES}
    chosen = sys.argv[1:] or list(figures)
    unknown = [name for name in chosen if name not in figures]
    if unknown:
        raise SystemExit(f"there is no figure {unknown[0]}; there are: {' '.join(figures)}")
    results = {"runs": RUNS, "seconds": SECONDS, "at": time.strftime("%Y-%m-%d %H:%M"),
               "cores": os.cpu_count()}
    with folder() as where:
        template = seeded(where, PRODUCTS) if set(chosen) - set(FEED_FIGURES) else None
        for name in chosen:
            title, measure, _, _ = figures[name]
            say(title)
            given = where if name in FEED_FIGURES else template
            results[name] = {"load_before": os.getloadavg()[0], **measure(given)}
            say("  " + json.dumps(results[name]))
            (ROOT / "bench/results").write_text(json.dumps(results, indent=1) + "\n")
    say(f"\n{'figure':40} {'measured':>10}   target")
    for name in chosen:
        title, _, paths, targets = figures[name]
        if isinstance(paths, str):
            print_row(title, results[name], paths, targets)
            continue
        for path, target in zip(paths, targets):
            print_row(f"{title}, {path}", results[name], path, target)


main()
