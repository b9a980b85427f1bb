"""Figure 12: everybody comes back at once after all api processes were killed."""
import os
import signal
import socket
import time

import feed
import feed_parked
import feed_send
from place import RUNS, median, say

COUNT = 20000
MOST_S = 120


def flush_redis(server):
    (path,) = (server.data / "run").glob("*redis*")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        client.sendall(b"FLUSHALL\r\n")
        said = client.recv(64)
        if said != b"+OK\r\n":
            raise SystemExit(f"FLUSHALL: {said.decode()}")


def wait_for_all(clients, count, sent, since_ns=0):
    """Nanoseconds when the last one had its event."""
    last, there, end = 0, set(), time.monotonic() + MOST_S
    while len(there) < count:
        for at, index, tag in clients.read():
            if tag in sent and at > since_ns and index not in there:
                there.add(index)
                last = max(last, at)
        if time.monotonic() > end:
            raise SystemExit(f"{count - len(there)} of {count} have not caught up in {MOST_S} s: "
                             f"{clients.failures()}")
        time.sleep(0.25)
    return last


def recover(server, customers, epoch, turn, empty):
    """All have one event that they know nothing of: their cursors are from before it."""
    count = len(customers)
    targets = [f"{one.token} /v1/conversations/{one.conversation}/messages" for one in customers]
    sent, _ = feed_send.send(server.port, targets, 32, feed_send.RATE, count / feed_send.RATE)
    lines = [f"{one.token} /v1/events {feed.cursor(epoch, one.account, turn)}"
             for one in customers]
    with feed.Clients(server.port, lines, "again") as clients:
        wait_for_all(clients, count, sent)
        feed.settle()
        clients.read()
        clients.counts.clear()
        before = feed.pids(server)
        if empty:
            flush_redis(server)
        begin_ns = time.monotonic_ns()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        last_ns = wait_for_all(clients, count, sent, begin_ns)
        said = clients.counts.copy()
        feed.settle()
        if set(before) & set(feed.pids(server)):
            raise SystemExit("an api process was not killed")
        return {"seconds": (last_ns - begin_ns) / 1e9,
                # Counters begin anew with a process, so these are of the recovery alone.
                "statements": feed.counted(server) / count,
                "broken": said["broken"], "refused": said["refused"],
                "told_to_wait": said["503"], "paused": said["paused"]}


def feed_recovery(folder):
    """With the hot windows there, and with an empty Redis, in turn."""
    count = feed.PARKED or COUNT
    processes = max(os.cpu_count(), feed_parked.processes_for(count))
    feed.check_machine(count, processes)
    found = {"warm": [], "empty": []}
    with feed.fresh(folder, SEBEZ_PROCESSES=processes) as server:
        them = feed.people(server, count)
        for turn in range(2 * RUNS):
            name = ("warm", "empty")[turn % 2]
            found[name].append(recover(server, them.customers, them.epoch, turn, name == "empty"))
            say(f"  {name}: {found[name][-1]}")
    return {"clients": count, "processes": processes,
            **{name: {key: median([turn[key] for turn in turns]) for key in turns[0]}
               for name, turns in found.items()}}
