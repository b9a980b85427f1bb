"""Machines as network namespaces at a switch, and the cluster of deploy/ha on three of them: for
failover.py, which runs in a namespace of its own (failover.sh)."""
import contextlib
import json
import os
import pathlib
import pwd
import re
import signal
import ssl
import subprocess
import urllib.request

import psycopg2
import yaml

from harness.db import DATABASE, SUPERUSER, Database
from harness.pair import BIN, children_of
from harness.wait import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
HA = ROOT / "deploy/ha"
PATIENCE_S = 180
NETWORK = "10.77.0.0/24"
HERE = "10.77.0.254"  # this namespace: Sebez, HAProxy and who looks
MARKET = "market"
DISK_MIB = 1024


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)


def make_switch():
    run("ip", "link", "add", "switch", "type", "bridge")
    run("ip", "address", "add", f"{HERE}/24", "dev", "switch")
    run("ip", "link", "set", "switch", "up")


class Machine:
    """A network namespace at the switch, with programs that are run in it."""

    def __init__(self, folder, name, address):
        self.name, self.address, self.folder = name, address, folder
        self.cable = f"to-{name}"
        self.processes = {}
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        here = os.readlink("/proc/self/ns/net")
        until(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != here)
        run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns",
            self.holder.pid)
        run("ip", "link", "set", self.cable, "master", "switch", "up")
        self.within("ip", "link", "set", "lo", "up")
        self.within("ip", "address", "add", f"{address}/24", "dev", "eth0")
        self.within("ip", "link", "set", "eth0", "up")

    def within(self, *words):
        run("nsenter", "-t", self.holder.pid, "-n", *words)

    def run(self, name, words, environment=None):
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["nsenter", "-t", str(self.holder.pid), "-n", "setpriv", "--reuid=postgres",
                 "--regid=postgres", "--clear-groups", *map(str, words)],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                env={**os.environ, "HOME": str(self.folder), **(environment or {})})

    def lacks(self, name):
        return name not in self.processes or self.processes[name].poll() is not None

    def cut_off(self, *others):
        """Packets from and to these addresses are lost without a word; without any, all are."""
        for place in others or [NETWORK]:
            self.within("iptables", "-A", "INPUT", "-i", "eth0", "-s", place, "-j", "DROP")
            self.within("iptables", "-A", "OUTPUT", "-o", "eth0", "-d", place, "-j", "DROP")

    def join(self):
        self.within("iptables", "-F")
        run("ip", "link", "set", self.cable, "up")

    def pids(self):
        return [process.pid for process in self.processes.values() if process.poll() is None]

    def signal(self, number):
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def lose(self):
        """Its power fails: nobody says goodbye."""
        run("ip", "link", "set", self.cable, "down")
        self.signal(signal.SIGKILL)
        for process in self.processes.values():
            process.wait()


class Node(Machine):
    """A machine of the cluster: PostgreSQL, Patroni and etcd."""

    def __init__(self, root, number):
        folder = root / f"db{number}"
        folder.mkdir()
        super().__init__(folder, folder.name, f"10.77.0.{number}")
        self.secrets = root / "secrets" / self.name
        self.disk = folder / "disk"
        self.disk.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", self.disk)
        self.data = self.disk / "data"
        (folder / "run.path").write_text(str(folder))  # where Database looks
        self.configure()
        user = pwd.getpwnam("postgres")
        for path in (folder, *folder.iterdir(), self.secrets, *self.secrets.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
        self.passwords = dict(line.split("=") for line in
                              (self.secrets / "patroni.env").read_text().split())
        self.tls = ssl.create_default_context(cafile=self.secrets / "ca.pem")
        self.tls.load_cert_chain(self.secrets / "machine.pem", self.secrets / "machine.key")

    def fill(self, text):
        """A file of deploy/ha without its words in capitals."""
        values = {"NAME": self.name, "ADDRESS": self.address, "NETWORK": NETWORK, "BIN": BIN,
                  "DATA": self.data, "SECRETS": self.secrets, "PGPASS": self.folder / "pgpass",
                  **{f"DB{number}": f"10.77.0.{number}" for number in (1, 2, 3)}}
        return re.sub(rf"(?<![A-Z_])({'|'.join(values)})(?![A-Z0-9_])",
                      lambda found: str(values[found[1]]), text)

    def configure(self):
        """As deploy/ha has it, but that who looks inside may log in without a password, that disks
        are small, and that etcd has more time: this machine runs all of them."""
        config = yaml.safe_load(self.fill((HA / "patroni.yaml").read_text()))
        postgresql = config["postgresql"]
        postgresql["parameters"] |= {
            "unix_socket_directories": str(self.folder), "fsync": "off", "wal_keep_size": "128MB",
            "min_wal_size": "32MB", "max_wal_size": "256MB"}
        postgresql["pg_hba"][0] = "local all all trust"
        postgresql["authentication"]["superuser"]["username"] = SUPERUSER
        config["watchdog"]["mode"] = "off"
        (self.folder / "patroni.yaml").write_text(yaml.safe_dump(config))
        lines = self.fill((HA / "etcd.env").read_text()).splitlines()
        self.etcd = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
        self.etcd |= {"ETCD_DATA_DIR": str(self.folder / "etcd"), "ETCD_ELECTION_TIMEOUT": "3000",
                      "ETCD_HEARTBEAT_INTERVAL": "300", "ETCD_UNSAFE_NO_FSYNC": "true"}

    def start(self):
        if self.lacks("etcd"):
            self.run("etcd", ["etcd", "--log-level=error"], self.etcd)
        if self.lacks("patroni"):
            self.run("patroni", [*os.environ["SEBEZ_PATRONI"].split(),
                                 self.folder / "patroni.yaml"], self.passwords)

    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def pids(self):
        pids = super().pids()
        with contextlib.suppress(OSError):
            pids += [self.postmaster(), *children_of(self.postmaster())]
        return pids

    def ask(self, path, body=None):
        request = urllib.request.Request(f"https://{self.address}:8008{path}",
                                         data=body and json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=5, context=self.tls) as answer:
            return answer.read().decode()

    def is_primary(self):
        with contextlib.suppress(OSError):
            return bool(self.ask("/primary"))
        return False

    def fill_disk(self):
        with (self.disk / "filler").open("wb", buffering=0) as file, \
                contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 20))

    def empty_disk(self):
        (self.disk / "filler").unlink(missing_ok=True)


class Cluster:
    """Three machines as deploy/ha configures them, HAProxy, and Redis on a machine of its own."""

    def __init__(self, root):
        self.root = root
        make_switch()
        run(HA / "make-secrets", root / "secrets", *(f"db{n}=10.77.0.{n}" for n in (1, 2, 3)))
        (root / "secrets").chmod(0o711)
        (root / "secrets/ca.pem").chmod(0o644)
        self.nodes = [Node(root, number) for number in (1, 2, 3)]
        self.redis = Machine(root, "redis", "10.77.0.9")
        self.proxy = None
        for node in self.nodes:
            node.start()
        until(lambda: self.leader() is not None, PATIENCE_S)
        self.create_database()
        self.recover()
        version = json.loads(self.leader().ask("/patroni"))["patroni"]["version"]
        self.name = f"Patroni {version}"
        self.refuses_strangers()
        run(HA / "check-patroni", "--secrets", root / "secrets/operator",
            *(node.address for node in self.nodes))

    def create_database(self):
        """As docs/OPERATIONS.md has it: the login owns the database and may make roles."""
        connection = psycopg2.connect(host=self.leader().folder, user=SUPERUSER, dbname="postgres")
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(f"create role {MARKET} login createrole password 'drill'")
            cursor.execute(f"create database {DATABASE} owner {MARKET}")

    def refuses_strangers(self):
        """No certificate, no answer of Patroni and etcd; no TLS, none of PostgreSQL."""
        stranger = ssl.create_default_context(cafile=self.root / "secrets/ca.pem")
        for port, path in ((8008, "/switchover"), (8008, "/patroni"), (2379, "/version")):
            try:
                urllib.request.urlopen(f"https://{self.nodes[0].address}:{port}{path}", timeout=5,
                                       context=stranger).close()
            except OSError as error:
                assert not hasattr(error, "code"), (port, path, error)
            else:
                raise AssertionError(f"a stranger is answered at {port}{path}")
        try:
            self.connect(self.nodes[0].address, sslmode="disable").close()
        except psycopg2.OperationalError as error:
            assert "no encryption" in str(error), error
        else:
            raise AssertionError("PostgreSQL takes connections without TLS")

    @staticmethod
    def connect(host, **more):
        return psycopg2.connect(host=host, user=MARKET, password="drill", dbname=DATABASE,
                                connect_timeout=3, **more)

    @property
    def settings(self):
        """Of Sebez. What makes a failover work is not in the URL."""
        places = ",".join(node.address for node in self.nodes)
        return {"DATABASE_URL": f"postgresql://{MARKET}:drill@{places}/{DATABASE}"
                                f"?sslmode=verify-full&sslrootcert={self.root}/secrets/ca.pem",
                "REDIS_URL": f"redis://{self.redis.address}:6379"}

    def leaders(self):
        return [node for node in self.nodes if node.is_primary()]

    def leader(self):
        return next(iter(self.leaders()), None)

    @property
    def db(self):
        return Database(self.leader().folder)

    def start_others(self):
        if self.redis.lacks("redis"):
            self.redis.run("redis", ["redis-server", "--bind", self.redis.address, "--save", "",
                                     "--protected-mode", "no", "--dir", "/tmp"])
        if self.proxy is None or self.proxy.poll() is not None:
            text = (HA / "haproxy.cfg").read_text()
            text = text.replace("SECRETS", f"{self.root}/secrets/operator")
            for node in self.nodes:
                text = text.replace(node.name.upper(), node.address)
            (self.root / "haproxy.cfg").write_text(text)
            with (self.root / "haproxy.log").open("ab") as log:
                self.proxy = subprocess.Popen(["haproxy", "-db", "-f", self.root / "haproxy.cfg"],
                                              stdout=log, stderr=log)

    def recover(self):
        """All are there again, the leader waits for one of the others, and HAProxy leads to it."""
        for node in self.nodes:
            node.empty_disk()
            node.join()
            node.start()
        self.redis.join()
        self.start_others()
        until(self.is_whole, PATIENCE_S)

    def is_whole(self):
        """A standby may take over when Patroni has noted in etcd that it is synchronous, some
        seconds after PostgreSQL waits for it. Without that a second fault is not survived."""
        leaders = self.leaders()
        with contextlib.suppress(psycopg2.Error, OSError):
            if len(leaders) != 1:
                return False
            members = json.loads(leaders[0].ask("/cluster"))["members"]
            states = sorted((one["role"], one["state"]) for one in members)
            if states != [("leader", "running"), ("replica", "streaming"),
                          ("sync_standby", "streaming")]:
                return False
            with contextlib.closing(self.connect("127.0.0.1")) as through, \
                    through.cursor() as cursor:
                cursor.execute("select pg_is_in_recovery(), inet_server_addr() = %s",
                               [leaders[0].address])
                return cursor.fetchone() == (False, True)
        return False

    def until_another_leads(self, former):
        until(lambda: any(node is not former for node in self.leaders()), PATIENCE_S)

    def close(self):
        for machine in (*self.nodes, self.redis):
            machine.signal(signal.SIGCONT)
            machine.lose()
            machine.holder.kill()
        for node in self.nodes:
            subprocess.run(["umount", "--lazy", node.disk], check=False)
        if self.proxy:
            self.proxy.kill()
