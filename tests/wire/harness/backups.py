"""A server with a folder for backups."""
import contextlib
import datetime
import os
import pathlib
import shutil
import time

import pytest
import requests

from .server import folder
from .wait import until

KEY = "01" * 32
DRILL = os.environ.get("SEBEZ_DRILL")  # all of it: deploy/drills/backup.sh
long = pytest.mark.skipif(not DRILL, reason="a part of make drill")


@contextlib.contextmanager
def backed_up(tool="plain", **settings):
    """A server that is not started, and the folder for its backups."""
    if tool == "pgbackrest" and not shutil.which(tool):
        pytest.skip("pgbackrest is not installed")
    with folder(**settings) as server:
        target = server.data / "backup"
        server.environment = {"SEBEZ_BACKUP_FOLDER": str(target), "SEBEZ_BACKUP_HOURS": "0",
                              "SEBEZ_BACKUP_TOOL": tool,
                              **server.environment}
        yield server, target


def numbers(shop):
    return {row["number"] for row in shop.db.rows("select number from shop_order")}


def archive_all(server):
    """What is in the log is in the archive: its segment is full for PostgreSQL."""
    server.db.rows("create table if not exists mark (at timestamptz)")
    server.db.rows("insert into mark values (now())")
    last = server.db.one("select pg_walfile_name(pg_switch_wal())")
    wal = pathlib.Path(server.environment["SEBEZ_BACKUP_FOLDER"]) / "wal"
    repository = wal.parent / "pgbackrest/archive"
    until(lambda: [*wal.glob(last + ".gz*"), *repository.rglob(last + "-*")])


def set_aside(server, name):
    (server.data / "var").rename(server.data / name)


def now():
    time.sleep(0.01)  # a moment between what is before and what is after
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def gauge(server, name):
    lines = requests.get(server.url + "/metrics", timeout=10).text.splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(name + " ")), None)
