"""Figures 1, 2 and 5: browsing."""
import random
import urllib.request

import load
from place import CATEGORIES, RUNS, Server, copy_of, median, say, seed_id

FIRST = ("'infinity'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "21")
PICKS = 20  # categories and products that both sides ask for


def of_runs(results, key):
    return median([result[key] for result in results])


def against_pgbench(server, urls, scripts):
    """Both sides in turn; the median of the ratios, not the ratio of medians: noise hits a pair."""
    load.get(server, urls, seconds=2, connections=32)
    ours, theirs = [], []
    for _ in range(RUNS):
        theirs.append(load.pgbench(server, scripts))
        ours.append(load.get(server, urls, connections=32))
    ratios = [mine["rate"] / other for mine, other in zip(ours, theirs)]
    half = of_runs(ours, "rate") / 2
    # 32 connections that rest so long that they ask for half of it.
    calm = load.get(server, urls, connections=32, delay_ms=max(1, round(32 / half * 1000)))
    say(f"  ours {of_runs(ours, 'rate'):.0f}/s, pgbench {median(theirs):.0f}/s, "
        f"ratios {' '.join(f'{ratio:.2f}' for ratio in ratios)}")
    return {"rate": of_runs(ours, "rate"), "pgbench": median(theirs), "ratio": median(ratios),
            "ratios": ratios, "p99_ms_at_half": calm["p99_us"] / 1000,
            "p50_ms_at_half": calm["p50_us"] / 1000, "half_rate": calm["rate"]}


def lists(server):
    """1: a category's first page, from the database."""
    random.seed(1)
    picks = random.sample(range(CATEGORIES // 10 + 1, CATEGORIES + 1), PICKS)
    urls = [f"/v1/products?category={seed_id(3, n)}" for n in picks]
    scripts = [load.statement("product_page", f"'{seed_id(3, n)}'", *FIRST) + ";\n" for n in picks]
    return against_pgbench(server, urls, scripts)


def products(server, count):
    """2: one product, from the database: two statements."""
    random.seed(2)
    picks = random.sample(range(1, count + 1), PICKS)
    urls = [f"/v1/products/{seed_id(4, n)}" for n in picks]
    pairs = [[load.statement(name, f"'{seed_id(4, n)}'")
              for name in ("product_get", "product_variants")] for n in picks]
    result = against_pgbench(server, urls, [";\n".join(pair) + ";\n" for pair in pairs])
    piped = ["\\startpipeline\n" + ";\n".join(pair) + ";\n\\endpipeline\n" for pair in pairs]
    result["pgbench_pipelined"] = median([load.pgbench(server, piped) for _ in range(min(RUNS, 3))])
    return result


def cached(template):
    """1: the same with the cache on, one core, against nginx returning the same bytes."""
    core, other = ["taskset", "-c", "0"], ["taskset", "-c", "1"]
    url = f"/v1/products?category={seed_id(3, 77)}"
    with Server(copy_of(template, "run"), prefix=core, SEBEZ_PROCESSES=1) as server:
        with urllib.request.urlopen(server.url + url, timeout=10) as reply:
            body = reply.read().decode()
        ours, theirs = [], []
        with load.nginx(server.data.parent, body, prefix=core) as nginx_url:
            class Nginx:
                data, url = server.data, nginx_url
            with urllib.request.urlopen(nginx_url, timeout=10) as reply:
                assert reply.read().decode() == body
            load.get(server, [url], seconds=1, prefix=other)
            for _ in range(RUNS):
                theirs.append(load.get(Nginx, [url], connections=64, prefix=other))
                ours.append(load.get(server, [url], connections=64, prefix=other))
        ratios = [mine["rate"] / his["rate"] for mine, his in zip(ours, theirs)]
        say(f"  ratios {' '.join(f'{ratio:.2f}' for ratio in ratios)}")
        return {"rate": of_runs(ours, "rate"), "nginx": of_runs(theirs, "rate"),
                "ratio": median(ratios), "ratios": ratios, "bytes": len(body),
                "p99_ms": of_runs(ours, "p99_us") / 1000}


def deep_url(server, pages):
    """The URL of page `pages` of the whole catalogue, by following the cursors."""
    url = "/v1/products"
    for _ in range(pages - 1):
        url = "/v1/products?cursor=" + server.get(url)["next_cursor"]
    return url


def pages(server):
    """5: median latency of page 1 and page 1,000, asked one at a time and in turn."""
    urls = {"first": "/v1/products", "deep": deep_url(server, 1000)}
    found = {"first": [], "deep": []}
    for name, url in urls.items():
        load.get(server, [url], connections=1, seconds=1)
    for _ in range(RUNS):
        for name, url in urls.items():
            found[name].append(load.get(server, [url], connections=1, seconds=2)["p50_us"])
    result = {name: median(values) for name, values in found.items()}
    result["ratio"] = median([deep / first for first, deep in zip(found["first"], found["deep"])])
    return result
