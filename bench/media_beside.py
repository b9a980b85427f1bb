"""Figure 20: p99 of orders and lists while the media process has more pictures than it can convert,
as a ratio to that while it rests, and to that beside two vipsthumbnail of the lowest class of the
scheduler: what Linux allows.

All in turns, at half load: each of the three loads is a sixth of the highest rate that it alone
reaches."""
import os
import subprocess
import time

import beside
import feed
import feed_send
import pictures
import senders
from place import RUNS, SECONDS, Server, copy_of, median, say

WINDOW_S = 2 * SECONDS
QUEUE = int(os.environ.get("BENCH_QUEUE", str(4 * int(WINDOW_S))))  # pictures; more than two
# workers convert in a window

SHARE = 1 / 6


def half_load(server, products):
    """{load: requests a second}."""
    lines = beside.load_lines(server, products, {"order": 1000}, SECONDS)
    rates = {}
    for name, each in lines.items():
        sent, seconds = feed_send.send(server.port, each, 16, 0, SECONDS)
        rates[name] = len(sent) / seconds * SHARE
    say("  at " + ", ".join(f"{rate:.0f} {name}" for name, rate in rates.items()) + " a second")
    return rates


def waiting(server):
    """Uploads that wait for a worker, and those that have one."""
    return [int(count) for count in server.psql(
        "select count(*) filter (where work = 'publish' and claimed_until is null), "
        "count(*) filter (where claimed_until is not null) from upload")[0]]


def rest(server):
    """What no worker has begun is given up; what one has is completed."""
    while server.psql("update upload set work = null where work is not null "
                      "and claimed_until is null returning 1") or waiting(server) != [0, 0]:
        time.sleep(0.2)


def peaks(server):
    """Peak MB of the media process, and of the larger one of its workers."""
    (pid,) = server.children("sebez media")
    workers = feed.family(pid)[1:]
    return pictures.peak_mb(pid), max(map(pictures.peak_mb, workers))


def saturated(server, products, rates, picture):
    own, = senders.accounts(server, 1)
    senders.send_pictures(server, own, picture, QUEUE)
    found = beside.window(server, products, rates, WINDOW_S)
    if waiting(server)[0] == 0:
        raise SystemExit(f"{QUEUE} pictures were not enough: BENCH_QUEUE")
    peak = peaks(server)
    rest(server)
    return found, peak


def thumbnails(path, number):
    """Converts the picture again and again, at the lowest class of the scheduler."""
    command = ["chrt", "--idle", "0", "vipsthumbnail", "--vips-concurrency=1", "-s", "2048",
               "-o", path.with_name(f"thumbnail-{number}.jpg"), path]
    return beside.repeating(lambda over: subprocess.run(command, check=True))


def beside_thumbnails(server, products, rates, path):
    with thumbnails(path, 1), thumbnails(path, 2):
        return beside.window(server, products, rates, WINDOW_S)


def media_beside(template, products):
    picture = pictures.photograph()
    path = template.parent / "photograph.jpg"
    path.write_bytes(picture)
    rows, memory = [], []
    with Server(copy_of(template, "run"), SEBEZ_LIMITS="no", SEBEZ_MEDIA_PROCESSES=1) as server:
        rates = half_load(server, products)
        beside.window(server, products, rates, WINDOW_S)  # until all is known and prepared
        for _ in range(RUNS):
            alone = beside.window(server, products, rates, WINDOW_S)
            thumbs = beside_thumbnails(server, products, rates, path)
            busy, peak = saturated(server, products, rates, picture)
            memory.append(peak)
            rows.append({load: [at[load]["p99_ms"] for at in (alone, thumbs, busy)]
                         for load in rates})
            say("  " + ", ".join(f"{load} p99 alone {each[0]:.1f}, vipsthumbnail {each[1]:.1f}, "
                                 f"pictures {each[2]:.1f} ms" for load, each in rows[-1].items()))

    def ratios(beside_what):
        found = {load: [row[load][2] / row[load][beside_what] for row in rows] for load in rates}
        return found, max(median(each) for each in found.values())

    alone, ratio = ratios(0)
    thumbs, thumbs_ratio = ratios(1)
    return {"rates": rates, "seconds": WINDOW_S, "p99_ms": rows, "ratios": alone, "ratio": ratio,
            "thumbnail_ratios": thumbs, "thumbnail_ratio": thumbs_ratio,
            "process_peak_mb": max(row[0] for row in memory),
            "worker_peak_mb": max(row[1] for row in memory)}
