"""Two servers that run at the same time and are loaded in turn."""
import time

from place import RUNS, median, say

CONNECTIONS = (16, 64)
PAUSE_S = 1  # until what follows a load is done


def in_turn(sides):
    """`sides` are the ways to load ours and theirs, given a number of connections; each gives
    {"rate", "p50_ms", "p99_ms"}. Each side counts with its own best number of connections."""
    found = [{connections: [] for connections in CONNECTIONS} for _ in sides]
    for turn in range(-1, RUNS):  # the first one warms up
        for connections in CONNECTIONS:
            for side, act in zip(found, sides):
                result = act(connections)
                if turn >= 0:
                    side[connections].append(result)
                time.sleep(PAUSE_S)
        if turn >= 0:
            say("  " + "; ".join(
                f"{name} " + ", ".join(f"{c}: {runs[-1]['rate']:.0f}/s" for c, runs in side.items())
                for name, side in zip(("ours", "theirs"), found)))
    best = [max(CONNECTIONS, key=lambda c, side=side: median([run["rate"] for run in side[c]]))
            for side in found]
    ours, theirs = (side[connections] for side, connections in zip(found, best))
    ratios = [mine["rate"] / other["rate"] for mine, other in zip(ours, theirs)]
    return {"ratio": median(ratios), "ratios": ratios, "best": best,
            "rates": [{c: median([run["rate"] for run in runs]) for c, runs in side.items()}
                      for side in found],
            "p99_ms": [{c: median([run["p99_ms"] for run in runs]) for c, runs in side.items()}
                       for side in found]}
