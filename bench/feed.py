"""The feed's figures: empty polls, memory of a parked one, how soon an event is there.

    bench/feed.py [PARKED]      prints one JSON object; BENCH_BUILD as for bench/run.py
"""
import base64
import contextlib
import json
import os
import pathlib
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid

import load
from footprint import slab_kb
from place import BUILD, Server, private_kb, token

PARKED = int(sys.argv[1]) if len(sys.argv) > 1 else 15000
WAKES = 300

PEOPLE = """
insert into account (id, email, name, password_hash, admin_role)
select gen_random_uuid(), 'bench' || n || '@example.com', 'Bench', '-',
       case n when 1 then 'superadmin' end
from generate_series(1, :count) n;
insert into session (id, account_id, expires_at)
select gen_random_uuid(), id, now() + interval '1 day' from account where email like 'bench%';
insert into vendor (id, slug, name, state) values (gen_random_uuid(), 'bench', 'Bench', 'approved');
insert into staff (vendor_id, account_id, role)
select v.id, a.id, 'owner' from vendor v, account a where a.email = 'bench2@example.com';
"""


def cursor(epoch, owner):
    """As src/shop/feed/cursor.c makes it, at the feed's beginning."""
    key, value = uuid.UUID(owner).bytes, 0xcbf29ce484222325
    for byte in key:
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return base64.urlsafe_b64encode(bytes([1]) + (epoch % 2**64).to_bytes(8, "big") + bytes(8)
                                    + (value % 2**32).to_bytes(4, "big")).decode().rstrip("=")


def pids(server):
    return server.children("sebez api")


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def counted(server):
    """Statements in the pools that answer customers and vendors."""
    return sum(float(line.rsplit(" ", 1)[1]) for line in server.metrics().splitlines()
               if "statements" in line and not line.startswith("#")
               and ('role="customer"' in line or 'role="vendor"' in line))


def empty_polls(server, lines):
    path = pathlib.Path(str(server.data) + ".polls")
    path.write_text("\n".join(lines[:2000]) + "\n")
    run = {"BENCH_POLLS": path}
    load.wrk(server.url, "feed.lua", run, connections=32, seconds=3)  # until all are known
    (pid,) = pids(server)
    before, spent = counted(server), cpu_s(pid)
    result = load.wrk(server.url, "feed.lua", run, connections=32, seconds=5)
    spent = cpu_s(pid) - spent
    return {"rate": result["rate"], "per_core": result["count"] / spent, "errors": result["errors"],
            "p99_us": result["p99_us"], "statements": counted(server) - before,
            "cpu_us": spent / result["count"] * 1e6}


class Client:
    """Polls that wait, in a process of their own; a context manager."""

    def __init__(self, server, lines):
        self.process = subprocess.Popen([BUILD / "bench/feed_client", str(server.port)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write("\n".join(lines) + "\n")
        self.process.stdin.close()
        self.answers = queue.Queue()
        self.others = 0
        assert self.process.stdout.readline().startswith("parked")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            if line.startswith("other"):
                self.others += 1
            else:
                self.answers.put(int(line.split()[0]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def parked(server, lines):
    """Each its own owner, its own session, its own connection."""
    (pid,) = pids(server)
    time.sleep(2)
    process, kernel = private_kb(pid), slab_kb()
    with Client(server, lines) as client:
        time.sleep(5)
        process, kernel = private_kb(pid) - process, slab_kb() - kernel
        spent = cpu_s(pid)
        time.sleep(10)
        spent = cpu_s(pid) - spent
        yield {"parked": len(lines) - client.others, "refused": client.others,
               "process_bytes": process * 1024 / (len(lines) - client.others),
               # Both ends are on this machine, so half of it is the server's.
               "kernel_bytes": kernel * 1024 / (len(lines) - client.others) / 2,
               "idle_core": spent / 10}


def move_vendor(server, admin, vendor, action):
    request = urllib.request.Request(
        f"{server.url}/v1/admin/vendors/{vendor}/{action}", data=b'{"reason": "A measure"}',
        method="POST", headers={"Authorization": f"Bearer {admin}",
                                "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            reply.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{action}: {error.read().decode()}") from error
    return time.monotonic_ns()


def wakes(server, client, admin, vendor):
    """From the admin's request to the staff's answer, and from the admin's answer to it."""
    whole, after_answer = [], []
    for number in range(WAKES):
        begin = time.monotonic_ns()
        answered = move_vendor(server, admin, vendor, ("suspend", "reinstate")[number % 2])
        seen = client.answers.get(timeout=20)
        whole.append((seen - begin) / 1e6)
        after_answer.append((seen - answered) / 1e6)
        time.sleep(0.02)
    return {"sent_to_seen_p50_ms": statistics.median(whole),
            "sent_to_seen_p99_ms": sorted(whole)[int(WAKES * 0.99)],
            "answered_to_seen_p50_ms": statistics.median(after_answer)}


def measure(server):
    server.psql(PEOPLE, count=PARKED + 10)
    ((epoch,),) = server.psql("select epoch from feed_epoch")
    people = server.psql("select a.id, s.id from account a join session s on s.account_id = a.id "
                         "where a.email like 'bench%' order by length(a.email), a.email")
    ((vendor,),) = server.psql("select id from vendor where slug = 'bench'")
    secret, epoch = server.secret(), int(epoch)
    lines = [f"{token(secret, account, session)} /v1/events {cursor(epoch, account)}"
             for account, session in people[2:PARKED + 2]]
    result = {}
    staff = f"{token(secret, *people[1])} /v1/vendors/{vendor}/events {cursor(epoch, vendor)}"
    admin = token(secret, *people[0], kind=2)
    with parked(server, lines) as result["memory"], Client(server, [staff]) as one:
        result["wakes"] = wakes(server, one, admin, vendor)
    result["empty"] = empty_polls(server, lines)
    return result


def main():
    data = pathlib.Path(tempfile.mkdtemp(prefix="sebez-bench-", dir="/tmp"))
    data.chmod(0o755)
    try:
        with Server(data / "var", SEBEZ_PROCESSES=1, SEBEZ_LIMITS="no") as server:
            result = measure(server)
        print(json.dumps(result, indent=1))
    finally:
        shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    main()
