"""See failover.sh. failover.py plain|patroni..."""
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import psycopg2
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/wire"))

from harness.db import DATABASE, SUPERUSER, Database  # noqa: E402
from harness.pair import BIN, Pair, as_postgres, children_of, create_database  # noqa: E402
from harness.persistent import Buyer, Writer, more, stop  # noqa: E402
from harness.server import TMP, Server  # noqa: E402
from harness.shop import Shop  # noqa: E402
from harness.wait import until  # noqa: E402

PATIENCE_S = 180


class Plain(Pair):
    """A primary and a standby; what decides is this drill."""

    name = "plain standby"

    @property
    def db(self):
        return self.primary.db

    def recover(self):
        self.rejoin()

    def switch(self):
        self.primary.forget()
        as_postgres(BIN / "pg_ctl", "stop", "-s", "-m", "fast", "-D", self.primary.data)
        self.fail_over()

    def kill_process(self):
        os.kill(self.primary.postmaster, signal.SIGKILL)
        self.fail_over()

    def stand_still(self):
        self.primary.signal(signal.SIGSTOP)
        self.fail_over()
        time.sleep(5)
        self.standby.signal(signal.SIGCONT)  # it believes to be the primary still
        time.sleep(3)

    def lose_host(self):
        self.primary.kill()
        self.fail_over()

    def close(self):
        self.primary.kill()
        self.standby.kill()


class Node:
    """A machine of the cluster: PostgreSQL, Patroni and etcd at an address of their own."""

    def __init__(self, root, number):
        self.name = f"db{number}"
        self.address = f"127.77.0.{number}"
        self.folder = root / self.name
        self.folder.mkdir()
        self.data = self.folder / "data"
        (self.folder / "run.path").write_text(str(self.folder))  # where Database looks
        self.configure()
        user = pwd.getpwnam("postgres")
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
        self.processes = {}

    def fill(self, text):
        for number in (1, 2, 3):
            text = text.replace(f"DB{number}", f"127.77.0.{number}")
        return text.replace("ADDRESS", self.address)

    def configure(self):
        """As deploy/ha has it, but for logins and certificates, and for the time in which etcd
        elects: this machine runs all of them."""
        config = yaml.safe_load(self.fill((ROOT / "deploy/ha/patroni.yaml").read_text()))
        config["name"] = self.name
        postgresql = config["postgresql"]
        postgresql["data_dir"], postgresql["bin_dir"] = str(self.data), str(BIN)
        postgresql["parameters"] = {"unix_socket_directories": str(self.folder), "fsync": "off"}
        postgresql["pg_hba"] = ["local all all trust", "host all all 127.0.0.0/8 trust",
                                "host replication all 127.0.0.0/8 trust"]
        for user in postgresql["authentication"].values():
            user["password"] = "drill"
        postgresql["authentication"]["superuser"]["username"] = SUPERUSER
        parameters = config["bootstrap"]["dcs"]["postgresql"]["parameters"]
        for key in ("ssl", "ssl_cert_file", "ssl_key_file"):
            del parameters[key]
        config["watchdog"]["mode"] = "off"
        (self.folder / "patroni.yaml").write_text(yaml.safe_dump(config))
        lines = self.fill((ROOT / "deploy/ha/etcd.env").read_text()).splitlines()
        self.etcd = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
        self.etcd |= {"ETCD_NAME": self.name, "ETCD_DATA_DIR": str(self.folder / "etcd"),
                      "ETCD_ELECTION_TIMEOUT": "3000", "ETCD_HEARTBEAT_INTERVAL": "300",
                      "ETCD_UNSAFE_NO_FSYNC": "true"}

    def run(self, name, words, environment=None):
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *words],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                env={**os.environ, "HOME": str(self.folder), **(environment or {})})

    def start_etcd(self):
        self.run("etcd", ["etcd", "--log-level=error"], self.etcd)

    def start_patroni(self):
        self.run("patroni", [*os.environ["SEBEZ_PATRONI"].split(),
                             str(self.folder / "patroni.yaml")])

    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def pids(self):
        pids = [process.pid for process in self.processes.values() if process.poll() is None]
        with contextlib.suppress(OSError):
            pids += [self.postmaster(), *children_of(self.postmaster())]
        return pids

    def signal(self, number):
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        for process in self.processes.values():
            process.wait()

    def ask(self, path, body=None):
        request = urllib.request.Request(f"http://{self.address}:8008{path}",
                                         data=body and json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.read().decode()

    def is_primary(self):
        with contextlib.suppress(OSError):
            return bool(self.ask("/primary"))
        return False


class Cluster:
    """Three machines as deploy/ha configures them; Patroni decides."""

    def __init__(self, root):
        self.nodes = [Node(root, number) for number in (1, 2, 3)]
        for node in self.nodes:
            node.start_etcd()
        for node in self.nodes:
            node.start_patroni()
            until(lambda: self.leader() is not None, PATIENCE_S)
        create_database(self.leader().folder, 5432)
        self.recover()
        version = json.loads(self.leader().ask("/patroni"))["patroni"]["version"]
        self.name = f"Patroni {version}"
        checked = subprocess.run([ROOT / "deploy/ha/check-patroni",
                                  *(node.address for node in self.nodes)], check=False)
        assert checked.returncode == 0

    def leader(self):
        return next((node for node in self.nodes if node.is_primary()), None)

    @property
    def db(self):
        return Database(self.leader().folder)

    @property
    def url(self):
        places = ",".join(node.address for node in self.nodes)
        return f"postgresql://{SUPERUSER}:drill@{places}/{DATABASE}"

    def recover(self):
        """All of them are there again, and the leader waits for one of the others."""
        for node in self.nodes:
            for name, start in (("etcd", node.start_etcd), ("patroni", node.start_patroni)):
                if node.processes[name].poll() is not None:
                    start()

        def is_whole():
            leader = self.leader()
            with contextlib.suppress(psycopg2.Error, AssertionError):
                return leader is not None and Database(leader.folder).one(
                    "select count(*) = 2 and bool_or(sync_state = 'sync')"
                    " from pg_stat_replication where state = 'streaming'")
            return False
        until(is_whole, PATIENCE_S)

    def until_another_leads(self, former):
        until(lambda: self.leader() not in (None, former), PATIENCE_S)

    def switch(self):
        leader = self.leader()
        leader.ask("/switchover", {"leader": leader.name})

    def kill_process(self):
        os.kill(self.leader().postmaster(), signal.SIGKILL)

    def stand_still(self):
        leader = self.leader()
        leader.signal(signal.SIGSTOP)
        self.until_another_leads(leader)
        time.sleep(5)
        leader.signal(signal.SIGCONT)  # it believes to be the primary still

    def lose_host(self):
        self.leader().kill()

    def lose_etcd(self):
        """The majority of it; the leader goes on while all the others answer it."""
        for node in self.nodes[:2]:
            node.processes["etcd"].kill()
            node.processes["etcd"].wait()
        time.sleep(30)

    def close(self):
        for node in self.nodes:
            node.kill()


FAULTS = {"switchover": "switch", "kill -9 of the postmaster": "kill_process",
          "machine stands still, goes on": "stand_still", "machine lost": "lose_host",
          "majority of etcd lost": "lose_etcd"}


def longest_pause(people, begun):
    """Seconds without a success of anybody, of those that ended after `begun`."""
    times = sorted(moment for one in people for moment in one.times)
    return max([after - before for before, after in zip(times, times[1:]) if after > begun],
               default=0.0)


def drill(cluster):
    """Rows of the table: fault, seconds without a write."""
    server = Server(SEBEZ_SECRET="04" * 32, DATABASE_URL=cluster.url, SEBEZ_LIMITS="no")
    rows, people = [], []
    try:
        server.start()
        server._db = cluster.db
        shop = Shop(server)
        vendor = shop.vendor()
        goods = [vendor.product(stock=10_000_000), shop.product(stock=10_000_000)]
        people += [Buyer(shop, *goods) for _ in range(3)] + [Writer(shop, vendor)]
        for one in people:
            one.start()
        until(more(people))
        for title, method in FAULTS.items():
            if not hasattr(cluster, method):
                continue
            begun = time.monotonic()
            getattr(cluster, method)()
            until(more(people), PATIENCE_S)
            cluster.recover()
            until(more(people), PATIENCE_S)
            rows.append((title, longest_pause(people, begun)))
            print(f"{cluster.name}: {title}: {rows[-1][1]:.1f} s without a write", flush=True)
        stop(people)
        judge(cluster, server, people)
    finally:
        for one in people:
            one.done.set()
        server._db = None
        if server.process and server.process.poll() is None:
            server.stop()
        server.remove()
    return rows


def judge(cluster, server, people):
    db = cluster.db
    count = sum(len(one.acknowledged) for one in people)
    lacks = [lack for one in people for lack in one.lacks(db)]
    waiting = [text for one in people for text in one.left_waiting()]
    codes = {code for one in people for kind, code in one.troubles if kind in (409, 503)}
    checked = server.sebez("check", "--data", check=False)
    print(f"{cluster.name}: {count} orders and messages acknowledged, {len(lacks)} lost or doubled,"
          f" {len(waiting)} requests without an answer for 30 s; repeated because of {codes or 0}")
    assert not lacks and not waiting and checked.returncode == 0, (lacks, waiting, checked.stdout)
    assert codes <= {"unavailable"}, codes


def main(kinds):
    lines = []
    for kind in kinds:
        root = pathlib.Path(tempfile.mkdtemp(prefix="sebez-failover-", dir=TMP))
        root.chmod(0o755)
        cluster = None
        try:
            cluster = {"plain": Plain, "patroni": Cluster}[kind](root)
            rows = drill(cluster)
            lines.append(f"{cluster.name}: " + ", ".join(
                f"{title} {seconds:.1f} s" for title, seconds in rows))
        finally:
            if cluster is not None:
                cluster.close()
            shutil.rmtree(root, ignore_errors=True)
    print("lost 0, doubled 0. Without a write: " + "; ".join(lines))


main(sys.argv[1:])
