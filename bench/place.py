"""Where the measuring happens: a server of our own, its seeded folder, its processes."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BENCH_BUILD", ROOT / "build"))
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
SMALL = bool(os.environ.get("BENCH_SMALL"))  # to try a figure; its results mean nothing
PRODUCTS = 5000 if SMALL else 50000
CUSTOMERS = 2000 if SMALL else 20000
VENDORS = 500
CATEGORIES = 200
ORDERS = 1000 if SMALL else 50000
# While a template is filled, nothing of it must survive a crash.
LOADING = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "16GB",
           "maintenance_work_mem": "512MB"}


class Tree:
    """Sources and what was built of them: ours, or those of another commit."""

    def __init__(self, root, build):
        self.root, self.build = pathlib.Path(root), pathlib.Path(build)

    def people_sql(self):
        """The people of its bench/feed.py, which fit its tables."""
        done = subprocess.run([sys.executable, "-c", "import feed; print(feed.PEOPLE)"],
                              cwd=self.root / "bench", capture_output=True, text=True, check=True)
        return done.stdout


HERE = Tree(ROOT, BUILD)


def pg_program(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def seed_id(kind, number):
    """The id that bench/seed.sql gives to thing `number` of a kind."""
    return str(uuid.UUID(f"{1700000000000 + number:012x}7{kind:03x}8{number:015x}"))


def median(values):
    return statistics.median(values)


def say(*words):
    print(*words, flush=True)


class Server:
    """`sebez serve` with its embedded services on `data`; a context manager."""

    def __init__(self, data, prefix=(), tree=HERE, **settings):
        self.data = pathlib.Path(data)
        self.tree = tree
        self.prefix = list(prefix)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{k: v for k, v in os.environ.items()
               if not k.startswith("SEBEZ_") and k not in ("DATABASE_URL", "REDIS_URL")},
            "SEBEZ_DATA": str(self.data), "SEBEZ_LISTEN": f"127.0.0.1:{self.port}",
            "SEBEZ_DEMO": "no", "SEBEZ_LOG_LEVEL": "warn",
            **{key: str(value) for key, value in settings.items()},
        }
        self.process = None
        self.exec_s = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.data.mkdir(parents=True, exist_ok=True)
        with open(str(self.data) + ".log", "ab") as log:
            begin = time.monotonic()
            self.process = subprocess.Popen([*self.prefix, self.tree.build / "sebez", "serve"],
                                            stdout=log, stderr=log, env=self.environment,
                                            cwd=self.tree.root)
        self.exec_s = self.first_200(begin)

    def first_200(self, begin):
        """Seconds until it has answered a request that needs the database."""
        while time.monotonic() - begin < 120:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended; see {self.data}.log")
            with contextlib.suppress(OSError):
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
                    client.sendall(b"GET /v1/products?limit=1 HTTP/1.1\r\nHost: bench\r\n"
                                   b"Connection: close\r\n\r\n")
                    if client.recv(4096).startswith(b"HTTP/1.1 200"):
                        return time.monotonic() - begin
            time.sleep(0.002)
        raise SystemExit(f"the server does not answer; see {self.data}.log")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as reply:
            return json.load(reply)

    def psql(self, sql, **variables):
        """Runs SQL as the superuser; rows as lists of text."""
        command = [pg_program("psql"), "-qXAt", "-F", "\t", "-v", "ON_ERROR_STOP=1",
                   f"host={self.data}/run dbname=sebez user=sebez_super"]
        for key, value in variables.items():
            command += ["-v", f"{key}={value}"]
        done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"psql: {done.stderr[:2000]}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def secret(self):
        return bytes.fromhex((self.data / "secret").read_text().strip())

    def conninfo(self, role):
        password = derive(self.secret(), f"db:{role}").hex()
        return f"host={self.data}/run dbname=sebez user={role} password={password}"

    def children(self, name):
        """Pids of our processes of that name, such as "sebez api 0"."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and name in (entry / "comm").read_text():
                    found.append(int(entry.name))
        return found

    def metrics(self):
        with urllib.request.urlopen(self.url + "/metrics", timeout=30) as reply:
            return reply.read().decode()


def derive(secret, purpose):
    """As src/node/secret.c: a keyed BLAKE2b."""
    return hashlib.blake2b(purpose.encode(), key=secret, digest_size=32).digest()


def token(secret, account, session, kind=1):
    """An access token, as src/web/token.c makes it."""
    key, key_id = derive(secret, "access tokens"), derive(secret, "access tokens, key id")[0]
    now = int(time.time())
    content = (bytes([1, key_id, kind, 0]) + uuid.UUID(account).bytes + uuid.UUID(session).bytes
               + now.to_bytes(8, "big") + (now + 3600).to_bytes(8, "big"))
    code = hmac.new(key, content, "sha512").digest()[:32]
    return base64.urlsafe_b64encode(content + code).decode().rstrip("=")


def private_kb(pid):
    """Memory that this process alone has."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines
               if line.startswith(("Private_Clean:", "Private_Dirty:")))


def fill_template(server, products, orders, events):
    numbers = {"vendors": VENDORS, "categories": CATEGORIES, "products": products,
               "orders": orders, "customers": CUSTOMERS, "events": events}
    folder = server.tree.root / "bench"
    for name, value in LOADING.items():
        server.psql(f"alter system set {name} = '{value}'")
    server.psql("select pg_reload_conf()")
    server.psql((folder / "seed.sql").read_text(), **numbers)
    server.psql((folder / "carts.sql").read_text())
    if events:
        server.psql((folder / "events.sql").read_text(), **numbers)
    server.psql("alter system reset all")
    server.psql("select pg_reload_conf(); checkpoint")


def seeded(folder, products, orders=ORDERS, events=0, tree=HERE):
    """A data folder with the marketplace of seed.sql: seeded once, then kept as a template."""
    sources = sorted(path for pattern in ("db/*.sql", "src/**/schema.sql", "src/**/functions*.sql",
                                          "bench/*.sql") for path in tree.root.glob(pattern))
    what = f"{products} products, {orders} orders, {events} events"
    version = hashlib.sha256(what.encode() + b"".join(path.read_bytes() for path in sources))
    # Short: the database's socket is below it only where its path fits into a socket's address.
    template = pathlib.Path(folder) / f"template-{version.hexdigest()[:8]}"
    if (template / "seeded").exists():
        return template
    if template.exists():
        shutil.rmtree(template)
    say(f"seeding {what} (once; kept in {template})")
    begin = time.monotonic()
    with Server(template, tree=tree, SEBEZ_PROCESSES=1) as server:
        fill_template(server, products, orders, events)
    (template / "seeded").write_text(f"{time.monotonic() - begin:.0f} s\n")
    return template


@contextlib.contextmanager
def folder():
    """Where everything is kept: BENCH_FOLDER, or a fresh one that goes again."""
    kept = os.environ.get("BENCH_FOLDER")
    path = pathlib.Path(kept) if kept else pathlib.Path(tempfile.mkdtemp(prefix="sebez-bench-"))
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)
    try:
        yield path
    finally:
        if not kept:
            shutil.rmtree(path, ignore_errors=True)


def copy_of(template, name):
    """The seeded folder again, to be changed."""
    copy = template.parent / name
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", template, copy], check=True)
    return copy


def run_as():
    """A user that nginx and others may run as: ours, or the one that children of root get."""
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
