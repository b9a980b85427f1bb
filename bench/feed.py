"""The feed's clients, people and costs, for the figures of feed_*.py; and a quick look at it:

    bench/feed.py [PARKED]      prints one JSON object; BENCH_BUILD as for bench/run.py
"""
import base64
import collections
import contextlib
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

import load
from footprint import slab_kb
from place import BUILD, SECONDS, Server, median, private_kb, token

PARKED = int(os.environ.get("BENCH_PARKED", "0"))  # 0: each figure's own number
VENDORS = 500
OLD_MESSAGES = 5  # of a conversation
WAKES = 300
OF_CLIENT = 15000  # polls of one process of the load generator: a small machine's limit is 20,000
RAMP = 5000  # connections a second, so that a beginning is no storm

# Customers with a conversation each, and vendors with one member of staff each, beside an admin.
# Old messages are there before it is analyzed: planned for an empty table, every statement would
# scan what is sent later.
PEOPLE = """
create temp table person as
select n, gen_random_uuid() as id, gen_random_uuid() as session
from generate_series(0, :count + :vendors) n;
insert into account (id, email, email_key, name, password_hash, admin_role)
select id, 'bench' || n || '@example.com', 'bench' || n || '@example.com', 'Ann', '-',
       case n when 0 then 'superadmin' end
from person;
insert into session (id, account_id, expires_at)
select session, id, now() + interval '1 day' from person;
create temp table shop as
select n, gen_random_uuid() as id from generate_series(1, :vendors) n;
insert into vendor (id, slug, name, state)
select id, 'bench' || n, 'Shop ' || n, 'approved' from shop;
insert into staff (vendor_id, account_id, role)
select s.id, p.id, 'owner' from shop s join person p on p.n = :count + s.n;
create temp table talk as
select p.n, s.id as vendor_id, gen_random_uuid() as id, p.id as account_id
from person p join shop s on s.n = 1 + p.n % :vendors where p.n between 1 and :count;
insert into conversation (vendor_id, id, account_id, customer_name, last_seq, customer_read,
                          customer_delivered, vendor_read, vendor_delivered)
select vendor_id, id, account_id, 'Ann', :old, :old, :old, :old, :old from talk;
insert into message (vendor_id, conversation_id, seq, id, account_id, author, author_id, client_id,
                     kind, text, created_at)
select vendor_id, id, seq, gen_random_uuid(), account_id, 'customer', account_id, 'old-' || seq,
       'text', 'Is it still there in blue?', now() - interval '1 day'
from talk, generate_series(1, :old) seq;
vacuum analyze;
select p.id, p.session, coalesce(t.id, s.id), coalesce(t.vendor_id, s.id)
from person p left join talk t on t.n = p.n left join shop s on :count + s.n = p.n order by p.n;
"""

People = collections.namedtuple("People", "admin customers staff epoch")
Customer = collections.namedtuple("Customer", "account session token line conversation vendor")
Staff = collections.namedtuple("Staff", "account session token line vendor")


def people(server, count, vendors=VENDORS, old=OLD_MESSAGES):
    """Fills a fresh server. A line is what feed_client reads, with the cursor of the beginning."""
    vendors = min(vendors, count)
    rows = server.psql(server.tree.people_sql(), count=count, vendors=vendors, old=old)
    ((epoch,),) = server.psql("select epoch from feed_epoch")
    secret, epoch = server.secret(), int(epoch)
    customers, staff = [], []
    for account, session, conversation, vendor in rows[1:count + 1]:
        own = token(secret, account, session)
        line = f"{own} /v1/events {cursor(epoch, account)}"
        customers.append(Customer(account, session, own, line, conversation, vendor))
    for account, session, vendor, _ in rows[count + 1:]:
        own = token(secret, account, session)
        staff.append(Staff(account, session, own, f"{own} /v1/vendors/{vendor}/events "
                           f"{cursor(epoch, vendor)}", vendor))
    return People(token(secret, *rows[0][:2], kind=2), customers, staff, epoch)


def cursor(epoch, owner, number=0):
    """As src/shop/feed/cursor.c makes it."""
    key, value = uuid.UUID(owner).bytes, 0xcbf29ce484222325
    for byte in key:
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return base64.urlsafe_b64encode(
        bytes([1]) + (epoch % 2**64).to_bytes(8, "big") + number.to_bytes(8, "big")
        + (value % 2**32).to_bytes(4, "big")).decode().rstrip("=")


@contextlib.contextmanager
def fresh(folder, **settings):
    """A server on an empty folder of its own, which goes again."""
    data = pathlib.Path(tempfile.mkdtemp(prefix="feed-", dir=folder))
    data.chmod(0o755)
    try:
        with Server(data / "var", **settings) as server:
            yield server
    finally:
        shutil.rmtree(data, ignore_errors=True)


def pids(server):
    return server.children("sebez api")


def family(pid):
    """A process and all below it."""
    below = collections.defaultdict(list)
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            below[parent].append(int(entry.name))
    found = [pid]
    for one in found:
        found += below[one]
    return found


def cpu_s(*of):
    ticks = 0
    for pid in of:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def counted(server):
    """Statements in the pools that answer customers and vendors. They are told once a second."""
    time.sleep(1.5)
    found = [float(line.rsplit(" ", 1)[1]) for line in server.metrics().splitlines()
             if line.startswith("sebez_pool_statements_total{")
             and ('role="sebez_customer"' in line or 'role="sebez_vendor"' in line)]
    if not found:
        raise SystemExit("/metrics does not tell statements")
    return sum(found)


def descriptors(of):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in of)


def kernel_kb():
    """Caches of the kernel, and pages of the queues of sockets."""
    fields = pathlib.Path("/proc/net/sockstat").read_text().split()
    return slab_kb() + int(fields[fields.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def check_machine(count, processes, clients=True):
    """Ends with what is missing when so many cannot be parked here."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = int(pathlib.Path("/proc/sys/fs/file-max").read_text())
    fields = pathlib.Path("/proc/meminfo").read_text().split()
    available_kb = int(fields[fields.index("MemAvailable:") + 1])
    wrong = []
    if count / processes + 600 > hard:
        wrong.append(f"{count / processes:.0f} connections of a process need more descriptors than "
                     f"the hard limit, {hard} (ulimit -Hn)")
    if clients and min(OF_CLIENT, count) + 100 > hard:
        wrong.append(f"the load generator needs {min(OF_CLIENT, count) + 100} descriptors in a "
                     f"process, the hard limit is {hard} (ulimit -Hn)")
    if count * 2 + 10000 > files:
        wrong.append(f"{count * 2} sockets, but fs.file-max is {files}")
    if count * 40 + 1000000 > available_kb:  # both ends, and what shares the machine
        wrong.append(f"{(count * 40 + 1000000) / 1e6:.1f} GB of memory, and "
                     f"{available_kb / 1e6:.1f} GB are available")
    tracked = pathlib.Path("/proc/sys/net/netfilter/nf_conntrack_max")
    if tracked.exists() and count > int(tracked.read_text()):
        wrong.append(f"nf_conntrack_max is {tracked.read_text().strip()}, for {count} connections")
    if wrong:
        raise SystemExit(f"{count} parked: this machine cannot: " + "; ".join(wrong))


class Clients:
    """Polls that wait, in processes of their own; a context manager. Answers go to files, so that
    reading them costs nothing while something is measured."""

    def __init__(self, port, lines, *words, ramp=RAMP):
        self.lines, self.counts, self.offset = lines, collections.Counter(), []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sebez-bench-clients-"))
        self.parts = [lines[at:at + OF_CLIENT] for at in range(0, len(lines), OF_CLIENT)]
        self.processes, self.outputs, self.rests = [], [], []
        for number, part in enumerate(self.parts):
            polls = self.folder / f"{number}.polls"
            polls.write_text("\n".join(part) + "\n")
            output = self.folder / f"{number}.answers"
            with polls.open() as given, output.open("w") as taken:
                self.processes.append(subprocess.Popen(
                    [BUILD / "bench/feed_client", str(port), str(ramp / len(self.parts)), *words],
                    stdin=given, stdout=taken))
            self.outputs.append(output.open())
            self.rests.append("")
        self.pending = []

    def read(self):
        """New answers, [(nanoseconds, index of the line, tag)]; the rest is counted."""
        found, self.pending = self.pending, []
        for number, output in enumerate(self.outputs):
            if self.processes[number].poll() is not None:
                raise SystemExit(f"feed_client ended with {self.processes[number].returncode}")
            *whole, self.rests[number] = (self.rests[number] + output.read()).split("\n")
            for line in whole:
                word, *rest = line.split()
                if word == "got":
                    found.append((int(rest[0]), number * OF_CLIENT + int(rest[1]), int(rest[2])))
                else:
                    self.counts[word if word != "other" else rest[0]] += 1
        return found

    def wait_parked(self, seconds=120):
        """Until all have been sent."""
        end = time.monotonic() + seconds + len(self.lines) / 1000
        while self.counts["parked"] < len(self.parts):
            if time.monotonic() > end:
                raise SystemExit(f"{len(self.lines)} polls were not sent: {dict(self.counts)}")
            self.pending += self.read()
            time.sleep(0.1)

    def failures(self):
        return {key: value for key, value in self.counts.items() if key not in ("parked", "paused")}

    def check(self):
        self.pending += self.read()
        if self.failures():
            raise SystemExit(f"polls of {len(self.lines)} that did not park: {self.failures()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
        for output in self.outputs:
            output.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def empty_polls(server, lines):
    path = pathlib.Path(str(server.data) + ".polls")
    path.write_text("\n".join(lines[:2000]) + "\n")
    run = {"BENCH_POLLS": path}
    load.wrk(server.url, "feed.lua", run, connections=32, seconds=3)  # until all are known
    (pid,) = pids(server)
    before, spent = counted(server), cpu_s(pid)
    result = load.wrk(server.url, "feed.lua", run, connections=32)
    spent = cpu_s(pid) - spent
    return {"rate": result["rate"], "per_core": result["count"] / spent, "errors": result["errors"],
            "p99_us": result["p99_us"], "polls": result["count"],
            "statements": counted(server) - before, "cpu_us": spent / result["count"] * 1e6}


def settle():
    time.sleep(min(5, max(1, SECONDS)))


@contextlib.contextmanager
def parked(api, port, lines, *words, ramp=RAMP, share=0.5, also=()):
    """Parks them, each with its own owner, session and connection. Gives (clients, what it costs);
    `api` are the pids that hold them, `also` those of nginx, before the api processes or without
    any; `share` of the kernel's memory is the servers'."""
    time.sleep(2)

    def memory():
        return (sum(map(private_kb, api)) * 1024, sum(map(pss_kb, also)) * 1024,
                kernel_kb() * 1024 * share)

    before, files = memory(), descriptors(api or also)
    with Clients(port, lines, *words, ramp=ramp) as clients:
        clients.wait_parked()
        settle()
        clients.check()
        there = descriptors(api or also) - files
        if abs(there - len(lines)) > 64:
            raise SystemExit(f"{there} connections instead of {len(lines)}")
        process, beside, kernel = ((after - first) / len(lines)
                                   for after, first in zip(memory(), before))
        begin, spent = time.monotonic(), cpu_s(*api, *also)
        time.sleep(2 * SECONDS)
        spent = (cpu_s(*api, *also) - spent) / (time.monotonic() - begin)
        yield clients, {"parked": len(lines), "processes": len(api or also),
                        "process_bytes": process, "beside_bytes": beside,
                        "kernel_bytes": kernel, "idle_core": spent,
                        "all_bytes": process + beside + kernel,
                        "per_gb": 2**30 / (process + beside + kernel)}


def pss_kb(pid):
    """Memory of a process with its share of what several have, such as nginx's zones."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


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
        while not (seen := client.read()):
            time.sleep(0.002)
        whole.append((seen[0][0] - begin) / 1e6)
        after_answer.append((seen[0][0] - answered) / 1e6)
        time.sleep(0.02)
    client.check()
    return {"sent_to_seen_p50_ms": statistics.median(whole),
            "sent_to_seen_p99_ms": sorted(whole)[int(WAKES * 0.99)],
            "answered_to_seen_p50_ms": median(after_answer), "paused": client.counts["paused"]}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PARKED or 15000
    with fresh(None, SEBEZ_PROCESSES=1, SEBEZ_LIMITS="no") as server:
        them = people(server, count, vendors=1)
        lines = [customer.line for customer in them.customers]
        result = {}
        with parked(pids(server), server.port, lines) as (_, result["memory"]):
            (staff,) = them.staff
            with Clients(server.port, [staff.line]) as one:
                one.wait_parked()
                result["wakes"] = wakes(server, one, them.admin, staff.vendor)
        result["empty"] = empty_polls(server, lines)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
