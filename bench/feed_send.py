"""Figure 11: from sending a message to having it on another device, and how many a second."""
import collections
import itertools
import json
import os
import subprocess
import time

import feed
import feed_parked
from place import BUILD, RUNS, SECONDS, median, say

COUNT = 20000
RATE = 1000  # messages a second, for the latency
CONNECTIONS = (8, 16, 32, 64)
AFTER_S = 15  # the latest delivery that is waited for

numbers = itertools.count(1)


def send(port, targets, connections, rate=0, seconds=SECONDS):
    """{number: (planned, answered)} in nanoseconds, and the seconds that it took."""
    first = next(numbers) * 2000000
    done = subprocess.run(
        [BUILD / "bench/feed_sender", str(port), str(connections), str(rate), str(seconds),
         str(first)], input="\n".join(targets) + "\n", capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"feed_sender: {done.stderr[-1000:]}")
    *lines, last = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith("failed")]
    if failed:
        raise SystemExit(f"{len(failed)} of {len(lines)} were not sent: {done.stderr[:1000]}")
    sent = {}
    for line in lines:
        _, number, planned, answered = line.split()
        sent[int(number)] = (int(planned), int(answered))
    return sent, float(last.split()[1])


def delivered(clients, sent, each):
    """Nanoseconds from when each was to be sent to when each device had it; all must have."""
    found, end = [], time.monotonic() + AFTER_S
    while len(found) < len(sent) * each:
        found += [at - sent[tag][0] for at, _, tag in clients.read() if tag in sent]
        if time.monotonic() > end:
            raise SystemExit(f"{len(sent) * each - len(found)} of {len(sent) * each} were not "
                             f"delivered within {AFTER_S} s; {clients.failures()}")
        time.sleep(0.05)
    clients.check()
    if len(found) > len(sent) * each:
        raise SystemExit(f"{len(found)} deliveries of {len(sent) * each}")
    return found


def percentiles(nanoseconds):
    values = sorted(nanoseconds)
    return {"p50_ms": values[len(values) // 2] / 1e6,
            "p99_ms": values[min(len(values) - 1, int(len(values) * 0.99))] / 1e6}


def latency_of(sent):
    """From when each was to be sent to its answer."""
    return percentiles([answered - planned for planned, answered in sent.values()])


def at_rate(clients, port, targets, each, rate=RATE):
    """At a rate that does not wait for anybody."""
    sent, _ = send(port, targets, 64, rate)
    return percentiles(delivered(clients, sent, each)), len(sent)


def of_turns(turns):
    return {key: median([turn[key] for turn in turns]) for key in turns[0]}


def latency(server, clients, targets):
    """Median of the percentiles of each turn, and CPU time of everything on the server's side."""
    at_rate(clients, server.port, targets, 2)  # until all are known and prepared
    ours, services = feed_parked.of_sebez(server)
    api = feed.pids(server)
    before = [feed.cpu_s(*of) for of in (api, ours, services)]
    turns, count = [], 0
    for _ in range(RUNS):
        turn, sent = at_rate(clients, server.port, targets, 2)
        turns.append(turn)
        count += sent
    spent = [feed.cpu_s(*of) - first for of, first in zip((api, ours, services), before)]
    say("  " + ", ".join(f"p50 {turn['p50_ms']:.1f} p99 {turn['p99_ms']:.1f} ms" for turn in turns))
    return {**of_turns(turns), "api_cpu_us": spent[0] / count * 1e6,
            "sebez_cpu_us": spent[1] / count * 1e6, "services_cpu_us": spent[2] / count * 1e6}


def one_by_one(server, customers):
    """The same statements and no more: bench/sends.c, to people whom nobody waits for."""
    wanted = int(SECONDS * 8000)  # more than anybody sends
    lines = [f"{one.account} {one.session} {one.conversation}"
             for one in itertools.islice(itertools.cycle(customers), wanted)]
    done = subprocess.run([BUILD / "bench/sends", server.conninfo("sebez_customer"), "8",
                           str(SECONDS)], input="\n".join(lines) + "\n", capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise SystemExit(f"sends: {done.stderr[-1000:]}")
    result = json.loads(done.stdout)
    if result["failures"]:
        raise SystemExit(f"sends: {result['failures']} failures: {done.stderr[:1000]}")
    return result


def most(server, clients, targets, others):
    """As fast as they are answered, each side in turn."""
    found, theirs = {connections: [] for connections in CONNECTIONS}, []
    for _ in range(RUNS):
        theirs.append(one_by_one(server, others))
        for connections in CONNECTIONS:
            sent, seconds = send(server.port, targets, connections)
            found[connections].append(len(sent) / seconds)
            delivered(clients, sent, 2)
        say("  " + ", ".join(f"{c}: {rates[-1]:.0f}/s" for c, rates in found.items())
            + f"; one by one {theirs[-1]['rate']:.0f}/s")
    rates = {connections: median(runs) for connections, runs in found.items()}
    best = max(CONNECTIONS, key=rates.get)
    ratios = [rate / other["rate"] for rate, other in zip(found[best], theirs)]
    return {"rate": rates[best], "rates": rates, "best": best,
            "one_by_one": median([other["rate"] for other in theirs]),
            "one_by_one_statements": theirs[0]["statements"],
            "ratio": median(ratios), "ratios": ratios}


Crowd = collections.namedtuple("Crowd", "lines targets others")


def crowd(server, count):
    """Customers of whom half wait, with the staff of their vendors: the lines of feed_client, what
    they send to, and the other half."""
    them = feed.people(server, 2 * count, 2 * min(feed.VENDORS, count))
    customers, others = them.customers[0::2], them.customers[1::2]
    vendors = {customer.vendor for customer in customers}
    lines = [customer.line for customer in customers]
    lines += [one.line for one in them.staff if one.vendor in vendors]
    targets = [f"{one.token} /v1/conversations/{one.conversation}/messages" for one in customers]
    return Crowd(lines, targets, others)


def feed_send(folder):
    """Half of the people wait, with the staff of their vendors; the statements one by one go to
    the other half, so that nothing of them is delivered."""
    count = feed.PARKED or COUNT
    processes = max(os.cpu_count(), feed_parked.processes_for(count))
    feed.check_machine(count + feed.VENDORS, processes)
    with feed.fresh(folder, SEBEZ_PROCESSES=processes) as server:
        lines, targets, others = crowd(server, count)
        with feed.Clients(server.port, lines) as clients:
            clients.wait_parked()
            feed.settle()
            clients.check()
            result = {"parked": len(lines), "processes": processes,
                      **latency(server, clients, targets)}
            return {**result, **most(server, clients, targets, others),
                    "paused": clients.counts["paused"]}
