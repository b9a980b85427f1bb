"""Backups of the embedded PostgreSQL: what was acknowledged is restored, to a moment, whatever dies
meanwhile."""
import contextlib
import datetime
import os
import pathlib
import signal
import subprocess
import time

import pytest
from harness import sent
from harness.contract import BUILD
from harness.server import folder
from harness.shop import Shop
from harness.wait import until

KEY = "01" * 32


@contextlib.contextmanager
def backed_up(**settings):
    """A server that is not started, and the folder for its backups."""
    with folder(**settings) as server:
        target = server.data / "backup"
        server.environment |= {"SEBEZ_BACKUP_FOLDER": str(target)}
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


def test_without_settings_a_backup_is_in_the_data_folder():
    with folder() as server:
        shop = Shop(server.start())
        placed = {shop.customer().order(shop.mug)["number"]}
        done = server.sebez("backup")
        assert "SEBEZ_BACKUP_FOLDER on another disk" in done.stderr
        assert server.sebez("backup", "list").stdout.count("\n") == 1
        server.stop()
        (server.data / "var/postgres").rename(server.data / "postgres.lost")
        assert server.sebez("restore", "--to", now(), check=False).returncode == 1
        server.sebez("restore")
        server.start()
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
