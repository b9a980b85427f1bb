"""PostgreSQLs of a test's own: a primary, and a standby without which it commits nothing. Which of
the two is the primary changes."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

import psycopg2

from .db import DATABASE, SUPERUSER, Database
from .server import TMP, free_port
from .wait import until

BIN = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
          key=lambda path: int(path.parent.name), default=None)
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{folder}'
port = {port}
max_connections = 200
shared_buffers = 64MB
fsync = off                  # processes are killed here, machines are not
hot_standby = on
wal_receiver_timeout = 5s
wal_sender_timeout = 5s
wal_keep_size = 1GB
cluster_name = '{name}'
"""


def as_postgres(*words, **more):
    """PostgreSQL does not run as root."""
    if os.geteuid() == 0:
        words = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *words)
    return subprocess.run([str(word) for word in words], check=True, capture_output=True,
                          text=True, cwd="/", **more)


def children_of(pid):
    try:
        return list(map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except FileNotFoundError:
        return []


def create_database(folder, port):
    connection = psycopg2.connect(host=folder, port=port, user=SUPERUSER, dbname="postgres")
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(f"create database {DATABASE}")


class Instance:
    def __init__(self, root, name):
        self.name = name
        self.folder = root / name
        self.folder.mkdir()
        self.data = self.folder / "data"
        self.port = free_port()
        self.log = self.folder / "log"
        (self.folder / "run.path").write_text(str(self.folder))  # where Database looks
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)

    def create(self):
        as_postgres(BIN / "initdb", "-D", self.data, "-U", SUPERUSER, "--auth=trust", "-E", "UTF8",
                    "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        self._configure()
        self.start()
        create_database(self.folder, self.port)
        return self

    def _configure(self):
        (self.data / "postgresql.conf").write_text(
            SETTINGS.format(folder=self.folder, port=self.port, name=self.name))

    def follow(self, primary):
        """A standby of that one, made anew; when it streams, the primary waits for it."""
        shutil.rmtree(self.data, ignore_errors=True)
        as_postgres(BIN / "pg_basebackup", "-h", primary.folder, "-p", primary.port, "-U",
                    SUPERUSER, "-D", self.data, "-R", "-c", "fast", "--no-sync")
        self._configure()
        self.start()
        primary.wait_for_standby()
        return self

    def wait_for_standby(self):
        until(lambda: self.db.one(
            "select count(*) from pg_stat_replication where state = 'streaming'") == 1)
        self.db.rows("alter system set synchronous_standby_names = '*'")
        self.db.rows("select pg_reload_conf()")
        until(lambda: self.db.one(
            "select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')") == 1)

    def start(self):
        as_postgres(BIN / "pg_ctl", "start", "-s", "-w", "-t", "60", "-D", self.data, "-l",
                    self.log)

    @property
    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def pids(self):
        """Of the postmaster first, then of all that it has begun."""
        return [self.postmaster, *children_of(self.postmaster)]

    def signal(self, number):
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        """As if the power had failed."""
        with contextlib.suppress(FileNotFoundError):
            pids = self.pids()
            self.signal(signal.SIGKILL)
            until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids))
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def promote(self):
        as_postgres(BIN / "pg_ctl", "promote", "-s", "-w", "-t", "60", "-D", self.data)

    @property
    def db(self):
        if getattr(self, "_db", None) is None:
            self._db = Database(self.folder)
        return self._db

    def forget(self):
        """The connection for looking inside."""
        if getattr(self, "_db", None) is not None:
            self._db.close()
        self._db = None


class Pair:
    def __init__(self, root):
        self.primary = Instance(root, "one").create()
        self.standby = Instance(root, "two").follow(self.primary)

    @property
    def url(self):
        """As an operator writes it: what makes a failover work is not in it."""
        places = ",".join(f"127.0.0.1:{each.port}" for each in sorted(
            (self.primary, self.standby), key=lambda each: each.name))
        return f"postgresql://{SUPERUSER}@{places}/{DATABASE}"

    def fail_over(self):
        """The standby takes over, and waits for nobody until the other one has joined again."""
        self.primary.forget()
        self.standby.forget()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self):
        """What was the primary becomes the standby."""
        self.standby.kill()
        self.standby.follow(self.primary)


@contextlib.contextmanager
def pair():
    root = pathlib.Path(tempfile.mkdtemp(prefix="sebez-pair-", dir=TMP))
    root.chmod(0o755)
    both = None
    try:
        both = Pair(root)
        yield both
    finally:
        for file in root.glob("*/data/postmaster.pid"):
            instance = Instance.__new__(Instance)
            instance.data = file.parent
            instance.kill()
        shutil.rmtree(root, ignore_errors=True)
