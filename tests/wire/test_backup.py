"""Backups of the embedded PostgreSQL: what was acknowledged is restored, to a moment, whatever dies
meanwhile."""
import contextlib
import datetime
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest
import requests
from harness import sent
from harness.contract import BUILD, ROOT
from harness.server import folder
from harness.shop import Shop
from harness.wait import until

KEY = "01" * 32


@contextlib.contextmanager
def backed_up(**settings):
    """A server that is not started, and the folder for its backups."""
    with folder(**settings) as server:
        target = server.data / "backup"
        server.environment = {"SEBEZ_BACKUP_FOLDER": str(target), "SEBEZ_BACKUP_HOURS": "0",
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
    until(lambda: list(wal.glob(last + ".gz*")))


def set_aside(server, name):
    (server.data / "var").rename(server.data / name)


def now():
    time.sleep(0.01)  # a moment between what is before and what is after
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def test_a_moment_is_restored_with_every_order_before_it_and_nothing_after():
    with backed_up(SEBEZ_BACKUP_KEY=KEY, SEBEZ_MEDIA_PROCESSES="1") as (server, target):
        shop = Shop(server.start())
        customer = shop.customer()
        mug = shop.mug
        placed = {customer.order(mug)["number"] for _ in range(3)}
        picture = sent.send(customer, sent.png("kept"))
        assert sent.done(customer, picture)["state"] == "ready"
        server.sebez("backup")
        placed |= {customer.order(mug)["number"] for _ in range(5)}
        epoch = server.db.one("select epoch from feed_epoch")
        moment = now()
        server.db.rows("drop table order_line cascade")
        archive_all(server)
        secret = (server.data / "var/secret").read_bytes()
        server.stop()
        for attempt in ("lost", "first"):  # the second one has a branch of the log before it
            set_aside(server, attempt)
            done = server.sebez("restore", "--to", moment)
            assert "restored" in done.stdout
            assert (server.data / "var/secret").read_bytes().strip() == secret.strip()
            server.start()
            again = Shop(server)
            assert numbers(again) == placed
            assert server.db.one("select epoch from feed_epoch") == epoch + 1
            assert server.db.one("select count(*) from session where ended_at is null") == 0
            sent.at_rest(server, picture)
            assert again.customer().order(again.mug)["number"] not in placed
            server.sebez("check", "--data")
            server.sebez("media", "verify")
            assert server.stop() == []
        assert server.sebez("restore", check=False).returncode == 1, "there is a database"
        assert not list(target.glob("base/*/base.tar.gz")), "something is not encrypted"


def test_the_newest_is_restored_and_sessions_go_on():
    with backed_up() as (server, target):
        shop = Shop(server.start())
        customer = shop.customer()
        mug = shop.mug
        server.sebez("backup")
        placed = {customer.order(mug)["number"] for _ in range(3)}
        archive_all(server)
        secret = (server.data / "var/secret").read_text().strip()
        assert server.stop() == []
        set_aside(server, "lost")
        gone = sorted((target / "wal").glob(24 * "?" + ".gz"))[-1]
        hidden = gone.rename(target / "hidden")
        name = gone.name[:24]
        later = gone.with_name(f"{int(name, 16) + 1:024X}.gz")
        later.write_bytes(hidden.read_bytes())
        refused = server.sebez("restore", check=False)
        assert refused.returncode == 1
        assert f"the archived log has a gap: {name} is missing" in refused.stderr
        later.unlink()
        hidden.rename(gone)
        server.environment["SEBEZ_SECRET"] = secret  # a backup without a key has none
        server.sebez("restore")
        server.start()
        assert numbers(Shop(server)) == placed
        assert customer.order(mug)["number"] not in placed
        assert server.stop() == []


def gauge(server, name):
    lines = requests.get(server.url + "/metrics", timeout=10).text.splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(name + " ")), None)


def test_a_server_with_a_folder_for_backups_keeps_them_and_drills_their_restore():
    with backed_up(SEBEZ_BACKUP_KEY=KEY, SEBEZ_BACKUP_HOURS="24") as (server, target):
        shop = Shop(server.start())
        shop.customer().order(shop.mug)
        report = target / "drill.json"
        until(report.exists, 120)
        told = json.loads(report.read_text())
        assert told["good"] is True, told
        assert told["checks"] == {"restore": "good", "counts": "good", "pages": "good",
                                  "rows": "good", "objects": "0 copies, 0 damaged"}
        assert told["tables"]["account"]["restored"] >= told["tables"]["account"]["backup"]
        until(lambda: not (server.data / "var/drill").exists())
        until(lambda: gauge(server, "sebez_backup_bytes") > 1_000_000)
        assert gauge(server, "sebez_backup_failures") == 0
        assert gauge(server, "sebez_backup_drill_failed") == 0
        assert gauge(server, "sebez_backup_age_seconds") < 600
        assert "old" in server.sebez("status").stdout.partition("backup")[2]
        assert "drill" in server.sebez("backup", "status").stdout
        # A backup that is damaged is found by the next drill, and everybody is told.
        (base,) = target.glob("base/*/base.tar.gz.enc")
        base.write_bytes(base.read_bytes()[:-100])
        assert server.sebez("backup", "drill", check=False).returncode == 1
        assert json.loads(report.read_text())["good"] is False
        until(lambda: gauge(server, "sebez_backup_drill_failed") == 1)
        until(lambda: "could NOT be restored" in server.sebez("status").stdout)
        assert server.sebez("backup", "status", check=False).returncode == 1
        assert server.stop() == []


def commands_of_the_page():
    """Each command of OPERATIONS.md's section, in its order."""
    page = (ROOT / "docs/OPERATIONS.md").read_text().partition("\n## Backups\n")[2]
    section = page.partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]


def test_every_command_of_the_page_does_what_it_says():
    with folder() as server:
        target = server.data / "mnt-backup"
        server.environment["PATH"] = f"{BUILD}:{server.environment['PATH']}"

        def bash(line):
            done = subprocess.run(["bash", "-ec", line], cwd=server.data, env=server.environment,
                                  capture_output=True, text=True, check=False, timeout=120)
            assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}{server.tail(9)}"
            return done.stdout

        shop = Shop(server.start())
        placed = {shop.customer().order(shop.mug)["number"]}
        for line in commands_of_the_page():
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                value = value.replace("/mnt/backup", str(target))
                server.environment[name] = bash(f"echo {value}").strip()
            elif line == "sebez serve":
                if server.process.poll() is None:
                    assert server.stop() == []  # it has the settings only now
                server.start()
                until(lambda: server.sebez("backup", "list", check=False).returncode == 0)
            elif line == "sebez stop":
                archive_all(server)
                bash(line)
                assert server.stop() == []
            elif "--to" in line:
                bash("mv var/postgres var/postgres.again")
                bash(re.sub(r"--to \S+", f"--to {moment}", line))
            else:
                bash(line)
            if line == "sebez backup drill":
                moment = now()
        assert numbers(Shop(server)) == placed
        assert server.stop() == []


def test_a_killed_backup_is_none_and_the_next_one_is_whole():
    with backed_up() as (server, target):
        server.start()
        process = subprocess.Popen([BUILD / "sebez", "backup"], env=server.environment)
        until(lambda: list(target.glob("base/.*.new")))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert server.sebez("backup", "list", check=False).returncode == 1
        server.sebez("backup")
        assert not list(target.glob("base/.*.new")), "what was left is removed"
        server.sebez("backup", "verify")
        assert server.stop() == []


def put(server, target, path):
    return subprocess.Popen(
        [BUILD / "sebez", "wal-put", path], stderr=subprocess.PIPE, text=True,
        env={**server.environment, "SEBEZ_WAL": str(target), "SEBEZ_BACKUP_KEY": KEY})


def test_a_segment_is_archived_whole_or_not_at_all_and_never_replaced():
    with folder() as server:
        name = "0000000100000000000000AB"
        target = server.data / "wal"
        target.mkdir()
        segment = server.data / name
        os.mkfifo(segment)
        process = put(server, target, segment)
        with segment.open("wb") as pipe:
            pipe.write(b"half" * 100_000)
            until(lambda: list(target.iterdir()))
            process.kill()
            process.communicate()
        assert not list(target.glob(name + "*"))
        segment.unlink()
        segment.write_bytes(b"whole" * 100_000)
        for _ in range(2):  # PostgreSQL asks again when it did not hear the answer
            process = put(server, target, segment)
            assert (process.communicate()[1], process.returncode) == ("", 0)
        (archived,) = target.glob(name + "*")
        before = archived.read_bytes()
        segment.write_bytes(b"other" * 100_000)
        process = put(server, target, segment)
        assert "it is not replaced" in process.communicate()[1]
        assert (process.returncode, archived.read_bytes()) == (1, before)


def test_what_is_damaged_is_found_and_not_restored():
    with backed_up(SEBEZ_BACKUP_KEY=KEY) as (server, target):
        server.start()
        server.sebez("backup")
        archive_all(server)
        server.stop()
        segment = sorted((target / "wal").glob("0*.gz.enc"))[-1]
        good = segment.read_bytes()
        segment.write_bytes(good[:len(good) // 2])
        found = server.sebez("backup", "verify", check=False)
        assert (found.returncode, "1 damaged" in found.stdout) == (1, True), found.stdout
        set_aside(server, "lost")
        # PostgreSQL must not take it for the end of the log.
        assert server.sebez("restore", check=False).returncode == 1
        segment.write_bytes(good)
        (base,) = target.glob("base/*/base.tar.gz.enc")
        whole = base.read_bytes()
        for broken in (whole[:-100], whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]):
            base.write_bytes(broken)
            assert "damaged" in server.sebez("restore", check=False).stderr
        base.write_bytes(whole)
        server.environment["SEBEZ_BACKUP_KEY"] = "02" * 32
        assert "another key" in server.sebez("restore", check=False).stderr
        server.environment["SEBEZ_BACKUP_KEY"] = KEY
        server.sebez("restore")


@pytest.mark.skipif(os.geteuid() != 0, reason="root is needed to mount a small disk")
def test_a_full_disk_of_backups_stops_no_order_and_leaves_no_half_backup():
    with backed_up() as (server, target):
        target.mkdir()
        small = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", target]
        if subprocess.run(small, capture_output=True, check=False).returncode != 0:
            pytest.skip("nothing can be mounted here")
        try:
            shop = Shop(server.start())
            done = server.sebez("backup", check=False)
            assert (done.returncode, "No space left" in done.stderr) == (1, True), done.stderr
            assert server.sebez("backup", "list", check=False).returncode == 1
            shop.customer().order(shop.mug)
            subprocess.run(["mount", "-o", "remount,size=300m", target], check=True)
            server.sebez("backup")
            archive_all(server)
            server.sebez("backup", "verify")
            assert server.stop() == []
        finally:
            subprocess.run(["umount", "--lazy", target], check=False)
