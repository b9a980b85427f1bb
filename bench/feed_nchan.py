"""Figure 9, beside nginx's nchan module: memory of a subscriber, and latency, in the same run."""
import contextlib
import pathlib
import tempfile
import time

import feed
import feed_send
import load
from place import RUNS, free_port, median, say

COUNT = 19000
MODULE = pathlib.Path("/usr/lib/nginx/modules/ngx_nchan_module.so")

# One worker, as there is one api process.
CHANNELS = """
nchan_shared_memory_size 512M;
server {{
	listen 127.0.0.1:{port} backlog=4096;
	location ~ ^/sub/(\\d+)$ {{ nchan_subscriber longpoll; nchan_channel_id $1; }}
	location ~ ^/pub/(\\d+)$ {{ nchan_publisher; nchan_channel_id $1; }}
}}
"""


@contextlib.contextmanager
def nchan():
    """Gives its port and the pids of its processes."""
    if not MODULE.exists():
        raise SystemExit(f"there is no {MODULE}: tools/install-deps.sh bench")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="sebez-bench-nchan-") as place:
        pathlib.Path(place).chmod(0o755)
        main = f"load_module {MODULE}; worker_processes 1; worker_rlimit_nofile 20000;"
        with load.run_nginx(place, main, CHANNELS.format(port=port), port,
                            connections=19900) as pid:
            time.sleep(1)
            yield port, feed.family(pid)


def pair_of_turns(ours, theirs):
    """Both in turn, each a (clients, port, targets)."""
    turns = {"ours": [], "nchan": []}
    for side in (ours, theirs):
        feed_send.at_rate(*side, 1)  # until all is known and prepared
    for _ in range(RUNS):
        for name, side in (("nchan", theirs), ("ours", ours)):
            turns[name].append(feed_send.at_rate(*side, 1)[0])
    say("  p99 " + ", ".join(f"{name} {turn['p99_ms']:.2f} ms" for name, some in turns.items()
                             for turn in some))
    return {**{name: feed_send.of_turns(some) for name, some in turns.items()},
            "p99_ratio": median([mine["p99_ms"] / his["p99_ms"]
                                 for mine, his in zip(turns["ours"], turns["nchan"])])}


def feed_nchan(folder):
    """A channel and a long-poll each; theirs keeps messages in memory, ours in PostgreSQL."""
    count = min(feed.PARKED or COUNT, COUNT)
    feed.check_machine(2 * count, 2)
    with feed.fresh(folder, SEBEZ_PROCESSES=1) as server, nchan() as (port, nginx):
        them = feed.people(server, count)
        lines = [customer.line for customer in them.customers]
        targets = [f"{one.token} /v1/conversations/{one.conversation}/messages"
                   for one in them.customers]
        channels = [f"- /sub/{number} -" for number in range(count)]
        publishers = [f"- /pub/{number}" for number in range(count)]
        with feed.parked(feed.pids(server), server.port, lines) as (ours, our_cost), \
                feed.parked([], port, channels, "nchan", also=nginx) as (theirs, their_cost):
            result = pair_of_turns((ours, server.port, targets), (theirs, port, publishers))
    return {**result, "ours": {**our_cost, **result["ours"]},
            "nchan": {**their_cost, **result["nchan"]},
            "process_ratio": our_cost["process_bytes"] / their_cost["beside_bytes"],
            "memory_ratio": our_cost["all_bytes"] / their_cost["all_bytes"]}
