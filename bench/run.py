"""Measures the figures of docs/BENCHMARKS.md: run.py [FIGURE...]; a table, and bench/results.

Settings: BENCH_RUNS (5), BENCH_SECONDS (5) of each run, BENCH_LARGE=1 (a million products too),
BENCH_FOLDER (where the seeded data is kept between runs; else in a folder of /tmp that goes),
BENCH_IMPORT_ROWS (500000), BENCH_COST_COUNT (2000) and BENCH_COST_CONNECTIONS (8) of the figure
cost, BENCH_BESIDE_SECONDS (20), BENCH_OLD_ORDERS (500000) and BENCH_OLD_EVENTS (5000000) of growth,
BENCH_PICTURES (5) of pictures, BENCH_PUT_MB (256) of uploads, BENCH_QUEUE (40) of media_beside,
BENCH_URLS_COUNT (10000) of fetched, BENCH_PEOPLE (1000000) of campaign,
BENCH_AGAINST (a commit, for the figures ..._against),
BENCH_SMALL=1 (a small marketplace, to try a figure), BENCH_BUILD (build). Those of the
feed: BENCH_PARKED (how many polls; each figure has its own number), BENCH_PARKED_MINUTES (10).
"""
import json
import os
import signal
import sys
import time

import against
import beside
import campaign
import checkout
import cost
import feed_nchan
import feed_parked
import feed_recovery
import feed_send
import fetched
import files
import footprint
import growth
import half_load
import media_beside
import pictures
import reads
from place import PRODUCTS, ROOT, RUNS, SECONDS, Server, copy_of, folder, say, seeded

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


def with_products(measure):
    return lambda given: measure(given, PRODUCTS)


# On the seeded marketplace.
FIGURES = {
    "lists": ("1 list of a category / pgbench", measure_lists, "ratio", ">= 0.65"),
    "cached": ("1 the same, cached / nginx", reads.cached, "ratio", ">= 0.9"),
    "products": ("2 product / pgbench", measure_products, "ratio", ">= 0.6"),
    "orders": ("3 order / its statements one by one", measure_orders, "ratio", ">= 0.6"),
    "one_variant": ("4 all on one variant, orders/s", measure_one_variant,
                    ("64.rate", "64.p50_ms", "64.p99_ms"), (">= 1500", "", "<= 50")),
    "pages": ("5 page 1,000 / page 1", measure_pages, "50000.ratio", "<= 1.3"),
    "memory": ("6 MB of an api process under load", footprint.memory, "load_mb", "<= 25"),
    "starting": ("6 ms from exec to the first 200", footprint.starting, "external_ms", "<= 100"),
    "parked": ("7 bytes of a parked connection", footprint.parked, "process_bytes", ""),
    "importing": ("8 import, rows/s", footprint.importing, "rate", ">= 10000"),
    "cost": ("13 what an order and a message cost", with_products(cost.cost),
             ("order.sums.postgres_ms", "message.all_wait.sums.postgres_ms"), ("", "")),
    "half_load": ("14 p99 at half load, ms", with_products(half_load.half_load),
                  ("order.p99_ms", "quote.p99_ms", "cart_write.p99_ms", "message.p99_ms"),
                  ("<= 20", "<= 20", "<= 20", "<= 20")),
    "beside": ("15 p99 beside other work / alone", with_products(beside.beside), "ratio", "<= 2"),
    "media_beside": ("20 p99 beside pictures / alone", with_products(media_beside.media_beside),
                     ("ratio", "thumbnail_ratio"), ("<= 1.3", "")),
    "fetched": ("21 pictures by URL, ready per second", fetched.fetched, "rate", ""),
}

# These make or seed themselves what they need, in the folder.
FOLDER_FIGURES = {
    "growth": ("16 orders/s after many / after 50,000", with_products(growth.growth), "ratio",
               ">= 0.8"),
    "pictures": ("17 photograph / vipsthumbnail", pictures.pictures, ("ratio", "peak_mb"),
                 (">= 0.9", "<= 300")),
    "pictures_memory": ("17 MB of the largest pictures", pictures.memory, "peak_mb", "<= 400"),
    "uploads": ("18 uploads / nginx", files.uploads,
                ("disk.large.ratio", "disk.small.ratio", "memory.large.ratio",
                 "memory.small.ratio", "growth_mb"), (">= 0.8", "", ">= 0.8", "", "<= 40")),
    "downloads": ("19 renditions / nginx", files.downloads, ("small.ratio", "large.ratio"),
                  (">= 0.7", ">= 0.7")),
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
    "campaign": ("22 a campaign, people told/s", campaign.campaign,
                 ("rate", "jobs_mb", "twice", "notices_beside_ms.p95"),
                 ("", "<= 40", "<= 0", "")),
    "feed_recovery": ("12 all caught up, s", feed_recovery.feed_recovery,
                      ("warm.seconds", "empty.seconds"), ("<= 10", "<= 10")),
}

# Against the commit that BENCH_AGAINST names; measured only when they are named.
AGAINST_FIGURES = {
    "orders_against": ("3 orders / those of another commit", with_products(against.orders),
                       "ratio", ">= 2.5"),
    "one_variant_against": ("4 the same, all on one variant", with_products(against.one_variant),
                            "ratio", ""),
    "cost_against": ("13 PostgreSQL's CPU, another commit / ours",
                     with_products(cost.cost_against), ("order_ratio", "message_ratio"), ("", "")),
    "sends_against": ("11 messages / those of another commit", against.messages, "ratio",
                      ">= 2.5"),
}


def value_of(result, path):
    for part in path.split("."):
        result = result[part] if part in result else result[int(part)]
    return result


def print_row(title, result, path, target):
    say(f"{title:40} {value_of(result, path):>10.2f}   {target}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so what was started is stopped
    figures = {**FIGURES, **FOLDER_FIGURES}
    chosen = sys.argv[1:] or list(figures)
    figures |= AGAINST_FIGURES
    unknown = [name for name in chosen if name not in figures]
    if unknown:
        raise SystemExit(f"there is no figure {unknown[0]}; there are: {' '.join(figures)}")
    results = {"runs": RUNS, "seconds": SECONDS, "at": time.strftime("%Y-%m-%d %H:%M"),
               "cores": os.cpu_count()}
    with folder() as where:
        template = seeded(where, PRODUCTS) if set(chosen) & set(FIGURES) else None
        for name in chosen:
            title, measure, _, _ = figures[name]
            say(title)
            given = template if name in FIGURES else where
            results[name] = {"load_before": os.getloadavg()[0], **measure(given)}
            if not name.startswith("cost"):  # it has printed tables
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
